package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/provision"
)

// Whatever panics with whatever in hand, the log has the type and the stack, and no secret: neither the phone's nor the
// one that it came with.
func TestPanicTellsNoSecret(t *testing.T) {
	t.Parallel()
	type told struct{ call string }
	for _, tt := range []struct {
		name  string
		value func(call string) any
		want  string
	}{
		{"a string", func(call string) any { return "no answer to " + call }, `panic: a string`},
		{"an error", func(call string) any { return errors.New("no answer to " + call) }, `panic: a *errors.errorString`},
		{"a struct", func(call string) any { return told{call} }, `panic: a httpapi.told`},
		{"the runtime", func(call string) any { return func() any { return call[len(call):][1] } }, `panic: runtime error: index out of range [1] with length 0`},
		{"nil", func(string) any { return nil }, `panic: panic called with nil argument`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSite(t, "${MAC}-x.cfg => x.cfg\n", map[string]string{"x.cfg": "${DB(${SECRET})}"})
			withShared(t, s)
			fail := func(call string) {
				v := tt.value(call)
				if fault, ok := v.(func() any); ok {
					v = fault()
				}
				panic(v)
			}
			asked := ""
			o := s.options
			o.Ask = func(_ context.Context, call string) (string, error) {
				asked = call
				fail(call)
				return "", nil
			}
			s.Renderer = provision.NewRenderer(o)
			check := func(status int) {
				t.Helper()
				s.bench.log.Reset()
				w := from(Phones(s.Options), internet, "0011223344aa-x.cfg", basic(digestUser, digestPassword))
				if w.Code != status || w.Body.String() != http.StatusText(status)+"\n" {
					t.Errorf("got %d %q, want %d", w.Code, w.Body, status)
				}
				log := s.bench.log.String()
				if !strings.Contains(log, tt.want) || !strings.Contains(log, "panic_test.go") {
					t.Errorf("got %s, want %s and a stack", log, tt.want)
				}
				found := secrettest.New(attackSecret, digestPassword, "do-not", "right-")
				if found.Text("the log", log); found.Findings() != nil {
					t.Errorf("got %q", found.Findings())
				}
			}
			check(503)
			if asked != "DB("+attackSecret+")" {
				t.Errorf("asked %q", asked)
			}
			s.Renderer = renderFunc(func(context.Context) (*provision.Document, error) { fail(asked); return nil, nil })
			check(500)
		})
	}
}
