package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Each file with a secret that every user may read is named once, with its setting; those for a group are not.
func TestSecretFiles(t *testing.T) {
	dir := t.TempDir()
	path := func(name string) string { return filepath.Join(dir, name) }
	lay := func(name, text string, mode os.FileMode) {
		if err := os.WriteFile(path(name), []byte(text), mode); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path(name), mode); err != nil { // whatever the umask is
			t.Fatal(err)
		}
	}
	const ini = `[ami]
%s
[https]
key = KEY
[access]
credentials = CREDENTIALS
`
	for name, tt := range map[string]struct {
		ami  string
		mode os.FileMode
		want []string // the settings
	}{
		"in the file":                  {"secret = s3cret", 0o644, []string{"https.key", "access.credentials", "ami.secret"}},
		"in a file of its own":         {"secret_file = SECRET", 0o604, []string{"https.key", "access.credentials", "ami.secret_file"}},
		"the owner's":                  {"secret = s3cret", 0o600, nil},
		"a group's":                    {"secret_file = SECRET", 0o640, nil},
		"no secret, so no secret file": {"tls = no", 0o644, []string{"https.key", "access.credentials"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.NewReplacer("KEY", path("key"), "CREDENTIALS", path("credentials"), "SECRET", path("secret")).Replace(strings.Replace(ini, "%s", tt.ami, 1))
			for _, file := range []string{"key", "credentials", "secret"} {
				lay(file, "s3cret", tt.mode)
			}
			lay("phoneprov.ini", text, tt.mode)
			s, err := loadSettings(path("phoneprov.ini"), func(string) (string, bool) { return "", false })
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, found := range s.readableByOthers() {
				setting, rest, _ := strings.Cut(found, ": ")
				got = append(got, setting)
				if strings.Contains(found, "s3cret") || !strings.Contains(rest, "chmod o= "+dir) {
					t.Errorf("got %q", found)
				}
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// The makes whose phones may do without qop are those that a User-Agent can tell.
func TestDigestWithoutQOP(t *testing.T) {
	var s settings
	if err := setNoQOP(&s, "cisco, Poly"); err != nil || !slices.Equal(s.noQOP, []string{"cisco", "Poly"}) {
		t.Errorf("got %q, %v", s.noQOP, err)
	}
	if err := setNoQOP(&s, ""); err != nil || s.noQOP != nil {
		t.Errorf("empty: got %q, %v", s.noQOP, err)
	}
	if err := setNoQOP(&s, "yes"); err == nil || !strings.HasPrefix(err.Error(), `"yes" is no make that a User-Agent tells: want Poly, Yealink, `) {
		t.Errorf("got %v", err)
	}
}
