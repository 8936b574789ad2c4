package amisync

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

// rightsOf lists what Rights says of an account, which may lack rights.
func rightsOf(t *testing.T, o Options) (found []string) {
	t.Helper()
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, d := range s.Rights(within(t, 15*time.Second)) {
		found = append(found, d.String())
	}
	return found
}

func TestRights(t *testing.T) {
	deny := func(actions ...string) func(*amiserver.Session, amiserver.Message) bool {
		return func(s *amiserver.Session, m amiserver.Message) bool {
			if !slices.Contains(actions, m["Action"]) {
				return false
			}
			s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Permission denied")
			return true
		}
	}
	for _, tt := range []struct {
		name      string
		intercept func(*amiserver.Session, amiserver.Message) bool
		want      []string
	}{
		{"all", nil, nil},
		{"no reporting", deny("Getvar"), []string{`error: the account "phoneprov" of manager.conf lacks write = reporting: a file that needs a function of Asterisk is a 503`}},
		{"no command", deny("Command"), []string{`info: the account "phoneprov" of manager.conf has no write = command, which is not needed: ` +
			`but then nobody can tell an unknown function from one without a value`}},
		{"no events", func(s *amiserver.Session, m amiserver.Message) bool {
			if m["Action"] == "Login" {
				s.Accept(m)
				return true
			}
			return false
		}, []string{`warning: the account "phoneprov" of manager.conf lacks read = system, or Asterisk is starting: without it no reload is noticed`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, address := fake(t, sample, amiserver.Options{Intercept: tt.intercept})
			got := rightsOf(t, Options{Address: address, Username: "phoneprov", Secret: testSecret})
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	got := rightsOf(t, Options{Address: "127.0.0.1:1", Username: "phoneprov", Secret: testSecret})
	if len(got) != 1 || !strings.HasPrefix(got[0], "warning: manager interface 127.0.0.1:1: ") {
		t.Errorf("nobody there: got %q", got)
	}
}

// testRightsCheck is TestRights with accounts of the real Asterisk.
func testRightsCheck(t *testing.T, a *oracle.Asterisk) {
	for user, want := range map[string]string{
		"all": "", "no-read-system": "lacks read = system", "no-write-reporting": "lacks write = reporting", "no-write-command": "has no write = command",
	} {
		got := rightsOf(t, Options{Address: a.AMI, Username: user, Secret: testSecret})
		if (len(got) == 0) != (want == "") || len(got) > 1 || len(got) == 1 && !strings.Contains(got[0], want) {
			t.Errorf("%s: got %q, want %q", user, got, want)
		}
	}
}

// A file that Asterisk cannot parse is told with the line where it can be read from here.
func TestParseErrorOfTheFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "users.conf"), []byte("[6001]\nsecret=hunter2\n[6002\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ dir, want string }{
		{dir, `asterisk cannot parse this file: users.conf:3: no closing "]"`},
		{"", "asterisk cannot parse this file: its own log says why"},
		{t.TempDir(), "asterisk cannot parse this file: its own log says why"}, // Asterisk's are elsewhere
	} {
		if got := (errUnparsed{parseError(tt.dir, "users.conf")}).Error(); got != tt.want {
			t.Errorf("%q: got %q, want %q", tt.dir, got, tt.want)
		}
	}
}
