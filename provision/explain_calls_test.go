package provision

import (
	"context"
	"errors"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

const askedProfile = "setvar => NAME=${ODBC_NAME(${USERNAME})}\nsetvar => AUTH=${BASE64_ENCODE(${USERNAME}:${SECRET})}\n"

// exactly removes from a message what differs from run to run.
func exactly(s string) string {
	return regexp.MustCompile(`\([0-9.]+[µm]?s\)`).ReplaceAllString(s, "(T)")
}

func askedRenderer(t *testing.T, template string) *Renderer {
	t.Helper()
	r, _ := renderer(t, map[string]string{"t": template})
	r.options.Ask = func(_ context.Context, call string) (string, error) {
		if strings.HasPrefix(call, "FAIL") {
			return "", errors.New("broken")
		}
		return "<" + call + ">", nil
	}
	r.options.Knows = func(context.Context, string) (bool, error) { return true, nil }
	return r
}

func TestCheckShowsWhatIsAsked(t *testing.T) {
	for _, row := range []struct {
		name, template string
		want           []string
	}{
		{"a call", "a\n${DB(x/1)}", []string{`t:2: info: asked of Asterisk: "DB(x/1)" = "<secret>" (T)`}},
		{"twice", "${DB(x/1)}\n${DB(x/1)}", []string{`t:1: info: asked of Asterisk: "DB(x/1)" = "<secret>" (T)`}},
		{"in a setvar", "${NAME}", []string{`phoneprov.conf:5: info: asked of Asterisk: "ODBC_NAME(a)" = "<secret>" (T)`}},
		{"with the secret", "${DB(x/${SECRET})}", []string{`t:1: info: asked of Asterisk: "DB(<secret>)" = "<secret>" (T)`}},
		{"with what is made of it", "${DB(x/${AUTH})}", []string{`t:1: info: asked of Asterisk: "DB(<secret>)" = "<secret>" (T)`}},
		{"one that fails", "${DB(1)}${FAIL(x)}", []string{
			`t:1: info: asked of Asterisk: "DB(1)" = "<secret>" (T)`,
			`t:1: info: asked of Asterisk: "FAIL(x)": broken (T)`,
			`phoneprov.conf:4: error: template "t": asterisk cannot be asked: FAIL: cannot ask asterisk: broken (file "x" of phone 000000000001)`,
		}},
		{"nothing", "${MAC}", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			r := askedRenderer(t, row.template)
			if strings.Contains(row.template, "FAIL") {
				r.options.SideBySide = 1 // so that the other calls have ended
			}
			for _, d := range Check(t.Context(), onePhone(t, askedProfile), r, Request{Now: testNow}) {
				got = append(got, exactly(d.String()))
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
		})
	}
}

func TestExplainShowsWhatIsAsked(t *testing.T) {
	r := askedRenderer(t, "${A:x}${DB(1)}${DB(pin/1)}${FAIL(1)}${DB(2)}")
	s := onePhone(t, askedProfile+"setvar => BAD=${A:x}\n")
	x := r.Explain(t.Context(), s, s.Lookup("x"), Request{Now: testNow})
	var got []string
	for _, a := range x.Calls {
		got = append(got, exactly(a.Text(false)))
	}
	want := []string{`"DB(1)" = "<secret>" (T)`, `"DB(<secret>)" = "<secret>" (T)`, `"FAIL(1)": broken (T)`, `"ODBC_NAME(a)" = "<secret>" (T)`}
	slices.Sort(got[:len(got)-1])
	slices.Sort(want[:len(want)-1])
	if !slices.Equal(got[len(got)-1:], want[len(want)-1:]) || !slices.Contains(got, want[0]) || !slices.Contains(got, want[2]) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if i := slices.IndexFunc(x.Calls, func(a AnsweredCall) bool { return a.Secret }); i < 0 || !strings.Contains(x.Calls[i].Text(true), "DB(pin/1)") {
		t.Errorf("the secret one does not show when asked: %v", x.Calls)
	}
	if !errors.Is(x.Err, ErrUnavailable) || !strings.Contains(x.Err.Error(), "FAIL") {
		t.Errorf("got error %v", x.Err)
	}
	if len(x.Diagnostics) != 2 || x.Diagnostics[0].Pos.String() != "t:1" || x.Diagnostics[1].Pos.String() != "phoneprov.conf:7" {
		t.Errorf("got diagnostics %v", x.Diagnostics)
	}
	if got := x.Lines[0].Variables; !slices.ContainsFunc(got, func(v Variable) bool { return v.Name == "NAME" && v.Value == "<ODBC_NAME(a)>" }) {
		t.Errorf("NAME is not there: %v", got)
	}
}

func TestAskedText(t *testing.T) {
	a := AnsweredCall{Call: "DB(a\nb)", Function: "DB", Value: strings.Repeat("x", 200), Took: 12345678 * time.Nanosecond}
	if got, want := a.Text(false), `"DB(a\nb)" = "`+strings.Repeat("x", maxShown)+`…" (12.3ms)`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestHidden(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
setvar => AUTH=${MD5(${USERNAME}:${SECRET})}
setvar => LATE=${MORE}
setvar => MORE=${AUTH:0:4}
` +
			"setvar => PLAIN=${USERNAME}\nsetvar => CODE=${${X}}\nx => t\n",
		"users.conf": `[a]
autoprov=yes
macaddress=000000000001
secret=s3cret
[b]
autoprov=yes
macaddress=000000000002
secret=other
`,
		"extensions.conf": "[globals]\nMASTER=${ADMIN_PASS}\n",
	})
	h := newHidden(s)
	for _, row := range []struct {
		call, source, value string
		want                bool
	}{
		{"DB(x/1)", "DB(x/1)", "v", false},
		{"DB(x/a)", "DB(x/${USERNAME})", "", false},
		{"DB(x/a)", "DB(x/${PLAIN})", "", false},
		{"DB(x/a)", "DB(x/${LINEKEYS})", "", false},
		{"DB(x/a)", "DB(x/${AUTHOR})", "", false},
		{"DB(x/s3cret)", "DB(x/${X})", "", true},
		{"DB(x/1)", "DB(x/1)", "<other>", true},
		{"DB(x/1)", "DB(x/1)", "othe", false},
		{"DB(x/s3)", "DB(x/${SECRET:0:2})", "", true},
		{"DB(x/s3)", "PP_EACH_USER(%{DB(x/%{SECRET:0:2})}) DB(x/${X})", "", true},
		{"DB(x/1a)", "DB(x/${AUTH})", "", true},
		{"DB(x/1a)", "DB(x/${CUT(LATE,-,1)})", "", true},
		{"DB(x/1a)", "DB(x/${MASTER})", "", true},
		{"DB(x/1a)", "DB(x/${CODE})", "", true},
		{"DB(x/1a)", "DB(x/${SEC${R}:0:1})", "", true},
		{"AST_CONFIG(pjsip.conf,a,password)", "AST_CONFIG(pjsip.conf,${USERNAME},password)", "v", true},
	} {
		if got := h.covers(dialplan.Question{Call: row.call, Source: row.source}, row.value); got != row.want {
			t.Errorf("%s as %s = %s: got %v, want %v", row.call, row.source, row.value, got, row.want)
		}
	}
}
