package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What is in force, where it comes from, and no secret of it. Every setting is there once.
func TestSettingsInForce(t *testing.T) {
	dir := t.TempDir()
	path, secretFile := filepath.Join(dir, "phoneprov.ini"), filepath.Join(dir, "s")
	text := "[http]\nlisten = :80\n[ami]\nsecret = in-the-ini-file\n[profile desk]\nescape = none\n"
	for name, text := range map[string]string{path: text, secretFile: "in-another-file"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		env  map[string]string
		want map[string]string // by the setting, "value origin"
	}{
		{map[string]string{"PHONEPROV_LOG_LEVEL": "warn"}, map[string]string{
			"log.level": "warn environment PHONEPROV_LOG_LEVEL", "http.listen": ":80 PATH:2", "ami.secret": "<secret> PATH:4", "profile desk.escape": "none PATH:6",
			"http.prefix": "/phoneprov default", "https.listen": " default"}},
		{map[string]string{"PHONEPROV_AMI_SECRET": "in-the-environment"}, map[string]string{"ami.secret": "<secret> environment PHONEPROV_AMI_SECRET"}},
		{map[string]string{"PHONEPROV_AMI_SECRET_FILE": secretFile}, map[string]string{"ami.secret": "<secret> environment PHONEPROV_AMI_SECRET_FILE"}},
	} {
		s, err := loadSettings(path, func(k string) (string, bool) { v, ok := row.env[k]; return v, ok })
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, in := range shownSettings(s) {
			name := in.Section + "." + in.Key
			if _, twice := got[name]; twice {
				t.Errorf("%s is there twice", name)
			}
			got[name] = in.Value + " " + strings.ReplaceAll(in.Origin, path, "PATH")
			if strings.Contains(in.Value+in.Origin, "in-") {
				t.Errorf("%s tells its secret: %+v", name, in)
			}
		}
		if len(got) != len(settingsTable())+1 {
			t.Errorf("got %d settings, want %d", len(got), len(settingsTable())+1)
		}
		for name, want := range row.want {
			if got[name] != want {
				t.Errorf("%s: got %q, want %q", name, got[name], want)
			}
		}
	}
}

// An address on loopback needs no login, any other does.
func TestAdminNeedsLogin(t *testing.T) {
	for listen, loopback := range map[string]bool{
		"127.0.0.1:8081": true, "[::1]:8081": true, "localhost:8081": true, "127.9.9.9:1": true, "[::ffff:127.0.0.1]:1": true, "": true,
		":8081": false, "0.0.0.0:8081": false, "[::]:8081": false, "192.168.1.1:8081": false, "pbx.example.com:8081": false,
	} {
		text := withSecret + "[admin]\nlisten = " + listen + "\n"
		_, err := load(t, text, nil)
		if got := err == nil; got != loopback {
			t.Errorf("%q: got %v", listen, err)
		}
		if _, err := load(t, text+"token_file = t\n", nil); err != nil {
			t.Errorf("%q with a token: got %v", listen, err)
		}
		if _, err := load(t, text+"password_file = t\n", nil); err != nil {
			t.Errorf("%q with passwords: got %v", listen, err)
		}
	}
}
