package dialplan

import (
	"context"
	"errors"
	"flag"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

var (
	genSeed  = flag.Uint64("gen.seed", 0, "seed of the differential run; 0: a random one")
	genCases = flag.Int("gen.n", 500, "cases of the differential run; .ci/run has 20,000")
)

// Bounds of a run.
const (
	maxFailures = 20  // failures that are shrunk and printed: one bug causes hundreds
	perFile     = 100 // cases that are compared again in one file, after each was compared alone
	// maxPassedOver is the percentage of cases that may be known differences. With more, the run would prove little.
	maxPassedOver = 15
)

// TestDifferential compares our results for random templates with Asterisk's: each in a file of its own, then many in
// one file. A failure prints the seed, the shortest form of the case that still differs, and its row for testdata/rows.
func TestDifferential(t *testing.T) {
	seed := oracle.Seed(t, *genSeed)
	t.Logf("-gen.seed %d -gen.n %d", seed, *genCases)
	judges := map[string]*judged{}
	for _, suite := range oracle.Suites {
		judges[suite] = newJudged(t, suite)
	}
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			r := differentialRun{t: t, seed: seed, judged: judges[suite], all: judges}
			r.run(*genCases)
		})
	}
}

// judged is an Asterisk to compare with.
type judged struct {
	*oracle.Asterisk
	suite     string
	functions []string // our functions that it has and that can be compared
	getvar    func(testing.TB, string) string
}

func newJudged(t *testing.T, suite string) *judged {
	a := startOracle(t, suite)
	known := strings.Fields(a.CLI(t, "core show functions"))
	functions := slices.DeleteFunc(generatedFunctions(), func(name string) bool { return !slices.Contains(known, name) })
	return &judged{a, suite, functions, amiGetvar(t, a.AMI)}
}

// errNotAsked: the call does not fit into AMI, or Asterisk would crash.
var errNotAsked = errors.New("a line break, too long, or deadly")

// deadly matches expressions that Asterisk 16 may not survive. A back reference after a repeated group may crash its C
// library. Repeating nothing, or a repetition, may take it hours.
var deadly = regexp.MustCompile(`(?s)\)[*+?{].*\\[1-9]|\(\)[*+?{]|\)[*+?{].*\)[*+?{]`)

// maxAsked is how long a call may be. A header of AMI has 1,022 bytes.
const maxAsked = 1000

// ask lets this Asterisk answer what we leave to Asterisk.
func (j *judged) ask(tb testing.TB, call string) (string, error) {
	if strings.ContainsAny(call, "\r\n\x00") || len(call) > maxAsked || deadly.MatchString(call) {
		return "", errNotAsked
	}
	return j.getvar(tb, call), nil
}

// outcome is our result of a template, and how it was computed.
type outcome struct {
	suite, in, got string
	err            error
	timed          bool    // the result differs at another time
	calls          []*Call // calls of native functions
	values         []string
	expressions    []string // the expanded inside of each $[]
	diags          []string
	asked          []string
}

// otherTimes differ from rowNow and from each other in everything that a format can show.
var otherTimes = []time.Time{
	time.Date(1999, 5, 31, 14, 55, 1, 123456000, time.UTC), time.Date(2033, 12, 4, 23, 3, 57, 654321000, time.UTC),
	time.Date(2142, 2, 9, 5, 31, 33, 999999000, time.UTC),
}

