package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// filesAndAMI is, for startService, config = files together with an AMI; "files" is without one.
const filesAndAMI = "files+ami"

// startService runs the service next to a real Asterisk until the test ends, and waits for its first snapshot. more are
// further variables of the environment, NAME=VALUE.
func startService(t *testing.T, a *oracle.Asterisk, source string, more ...string) *service {
	t.Helper()
	env := map[string]string{
		"PHONEPROV_ASTERISK_CONFIG":     source,
		"PHONEPROV_ASTERISK_CONFIG_DIR": a.ConfigDir,
		"PHONEPROV_ASTERISK_DATA_DIR":   a.DataDir,
		"PHONEPROV_AMI_ADDRESS":         a.AMI,
		"PHONEPROV_AMI_USERNAME":        oracle.User,
		"PHONEPROV_AMI_SECRET":          oracle.Secret,
		"PHONEPROV_HTTP_LISTEN":         "127.0.0.1:0",
		"PHONEPROV_ADMIN_LISTEN":        "127.0.0.1:0",
		"PHONEPROV_LOG_LEVEL":           "debug",
	}
	switch source {
	case "files":
		env["PHONEPROV_AMI_ADDRESS"] = ""
	case filesAndAMI:
		env["PHONEPROV_ASTERISK_CONFIG"] = "files"
	}
	for _, pair := range more {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	v, _ := runService(t, env, asAsterisk(t, a.ConfigDir))
	return v
}

// runService runs the service with settings from the environment and a file until the test ends, and waits for its first snapshot.
func runService(t *testing.T, env map[string]string, ini string) (*service, *testkit.Log) {
	t.Helper()
	s, err := loadSettings(ini, func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := env["PHONEPROV_STATE_DIR"]; !ok {
		s.stateDir = t.TempDir()
	}
	log := new(testkit.Log)
	v, err := newService(s, io.MultiWriter(log, secrets.Stream("the log of "+t.Name())))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { // whatever the test did, it told no secret
		noSecrets(t, "log", log.String())
		if t.Failed() {
			t.Logf("%s", log.String())
		}
	})
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.run(ctx, nil) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	testkit.WaitFor(t, func() error {
		if v.options.Store.Load() == nil {
			return fmt.Errorf("no snapshot: %+v", v.status())
		}
		return nil
	})
	return v, log
}

// asAsterisk is a phoneprov.ini with which no profile of a configuration escapes values.
func asAsterisk(t *testing.T, configDir string) string {
	t.Helper()
	profiles, err := (&astconf.Loader{Dir: configDir}).Load("phoneprov.conf")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var b strings.Builder
	if profiles != nil {
		for _, c := range profiles.Categories {
			fmt.Fprintf(&b, "[profile %s]\nescape = none\n", c.Name)
		}
	}
	path := filepath.Join(t.TempDir(), "phoneprov.ini")
	testkit.Write(t, path, b.String())
	return path
}

// noSecrets fails the test where a secret of the tests' configurations shows.
func noSecrets(t *testing.T, where, text string) {
	t.Helper()
	secrets.Text(where, text)
	for _, secret := range []string{oracle.Secret, "secret-60", "secret-70", "secret-80", "ss=word"} {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s tells a secret: %.200q", where, text[max(0, i-100):])
		}
	}
}

