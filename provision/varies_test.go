package provision

import (
	"context"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Every source of variables and every function says how long its values hold. The test evaluates each listed variable
// and each example of a function or variable twice, with one input changed. If the text differs, its Varies must say
// so. A source or function that forgets it fails here.
func TestEveryValueSaysHowLongItHolds(t *testing.T) {
	s, _ := build(t, planFiles)
	r, dir := renderer(t, nil)
	site := &cachedSite{dir: dir}
	site.lay(t, "i", "${LABEL}${SERVER}", time.Hour)
	first, second := s.Phone("000000000002"), s.Phone("000000000003")
	q := Request{Server: "pbx", Now: testNow, Scheme: "http", Host: "pbx:8080", Prefix: "/p", UserAgent: "Yealink SIP-T46S 66.85.0.5"}
	inputs := []struct {
		name   string
		phone  *Phone
		change func(*Request)
		answer string
		holds  func(v dialplan.Varies, now time.Time) bool // false: the value may differ
	}{
		{"phone", second, func(*Request) {}, "a", without(dialplan.ByExpansion)},
		{"server", first, func(q *Request) { q.Server = "" }, "a", without(byServer)},
		{"host", first, func(q *Request) { q.Host = "other" }, "a", without(byURL)},
		{"scheme", first, func(q *Request) { q.Scheme = "https" }, "a", without(byURL)},
		{"prefix", first, func(q *Request) { q.Prefix = "" }, "a", without(byURL)},
		{"device", first, func(q *Request) { q.UserAgent = "Grandstream GXP2170 1.0.11.48" }, "a", without(byUserAgent)},
		{"answer", first, func(*Request) {}, "b", without(dialplan.Unpredictable)},
		{"second", first, func(q *Request) { q.Now = q.Now.Add(time.Second) }, "a", until},
		{"season", first, func(q *Request) { q.Now = q.Now.AddDate(0, 7, 0) }, "a", until},
	}
	evaluate := func(text string, phone *Phone, q Request, answer string) dialplan.Value {
		o := r.options
		o.Ask = func(context.Context, string) (string, error) { return answer, nil }
		b := NewRenderer(o).newCalls(t.Context())
		defer b.end()
		rd := r.rendering(s, nil, q, b)
		rd.calls, rd.ask = nil, o.Ask
		sc := rd.scope(phone, phone.Lines[0])
		v, err := dialplan.Parse("t", text).Evaluate(t.Context(), &sc.env)
		if err != nil {
			return dialplan.Value{Text: "error", Varies: v.Varies}
		}
		return v
	}
	texts := exampleTexts(t, r, s, first)
	seen := map[string]int{}
	for _, in := range inputs {
		other := q
		in.change(&other)
		for _, text := range texts {
			before, after := evaluate(text, first, q, "a"), evaluate(text, in.phone, other, in.answer)
			if before.Text == after.Text {
				continue
			}
			seen[in.name]++
			if in.holds(before.Varies, other.Now) {
				t.Errorf("%s: %q was %q and is %q, but varies with %b until %v", in.name, text, before.Text, after.Text, before.Varies.With, before.Varies.Until)
			}
		}
	}
	for _, in := range inputs {
		if seen[in.name] == 0 {
			t.Errorf("no value depends on the %s: the test does not see it", in.name)
		}
	}
}

// exampleTexts returns every variable of every source, and the examples of all tables.
func exampleTexts(t *testing.T, r *Renderer, s *Snapshot, p *Phone) []string {
	var texts []string
	rd := r.rendering(s, nil, Request{Server: "pbx", Now: testNow}, nil)
	rd.calls = nil
	sc := rd.scope(p, p.Lines[0])
	for i, source := range sources() {
		before := len(texts)
		source.list(t.Context(), view{sc, len(p.Profile.setvars)}, func(v listedVariable) { texts = append(texts, "${"+v.name+"}") })
		if len(texts) == before {
			t.Errorf("source %d lists nothing", i)
		}
	}
	for _, v := range RequestVariables() {
		texts = append(texts, v.Example)
	}
	for _, f := range Functions() {
		texts = append(texts, f.Example)
	}
	for _, f := range dialplan.Functions() {
		texts = append(texts, f.Example)
	}
	return append(texts, "${DB(x)}", "${EPOCH}", "${PP_EACH_EXTENSION(${MAC},i)}", "${PP_EACH_LINE(%{LABEL}%{SERVER},${MAC})}",
		"${PP_EACH_USER(%{LABEL}%{HERE},${MAC})}", "${IFTIME(12:00-12:00?a:b)}", "${STRFTIME(,,%T)}")
}

// without is for an input that a value can depend on.
func without(with dialplan.With) func(dialplan.Varies, time.Time) bool {
	return func(v dialplan.Varies, _ time.Time) bool { return v.With&(with|dialplan.Unpredictable) == 0 }
}

// until is for the time: a value has a moment at which it ends, or is unpredictable.
func until(v dialplan.Varies, now time.Time) bool {
	return v.With&dialplan.Unpredictable == 0 && holdsAt(v.Until, testNow, now)
}
