package dialplan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
)

// planSite is one expansion for one of several phones that share a plan. A third of the rows' facts is the same for all
// of them, a third differs in slots, and a third differs in another way. RAND counts its calls.
type planSite struct {
	phone int
	count int
	heard []string // diagnostics and calls to Asterisk, in order
}

func (p *planSite) Slot(at int) string { return facts[(at-1+15*p.phone)%len(facts)][1] }

func (p *planSite) lookup(ctx context.Context, name string) (Value, bool, error) {
	i := slices.IndexFunc(facts[:], func(f [3]string) bool { return f[0] == name })
	differs := Varies{With: ByExpansion}
	switch {
	case name == "BROKEN":
		if p.phone == 2 {
			return Value{Varies: differs}, false, errors.New("broken")
		}
		return Value{Varies: differs}, true, nil
	case i < 0 || i%3 == 0:
		text, ok, err := lookupFact(ctx, name)
		return Value{Text: text}, ok, err
	}
	v := Value{Text: p.Slot(1 + i), Varies: differs}
	if i%3 == 1 {
		v.Slot = 1 + i
	}
	return v, true, nil
}

// ask answers some calls at once and others later.
func (p *planSite) ask(_ context.Context, call string) (string, error) {
	p.heard = append(p.heard, "asked "+call)
	switch {
	case p.phone > 0 && len(call)%4 == 1:
		return "", ErrPending
	case len(call)%4 == 2:
		return "", ErrNoFunction
	}
	return "<" + call + ">", nil
}

func (p *planSite) env(limits Limits, escape bool) *Env {
	env := rowEnv()
	env.Lookup, env.Ask, env.Limits, env.EscapeXML = p.lookup, p.ask, limits, escape
	env.Diag = func(d Diagnostic) { p.heard = append(p.heard, d.String()) }
	count := func(context.Context, *Call) (Value, error) {
		p.count++
		return Value{Text: strconv.Itoa(p.count), Varies: Varies{With: Unpredictable}}, nil
	}
	env.Funcs = map[string]Func{"RAND": count, "UUID": count, "EACH": func(ctx context.Context, c *Call) (Value, error) {
		return c.Expand(ctx, Parse("each", "<i>"+c.Args+"${A}${XML}</i>"), nil)
	}}
	return env
}

// planCount counts the kinds of ops that plans have.
type planCount struct{ constant, slots, evaluated, again, none, failed int }

func (c *planCount) add(p *Plan) {
	for _, o := range p.ops {
		switch o.kind {
		case opSlot:
			c.slots++
		case opEvaluate:
			c.evaluated++
		case opRepeat:
			c.again++
		}
	}
	for _, s := range p.t.segs {
		if s.kind != literal {
			c.constant++
		}
	}
	c.constant -= len(p.ops)
}

// samePlanned makes a plan for one phone. For it and for other phones it compares the plan's results with the
// template's: text, error, diagnostics, and calls to Asterisk in their order.
func samePlanned(t *testing.T, in string, limits Limits, escape bool, n *planCount) {
	t.Helper()
	template := Parse("t", in)
	var plan *Plan
	for phone := range 4 {
		theirs, ours := &planSite{phone: phone}, &planSite{phone: phone}
		want, wantVaries, wantErr := template.AppendTo(t.Context(), []byte("before"), theirs.env(limits, escape))
		var got []byte
		var varies Varies
		var err error
		if plan == nil {
			got, plan, varies, err = template.AppendPlan(t.Context(), []byte("before"), ours.env(limits, escape))
		} else {
			got, varies, err = plan.AppendTo(t.Context(), []byte("before"), ours.env(limits, escape), ours)
		}
		if fmt.Sprint(err) != fmt.Sprint(wantErr) || err == nil && string(got) != string(want) || !slices.Equal(ours.heard, theirs.heard) {
			t.Fatalf("%q, phone %d, %+v, escaped %v:\n got %q, %v\n     %q\nwant %q, %v\n     %q", in, phone, limits, escape,
				got, err, ours.heard, want, wantErr, theirs.heard)
		}
		if err == nil && varies != wantVaries {
			t.Fatalf("%q, phone %d: got %+v, want %+v", in, phone, varies, wantVaries)
		}
		switch {
		case plan == nil:
			n.none++
		case phone == 0:
			n.add(plan)
		case err != nil:
			n.failed++
		}
	}
}

// planLimits are limits that some of the templates exceed.
var planLimits = []Limits{{}, {}, {}, {Output: 30}, {Output: 100}, {Output: 500}, {Steps: 1}, {Steps: 4}, {Steps: 9}, {Depth: 2}}

// A plan gives what its template gives, for any template.
func TestPlanGivesWhatItsTemplateGives(t *testing.T) {
	var n planCount
	limits := len(planLimits)
	each := skips.Size(t, limits, 3)
	for i, in := range planTexts(t) {
		for j := range each {
			samePlanned(t, in, planLimits[(i+j*limits/each)%limits], false, &n)
			samePlanned(t, in, planLimits[(i+j*limits/each)%limits], true, &n)
		}
	}
	seed := oracle.Seed(t, *genSeed)
	t.Logf("-gen.seed %d", seed)
	cases := skips.Size(t, 1_500, 200)
	for i := range cases {
		g := newGenerator(seed, i, append(generatedFunctions(), "RAND", "UUID", "EACH", "DB"))
		a, b, c := g.template(), g.template(), g.template()
		samePlanned(t, a+b+"<e a=\""+a+"\"/>"+c+b+a, planLimits[i/2%len(planLimits)], i%2 == 0, &n)
	}
	t.Logf("%+v", n)
	if least := cases / 4; n.constant < 2*least || n.slots < least || n.evaluated < 2*least || n.again < 2*least || n.none < cases/200 || n.failed < cases/200 {
		t.Errorf("%+v: want enough of each", n)
	}
}

