package httpauth

import (
	"errors"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/httpapi/reload"
)

const (
	oneToken   = "0123456789abcdef0123456789abcdef"
	otherToken = "fedcba9876543210fedcba9876543210"
)

func adminHash(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	secrets.Add(string(hash))
	return string(hash)
}

// Files that are wrong have one clear message, which tells nothing of what is in them.
func TestAdminFiles(t *testing.T) {
	secrets.Add(oneToken, otherToken)
	hash := adminHash(t, bobPass)
	for _, row := range []struct{ name, tokens, people, want string }{
		{"both", oneToken + "\n", "root:" + hash + "\n", ""},
		{"comments and two tokens", "# old\n" + oneToken + "\n\n  " + otherToken + "\n", "# us\nroot:" + hash + "\nbob:" + hash + "\n", ""},
		{"no token", "# none\n", "", "admin.token_file: PATH: there is no token in it: openssl rand -hex 32 makes one"},
		{"a short token", oneToken + "\nshort\n", "", "admin.token_file: PATH:2: want a token of 20 to 256 characters: openssl rand -hex 32 makes one"},
		{"a token with a blank", "0123456789abcdef 0123456789abcdef", "", "admin.token_file: PATH:1: a token is letters, digits and signs of ASCII, without blanks"},
		{"no user", "", "#\n", "admin.password_file: PATH: there is no user in it: htpasswd -B -c FILE NAME writes one"},
		{"no hash", "", "root\n", "admin.password_file: PATH:1: " + errAdminLine.Error()},
		{"a password in the clear", "", "root:" + bobPass + "\n", "admin.password_file: PATH:1: " + errAdminLine.Error()},
		{"a hash of MD5", "", "root:$apr1$abcdefgh$0123456789abcdefghijkl\n", "admin.password_file: PATH:1: " + errHash.Error()},
		{"a line of phones", "", "0004f2000001:root:" + hash + "\n", "admin.password_file: PATH:1: " + errAdminLine.Error()},
		{"the same user twice", "", "root:" + hash + "\nroot:" + hash + "\n", "admin.password_file: PATH:2: " + errSecond.Error()},
	} {
		t.Run(row.name, func(t *testing.T) {
			var tokens, people string
			if row.tokens != "" {
				tokens = write(t, row.tokens)
			}
			if row.people != "" {
				people = write(t, row.people)
			}
			_, err := OpenAdmins(tokens, people, nil)
			got := strings.NewReplacer(tokens+":", "PATH:", people+":", "PATH:").Replace(message(err))
			if tokens == "" {
				got = strings.ReplaceAll(message(err), people, "PATH")
			} else if people == "" {
				got = strings.ReplaceAll(message(err), tokens, "PATH")
			}
			secrets.Text("an error", message(err))
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
	if _, err := OpenAdmins("/none", "", nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
	if token, err := Token(write(t, "# x\n"+otherToken+"\n"+oneToken)); err != nil || token.Reveal() != otherToken {
		t.Errorf("the first token: %v", err)
	}
}

// A new token counts within a second, the old one no more; a broken file changes nothing, and is told.
func TestAdminFilesAreReadAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		path := write(t, oneToken+"\n")
		var told []error
		a, err := OpenAdmins(path, "", func(err error) { told = append(told, err) })
		if err != nil {
			t.Fatal(err)
		}
		check := func(token string, want State) {
			t.Helper()
			r := httptest.NewRequest("GET", "/", nil)
			r.Header.Set("Authorization", "Bearer "+token)
			if got := a.Check(r, Client{}); got.State != want {
				t.Errorf("got %v, want %v", got, want)
			}
		}
		change := func(text string) {
			t.Helper()
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			time.Sleep(reload.Interval)
		}
		check(oneToken, OK)
		check(otherToken, Bad)
		change(otherToken + "\n# and a comment\n")
		check(otherToken, OK)
		check(oneToken, Bad)
		change("broken\n")
		check(otherToken, OK)
		if len(told) != 2 || told[0] != nil || told[1] == nil {
			t.Errorf("told %v", told)
		}
	})
}