// fetch asks the service for a file as a phone would that reaches it by host.
func (v *service) fetch(client *http.Client, host, uri string) (oracle.Answer, error) {
	req, err := http.NewRequest(http.MethodGet, "http://"+v.phones.Addr().String()+"/phoneprov/"+oracle.EscapeURI(uri), nil)
	if err != nil {
		return oracle.Answer{}, err
	}
	req.Host = host
	resp, err := client.Do(req)
	if err != nil {
		return oracle.Answer{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	page(uri, resp.StatusCode, fmt.Sprint(resp.Header, string(body)))
	return oracle.NewAnswer(resp.StatusCode, resp.Header.Get("Content-Type"), string(body)), err
}

// fetchKept fetches a file for the third time, when it is one that is kept if it can be.
func (v *service) fetchKept(client *http.Client, host, uri string) (answer oracle.Answer, err error) {
	for range 3 {
		if answer, err = v.fetch(client, host, uri); err != nil {
			break
		}
	}
	return answer, err
}

// uris are those that the service has.
func uris(s *provision.Snapshot) []string {
	var uris []string
	for _, rt := range s.Routes() {
		uris = append(uris, rt.URI)
	}
	return uris
}

// TestEveryFile is the promise: next to Asterisk, whichever way it is read, every file is Asterisk's own, over HTTP.
func TestEveryFile(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		for _, tree := range oracle.Trees {
			t.Run(suite+"/"+string(tree), func(t *testing.T) {
				t.Parallel()
				a := oracle.Start(t, tree.Options(suite))
				var theirs map[string]oracle.Answer
				for _, source := range []string{"ami", "files", filesAndAMI} {
					t.Run(source, func(t *testing.T) {
						v := startService(t, a, source)
						names := uris(v.options.Store.Load())
						if theirs == nil {
							theirs = a.FetchAll(t, names)
						}
						if len(names) != len(theirs) {
							t.Errorf("got %d files, over AMI there are %d", len(names), len(theirs))
						}
						ours := map[string]oracle.Answer{}
						for _, uri := range names {
							answer, err := v.fetchKept(http.DefaultClient, a.IP, uri)
							if err != nil {
								t.Fatal(err)
							}
							answer.Body = strings.ReplaceAll(answer.Body, a.IP, oracle.PlaceholderIP)
							ours[uri] = answer
						}
						tree.Compare(t, theirs, ours)
						ready := httptest.NewRecorder()
						httpapi.Admin(v.options).ServeHTTP(ready, httptest.NewRequest(http.MethodGet, "/readyz", nil))
						noSecrets(t, "/readyz", ready.Body.String())
					})
				}
			})
		}
	}
}

// TestShippedTemplates serves Debian's own phoneprov.conf and templates, which are read where they are installed.
func TestShippedTemplates(t *testing.T) {
	t.Parallel()
	a := oracle.Start(t, oracle.Options{Shipped: true, Files: map[string]string{"users.conf": shippedUsers}})
	for _, source := range []string{"ami", "files"} {
		t.Run(source, func(t *testing.T) {
			v := startService(t, a, source)
			dynamic := 0
			for _, rt := range v.options.Store.Load().Routes() {
				if rt.Static() {
					continue // firmware that the package does not have
				}
				dynamic++
				theirs := a.Fetch(t, rt.URI)
				ours, err := v.fetchKept(http.DefaultClient, a.IP, rt.URI)
				if err != nil {
					t.Fatal(err)
				}
				oracle.CompareLines(t, rt.URI, theirs, ours)
			}
			if dynamic != 10 {
				t.Errorf("got %d files of phones, want 5 for each of two: is Debian's phoneprov.conf read?", dynamic)
			}
		})
	}
}

const shippedUsers = `[general]
vmexten = *97
localextenlength = 4

[6001]
autoprov = yes
username = 6001
secret = secret-6001
fullname = Ada Lovelace
label = Ada
cid_number = 6001
macaddress = 001565aa0001
timezone = America/New_York

[6002]
autoprov = yes
username = 6002
secret = secret-6002
fullname = Grace Hopper
macaddress = 001565aa0001
linenumber = 2
linekeys = 3

[6003]
autoprov = yes
username = 6003
secret = secret-6003
fullname = Katherine Johnson
macaddress = 000413aa0003
timezone = Europe/Vienna
`

// check tells a function that nobody knows from one whose value is empty.
func TestKnows(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			v := startService(t, oracle.Start(t, oracle.Options{Suite: suite}), "ami")
			for function, want := range map[string]bool{"DB": true, "PJSIP_ENDPOINT": true, "NOSUCH": false, "x\r\nAction: Logoff": false, "": false} {
				if got, err := v.pbxs[0].sync.Knows(t.Context(), function); err != nil || got != want {
					t.Errorf("Knows(%q): got %v (%v), want %v", function, got, err, want)
				}
			}
		})
	}
}
