package dialplan

import (
	"context"
	"errors"
	"flag"
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
	maxFailures = 20  // that are shrunk and shown: one bug makes hundreds
	perFile     = 100 // cases that stand in one file once each has been compared alone
	// maxPassedOver is the share, in percent, of cases that may be known differences:
	// with more the run would prove little.
	maxPassedOver = 15
)

// TestDifferential compares random templates with Asterisk's answers: each in a file
// of its own, then many in one. A failure prints the seed, the shortest form of the
// case that still differs, and its row for testdata/rows.
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

// judged is an Asterisk that we are compared with.
type judged struct {
	*oracle.Asterisk
	suite     string
	functions []string // of ours that it has and that can be compared
	getvar    func(testing.TB, string) string
}

func newJudged(t *testing.T, suite string) *judged {
	a := startOracle(t, suite)
	known := strings.Fields(a.CLI(t, "core show functions"))
	functions := slices.DeleteFunc(generatedFunctions(), func(name string) bool { return !slices.Contains(known, name) })
	return &judged{a, suite, functions, amiGetvar(t, a.AMI)}
}

// errNotAsked: AMI has no place for the call, or Asterisk would not survive it.
var errNotAsked = errors.New("a line break, too long, or deadly")

// deadly is a back reference behind a group that is repeated, where the C library of
// Asterisk 16 may end the server, and the repetition of nothing, or of a repetition,
// which may take it hours.
var deadly = regexp.MustCompile(`(?s)\)[*+?{].*\\[1-9]|\(\)[*+?{]|\)[*+?{].*\)[*+?{]`)

// maxAsked is how long a call may be: a header of AMI has 1,022 bytes.
const maxAsked = 1000

// ask answers over AMI what we leave to Asterisk.
func (j *judged) ask(tb testing.TB, call string) (string, error) {
	if strings.ContainsAny(call, "\r\n\x00") || len(call) > maxAsked || deadly.MatchString(call) {
		return "", errNotAsked
	}
	return j.getvar(tb, call), nil
}

// outcome is what we make of a template, and how.
type outcome struct {
	suite, in, got string
	err            error
	timed          bool    // another time would make it another
	calls          []*Call // of native functions
	values         []string
	expressions    []string // what $[] had inside once that was expanded
	diags          []string
	asked          []string
}

// otherTimes differ from rowNow and each other in all that a format can show.
var otherTimes = []time.Time{
	time.Date(1999, 5, 31, 14, 55, 1, 123456000, time.UTC), time.Date(2033, 12, 4, 23, 3, 57, 654321000, time.UTC),
	time.Date(2142, 2, 9, 5, 31, 33, 999999000, time.UTC),
}

// expand is our answer. What we ask, we ask the Asterisk that we are compared with.
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
			// An error was one of the whole, too.
			inside, _ := Parse("", s.text).Expand(context.Background(), env)
			texts = append(texts, inside)
		}
	})
	return texts
}

// differentialRun is that with one Asterisk.
type differentialRun struct {
	t      *testing.T
	seed   uint64
	judged *judged
	all    map[string]*judged

	passedOver map[string]int // by reason
	failures   int
	asking     string // the case that is under way
}

func (r *differentialRun) run(cases int) {
	r.passedOver = map[string]int{}
	defer func() {
		if r.asking != "" { // Asterisk has not survived it
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
	if passed*100 > cases*maxPassedOver {
		r.t.Errorf("%d of %d cases were passed over", passed, cases)
	}
}

// compare tells whether Asterisk gives another answer, or why it is not asked.
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

// ends tells whether what follows a template cannot become part of it.
func ends(in string) bool {
	t, ends := Parse("", in), true
	t.walk(t.segs, func(s *segment) { ends = ends && !s.open })
	return ends
}