// planTexts are the templates of the rows, and more that a plan could get wrong.
func planTexts(t testing.TB) []string {
	texts := []string{"", "text", "${A}", "${A}${A}", "${NUM}${NUM:1}${NUM::1}${NUM:x}${NUM:-1:1}", "${XML}<!-- ${XML} --><![CDATA[${XML}]]>${LEN(${XML})}",
		"${RAND()}${RAND()}|$[1+${RAND()}]$[1+${RAND()}]", "${TOUPPER(${NEG})}${TOUPPER(${NEG})}", "${DB(a)}${DB(a)}${DB(ab)}${DB(ab)}${DB(abc)}${DB(abc)}",
		"${BROKEN}${NUM}${BROKEN}", "${EPOCH}${EPOCH}", "${EVAL(${LABEL})}${EVAL(${LABEL})}${EVAL(${UTF})}", "<!-- ${SP} -- ${SP} -->", "a\x01b${XML}\x05", "${NUM", "$[1+", "${NUM}${NUM",
		"${EACH(${XML})}${EACH(${XML})}${EACH(<x>)}${EACH(<x>)}", "${MAC}", "${" + strings.Repeat("${", maxParse+2), "$[$${}]${NUM}$[$${}]",
		strings.Repeat("x${NUM}${A}${TOUPPER(${SP})}", 40), "${STAT(e,/tmp/st)}${STAT(e,/tmp/st)}",
		"${TOUPPER(${SP})}${TOUPPER(${SP})", // twice the same, but one has a diagnostic
	}
	for _, lines := range rowFiles(t) {
		for i, line := range lines {
			if r, err := parseRow(line); err == nil && i%5 == 0 {
				texts = append(texts, r.in+"|"+r.in)
			}
		}
	}
	return texts
}

func FuzzPlan(f *testing.F) {
	for _, in := range planTexts(f) {
		f.Add(in, uint8(0), false)
	}
	f.Fuzz(func(t *testing.T, in string, limits uint8, escape bool) {
		samePlanned(t, in, planLimits[int(limits)%len(planLimits)], escape, new(planCount))
	})
}

// The constant parts of a plan are not evaluated again, and neither is a part whose value is remembered. A plan ends
// with its context.
func TestPlanEvaluatesOnce(t *testing.T) {
	in := "${EPOCH}" + strings.Repeat("<x a='${A}' b='${NUM}'>${TOUPPER(${EMPTY}<)}</x>", 1000)
	p := &planSite{}
	env := p.env(Limits{}, true)
	_, plan, _, err := Parse("t", in).AppendPlan(t.Context(), nil, env)
	if err != nil {
		t.Fatal(err)
	}
	looked := map[string]int{}
	env.Lookup = func(ctx context.Context, name string) (Value, bool, error) {
		looked[name]++
		return p.lookup(ctx, name)
	}
	if _, _, err := plan.AppendTo(t.Context(), nil, env, p); err != nil || looked["EPOCH"] != 1 || looked["EMPTY"] != 1 || len(looked) != 2 {
		t.Errorf("%v, what was looked up: %v", err, looked)
	}
	if len(plan.text) > plan.Size() || plan.Size() < len(plan.ops) {
		t.Errorf("the size of a text of %d bytes and %d ops is %d", len(plan.text), len(plan.ops), plan.Size())
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, _, err := plan.AppendTo(ended, nil, env, p); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A plan that has slots only ends if the output is too long, as the template does.
func TestPlanOfSlots(t *testing.T) {
	long := strings.Repeat("v", DefaultOutput/3+1)
	room := make([]byte, 0, 2*DefaultOutput)
	for _, tail := range []string{"", "x"} {
		in := strings.Repeat("${NUM}", 3) + tail
		_, plan, _, err := Parse("t", in).AppendPlan(t.Context(), nil, &Env{Lookup: (&planSite{}).lookup})
		if err != nil || plan.steps != 3 {
			t.Fatalf("got %+v, %v", plan, err)
		}
		for more, want := range map[int]error{0: nil, 1: ErrTooLong} {
			value := fixedSlot(long[:(DefaultOutput-len(tail))/3+more])
			text, _, err := plan.AppendTo(t.Context(), append(room, "before"...), &Env{}, value)
			whole := len(text) == len("before")+3*len(value)+len(tail) && bytes.HasPrefix(text, []byte("beforev")) &&
				bytes.HasSuffix(text, []byte("v"+tail)) && bytes.Count(text, []byte("v")) == 3*len(value)
			if !errors.Is(err, want) || err == nil && !whole {
				t.Errorf("%d bytes in each slot: got %d bytes, %v, want %v", len(value), len(text), err, want)
			}
		}
	}
}

// fixedSlot is the value of every slot.
type fixedSlot string

func (f fixedSlot) Slot(int) string { return string(f) }
