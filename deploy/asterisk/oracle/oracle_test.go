package oracle

import (
	"strings"
	"testing"
)

func TestStart(t *testing.T) {
	for _, suite := range Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			a := Start(t, Options{Suite: suite, Files: map[string]string{
				"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t.cfg\n",
				"users.conf": `[general]
[6001]
username=6001
autoprov=yes
macaddress=001122334455
profile=p
`,
			}})
			a.WriteData(t, "t.cfg", "user ${USERNAME}\n")
			if got := a.Get(t, "/phoneprov/001122334455.cfg").Body; got != "user 6001\n" {
				t.Errorf("got %q, routes: %s", got, a.CLI(t, "phoneprov show routes"))
			}
			a.Kill(t)
			a.Boot(t)
			want := map[string]string{Forky: "Asterisk 22.", Bullseye: "Asterisk 16."}[suite]
			if got := a.CLI(t, "core show version"); !strings.HasPrefix(got, want) {
				t.Errorf("core show version: got %q, want prefix %q", got, want)
			}
		})
	}
}
