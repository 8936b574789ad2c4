package amisync

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// Whatever a template, a setvar or a user's value puts into the argument of a function, Asterisk gets that one call or
// nothing.
func TestAskInjection(t *testing.T) {
	t.Parallel()
	const action = "\r\n\r\nAction: Originate\r\nChannel: Local/1@x\r\nApplication: System\r\nData: id\r\n\r\n"
	files := map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile = p\n[p]\n${MAC}.cfg => x.cfg\n",
		"users.conf": `[general]
[6001]
autoprov = yes
macaddress = 001122334455
username = 6001
secret = very-secret
` +
			`fullname = a)\r\nAction: Originate\r\n` + "\n",
	}
	for _, tt := range []struct {
		name, template string
		want           string // that is asked; empty: nothing is, and the file is not rendered
	}{
		{"plain", "${X(a/b)}", "X(a/b)"},
		{"CR and LF", "${X(a" + action + ")}", ""},
		{"LF", "${X(a\nAction: Logoff)}", ""},
		{"CR", "${X(a\rAction: Logoff)}", ""},
		{"NUL", "${X(a\x00Action: Logoff)}", "X(a)"}, // ends the template, as in Asterisk
		{"from base 64", "${X(${BASE64_DECODE(YQ0KDQpBY3Rpb246IExvZ29mZg==)})}", ""},
		{"in an expression", "$[sqrt(${X(a\r\n\r\nAction: Logoff)})]", ""},
		{"in an EVAL", "${EVAL(${X(a\r\n\r\nAction: Logoff)})}", ""},
		{"user's value", "${X(${DISPLAY_NAME})}", "X(a)"}, // what follows is no part of the call
		{"header of its own", "${X(a)\r\nChannel: SIP/1}", "X(a)"},
		{"too long", "${X(" + strings.Repeat("x", 2000) + ")}", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var mu sync.Mutex
			var asked, actions []string
			_, address := fake(t, files, amiserver.Options{
				Function: func(string) string { return "answer" },
				Intercept: func(_ *amiserver.Session, m amiserver.Message) bool {
					mu.Lock()
					defer mu.Unlock()
					actions = append(actions, m["Action"])
					if text, _, marked := strings.Cut(m["Variable"], "}~"); marked {
						asked = append(asked, strings.TrimPrefix(text, "EVAL(${"))
					}
					return false
				},
			})
			r := start(t, Options{Address: address})
			r.waitPhones(t, 1)
			mu.Lock()
			asked, actions = nil, nil
			mu.Unlock()
			dir := t.TempDir()
			testkit.WriteSteady(t, filepath.Join(dir, "x.cfg"), tt.template)
			data, err := datadir.Open(dir, "")
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			renderer := provision.NewRenderer(provision.RendererOptions{Data: data, Ask: r.Ask})
			snapshot := r.store.Load()
			doc, err := renderer.Render(testkit.Within(t, testkit.Patience), snapshot, snapshot.Lookup("001122334455.cfg"), provision.Request{Now: time.Now()})
			if err == nil {
				doc.Close()
			}
			mu.Lock()
			defer mu.Unlock()
			if (err == nil) != (tt.want != "") || strings.Join(asked, "|") != tt.want {
				t.Errorf("asked %q, error %v, want %q", asked, err, tt.want)
			}
			harmless := []string{"Login", "Events", "Getvar", "Ping", "GetConfig", "CoreSettings"}
			for _, a := range actions {
				if !slices.Contains(harmless, a) && !strings.HasPrefix(a, "PJSIPShow") && !strings.HasSuffix(a, "peers") {
					t.Errorf("Asterisk was told to %q", a)
				}
			}
			if err != nil && (strings.Contains(err.Error(), "Originate") || strings.Contains(err.Error(), "Logoff")) {
				t.Errorf("the error quotes the argument: %v", err)
			}
		})
	}
}
