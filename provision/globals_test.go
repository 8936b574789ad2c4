package provision

import (
	"context"
	"errors"
	"testing"
)

// If a global variable needs Asterisk and Asterisk does not answer, only files that use the variable fail.
func TestGlobals(t *testing.T) {
	s, diags := build(t, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
${SITE}-${MAC}.cfg => t
asks.cfg => a
asks-too.cfg => b
`,
		"users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n",
		"extensions.conf": `[globals]
SITE=Berlin
CITY=${SITE}
SITE=vienna
ASKED=${DB(a/b)}!
NESTED=${ASKED}?
USERNAME=never
SELF=${SELF}.
`,
	})
	if len(diags) != 0 {
		t.Errorf("got %q", diags)
	}
	r, _ := renderer(t, map[string]string{"t": "${SITE} ${CITY} ${USERNAME} [${SELF}]", "a": "${ASKED}", "b": "${NESTED} ${NESTED} ${ASKED}"})
	for uri, want := range map[string]string{"vienna-000000000001.cfg": "vienna Berlin a [.]"} {
		if got, err := render(t, r, s, uri, Request{}); err != nil || got != want {
			t.Errorf("%s: got %q (%v), want %q", uri, got, err, want)
		}
	}
	for _, uri := range []string{"asks.cfg", "asks-too.cfg"} {
		if got, err := render(t, r, s, uri, Request{}); !errors.Is(err, ErrUnavailable) {
			t.Errorf("%s: got %q (%v), want ErrUnavailable", uri, got, err)
		}
	}
	asked := 0
	r.options.Ask = func(context.Context, string) (string, error) { asked++; return "answer", nil }
	got, err := render(t, r, s, "asks-too.cfg", Request{})
	if want := "answer!? answer!? answer!"; err != nil || got != want || asked != 1 {
		t.Errorf("got %q (%v), asked %d times, want %q", got, err, asked, want)
	}
}