// expand returns our result. It asks the Asterisk that the result is compared with.
func (j *judged) expand(tb testing.TB, in string) *outcome {
	a := &outcome{suite: j.suite, in: in}
	env := rowEnv()
	env.Ask = func(_ context.Context, call string) (string, error) {
		a.asked = append(a.asked, call)
		return j.ask(tb, call)
	}
	env.Diag = func(d Diagnostic) { a.diags = append(a.diags, d.Message) }
	env.Funcs = map[string]Func{}
	for name, f := range native {
		env.Funcs[name] = textFunc(func(ctx context.Context, c *Call) (string, error) {
			v, err := f.run(ctx, c)
			a.calls, a.values = append(a.calls, c), append(a.values, v)
			return v, err
		})
	}
	tmpl := Parse("row.cfg", in)
	a.got, a.err = tmpl.Expand(context.Background(), env)
	for _, now := range otherTimes {
		env.Now = now
		other, _ := tmpl.Expand(context.Background(), env)
		a.timed = a.timed || other != a.got
	}
	plain := &Env{Now: time.Unix(rowNow, 0), Lookup: env.Lookup, Ask: env.Ask, Stat: env.Stat}
	a.expressions = expressions(tmpl, plain)
	for _, c := range a.calls {
		if c.Name == "EVAL" {
			a.expressions = append(a.expressions, expressions(Parse("", c.Args), plain)...)
		}
	}
	return a
}

func expressions(t *Template, env *Env) (texts []string) {
	t.walk(t.segs, func(s *segment) {
		if s.kind == express {
			// An error here is an error of the whole template too.
			inside, _ := Parse("", s.text).Expand(context.Background(), env)
			texts = append(texts, inside)
		}
	})
	return texts
}

// differentialRun is the comparison with one Asterisk.
type differentialRun struct {
	t      *testing.T
	seed   uint64
	judged *judged
	all    map[string]*judged

	passedOver map[string]int // by reason
	failures   int
	asking     string // the current case
}

func (r *differentialRun) run(cases int) {
	r.passedOver = map[string]int{}
	defer func() {
		if r.asking != "" { // Asterisk crashed
			r.t.Logf("seed %d: the last case was %q", r.seed, r.asking)
		}
	}()
	var together []string
	for i := range cases {
		in := newGenerator(r.seed, i, r.judged.functions).template()
		switch reason, differs := r.compare(in); {
		case reason != "":
			r.passedOver[reason]++
		case differs:
			r.fail(i, in)
		case ends(in):
			together = append(together, in)
		}
		if len(together) == perFile {
			if in := strings.Join(together, "\n"); r.differs(in) {
				r.fail(i, in)
			}
			together = nil
		}
	}
	r.asking = ""
	passed := 0
	for _, d := range knownDifferences {
		if n := r.passedOver[d.reason]; n > 0 {
			r.t.Logf("passed over %d: %s", n, d.reason)
			passed += n
		}
	}
	share := float64(maxPassedOver) / 100
	spread := 4 * math.Sqrt(float64(cases)*share*(1-share)) // among a few hundred cases there may be more known differences by chance
	if float64(passed) > float64(cases)*share+spread {
		r.t.Errorf("%d of %d cases were passed over", passed, cases)
	}
}

// compare reports whether Asterisk gives another result. reason is why it was not asked.
func (r *differentialRun) compare(in string) (reason string, differs bool) {
	r.asking = in
	a := r.judged.expand(r.t, in)
	if reason := a.known(); reason != "" {
		return reason, false
	}
	return "", a.got != askOracle(r.t, r.judged.Asterisk, in) || a.err != nil
}

func (r *differentialRun) differs(in string) bool {
	_, differs := r.compare(in)
	return differs
}

func (r *differentialRun) fail(number int, in string) {
	whole := ends(in)
	in = shrink(in, func(s string) bool { return ends(s) == whole && r.differs(s) })
	a := r.judged.expand(r.t, in)
	want := row{in: in,
		want:   askOracle(r.t, r.all[oracle.Forky].Asterisk, in),
		want16: askOracle(r.t, r.all[oracle.Bullseye].Asterisk, in)}
	r.t.Errorf("seed %d, case %d\n%q =>\n    got %q %v\nAsterisk %q\nthe row: %s", r.seed, number, in, a.got, a.err,
		askOracle(r.t, r.judged.Asterisk, in), want)
	if r.failures++; r.failures == maxFailures {
		r.t.Fatal("and so on")
	}
}

// ends reports that text after a template cannot become a part of it.
func ends(in string) bool {
	t, ends := Parse("", in), true
	t.walk(t.segs, func(s *segment) { ends = ends && !s.open })
	return ends
}
