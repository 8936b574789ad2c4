package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/sample"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// guardEnv returns the environment of a service. dir contains asterisk, phoneprov and a state directory.
func guardEnv(dir, ami, secret string) map[string]string {
	return map[string]string{
		"PHONEPROV_ASTERISK_CONFIG": "ami", "PHONEPROV_ASTERISK_CONFIG_DIR": filepath.Join(dir, "asterisk"), "PHONEPROV_ASTERISK_DATA_DIR": filepath.Join(dir, "phoneprov"),
		"PHONEPROV_AMI_ADDRESS": ami, "PHONEPROV_AMI_USERNAME": "phoneprov", "PHONEPROV_AMI_SECRET": secret, "PHONEPROV_STATE_DIR": filepath.Join(dir, "state"),
		"PHONEPROV_HTTP_LISTEN": "127.0.0.1:0", "PHONEPROV_ADMIN_LISTEN": "127.0.0.1:0", "PHONEPROV_LOG_LEVEL": "debug", "PHONEPROV_AMI_ASTDB": "yes",
	}
}

// runUntil runs the service until stop is called, or the test ends.
func runUntil(t *testing.T, env map[string]string) (v *service, log *testkit.Log, stop func()) {
	t.Helper()
	log = new(testkit.Log)
	t.Cleanup(func() { // after the stop
		if t.Failed() {
			t.Log(log.String())
		}
	})
	v, stop = runLogging(t, env, io.MultiWriter(log, secrets.Stream("the log of "+t.Name())))
	return v, log, stop
}

// runLogging is runUntil with another log.
func runLogging(tb testing.TB, env map[string]string, log io.Writer) (v *service, stop func()) {
	tb.Helper()
	s, err := loadSettings("", func(name string) (string, bool) { v, ok := env[name]; return v, ok })
	if err != nil {
		tb.Fatal(err)
	}
	if v, err = newService(s, log); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- v.run(ctx, nil) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			tb.Error(err)
		}
	})
	tb.Cleanup(stop)
	return v, stop
}

// layTree lays the sample configuration, with files in place of its own.
func layTree(t *testing.T, instead map[string]string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	if err := os.CopyFS(dir, sample.FS); err != nil {
		t.Fatal(err)
	}
	for name, text := range instead {
		oracle.WriteFile(t, filepath.Join(dir, name), text)
	}
	return dir
}

// fakeAsterisk answers from a directory.
func fakeAsterisk(t *testing.T, dir string, function func(string) string) (server *amiserver.Server, address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server = amiserver.New(amiserver.Options{Username: "phoneprov", Secret: "ami-secret", Dir: dir, Function: function})
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return server, l.Addr().String()
}

// allFiles returns a service's answers for all files.
func (v *service) allFiles(t *testing.T) map[string]oracle.Answer {
	t.Helper()
	files := map[string]oracle.Answer{}
	for _, uri := range uris(v.options.Store.Load()) {
		answer, err := v.fetchKept(http.DefaultClient, "pbx", uri)
		if err != nil {
			t.Fatal(err)
		}
		files[uri] = answer
	}
	return files
}

// expectFiles compares a service's answers with earlier ones.
func (v *service) expectFiles(t *testing.T, want map[string]oracle.Answer) {
	t.Helper()
	got := v.allFiles(t)
	if len(got) != len(want) {
		t.Errorf("got %d files, want %d", len(got), len(want))
	}
	for uri, want := range want {
		if fmt.Sprintf("%+v", got[uri]) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s: got  %+v\nwant %+v", uri, got[uri], want)
		}
	}
}

func waitSnapshot(t *testing.T, v *service, what string, is func(*provision.Snapshot) bool) {
	t.Helper()
	testkit.WaitFor(t, func() error {
		if s := v.options.Store.Load(); s == nil || !is(s) {
			return fmt.Errorf("%s: %+v", what, v.status())
		}
		return nil
	})
}

func isRead(s *provision.Snapshot) bool     { return s.SavedAt.IsZero() }
func isRestored(s *provision.Snapshot) bool { return !s.SavedAt.IsZero() }

func waitFile(t *testing.T, path string) {
	t.Helper()
	testkit.WaitFor(t, func() error { _, err := os.Stat(path); return err })
}

// If Asterisk is down at the start, the service serves the same files as before. A file that needs an answer of
// Asterisk is a 503. A file whose name needed an answer is there.
func TestRestoredFiles(t *testing.T) {
	t.Parallel()
	dir := layTree(t, map[string]string{
		"asterisk/phoneprov.conf": `[general]
default_profile=p
[p]
${MAC}.cfg => t.cfg
${ODBC_NAME(${MAC})}.cfg => t.cfg
${MAC}-asks.cfg => asks.cfg
`,
		"asterisk/users.conf": `[general]
[6001]
username=6001
autoprov=yes
macaddress=0004f2000001
secret=hunter2
profile=p
`,
		"asterisk/pjsip.conf": "", "asterisk/pjsip_wizard.conf": "",
		"phoneprov/t.cfg": "user=${USERNAME}\nsecret=${SECRET}\n", "phoneprov/asks.cfg": "asks=${ODBC_NAME(x)}\n",
	})
	server, address := fakeAsterisk(t, filepath.Join(dir, "asterisk"), func(call string) string {
		if strings.HasPrefix(call, "ODBC_NAME(") {
			return "named"
		}
		return ""
	})
	v, _, stop := runUntil(t, guardEnv(dir, address, "ami-secret"))
	waitSnapshot(t, v, "a snapshot", isRead)
	before := v.allFiles(t)
	if len(before) != 3 || before["named.cfg"].Status != 200 || before["0004f2000001-asks.cfg"].Body != "asks=named\n" {
		t.Fatalf("got %+v", before)
	}
	waitFile(t, filepath.Join(dir, "state", "last-good-1"))
	stop()
	server.Close()
	v, log, _ := runUntil(t, guardEnv(dir, address, "ami-secret"))
	waitSnapshot(t, v, "the last good", isRestored)
	asks, err := v.fetch(http.DefaultClient, "pbx", "0004f2000001-asks.cfg")
	if err != nil || asks.Status != 503 || strings.Contains(asks.Body, "asks=") {
		t.Errorf("got %+v, %v", asks, err)
	}
	delete(before, "0004f2000001-asks.cfg")
	for uri, want := range before {
		if got, err := v.fetch(http.DefaultClient, "pbx", uri); err != nil || fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
			t.Errorf("%s: got %+v, %v, want %+v", uri, got, err, want)
		}
	}
	if s := v.status(); s.Source != "ami" || s.Held != nil || s.LastError == "" {
		t.Errorf("got %+v", s)
	}
	noSecrets(t, "the log", log.String())
}

// The real Asterisk: killed while phoneprov is down, its phones get the same files, until it is back with others.
func TestRestoredWithoutAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: generationConfig(0, 0)})
			a.WriteData(t, "t.cfg", generationTemplate)
			a.WriteData(t, "l.cfg", "${LABEL}\n")
			env := guardEnv(t.TempDir(), a.AMI, oracle.Secret)
			env["PHONEPROV_ASTERISK_CONFIG_DIR"], env["PHONEPROV_ASTERISK_DATA_DIR"] = "/nowhere", a.DataDir
			v, _, stop := runUntil(t, env)
			waitSnapshot(t, v, "a snapshot", isRead)
			before := v.allFiles(t)
			waitFile(t, filepath.Join(env["PHONEPROV_STATE_DIR"], "last-good-1"))
			stop()
			a.Kill(t)
			v, _, _ = runUntil(t, env)
			waitSnapshot(t, v, "the last good", isRestored)
			v.expectFiles(t, before)
			a.Write(t, "users.conf", generationConfig(1, 0)["users.conf"])
			a.Boot(t)
			waitSnapshot(t, v, "a sync", isRead)
			expectGeneration(t, v, usersPhone, "users-1")
		})
	}
}

// The Asterisk CLI shows what the ledger knows.
func TestShownAtTheCLI(t *testing.T) {
	t.Parallel()
	dir := layTree(t, map[string]string{
		"asterisk/phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t.cfg\n",
		"asterisk/users.conf": `[general]
[6001]
username=6001
autoprov=yes
macaddress=0004f2000001
secret=hunter2
profile=p
[6002]
username=6002
autoprov=yes
macaddress=0004f2000002
profile=p
`,
		"asterisk/pjsip.conf": "", "asterisk/pjsip_wizard.conf": "", "phoneprov/t.cfg": "user=${USERNAME}\nsecret=${SECRET}\n",
	})
	server, address := fakeAsterisk(t, filepath.Join(dir, "asterisk"), nil)
	v, _, _ := runUntil(t, guardEnv(dir, address, "ami-secret"))
	shows := func(key, want string) {
		t.Helper()
		testkit.WaitFor(t, func() error {
			if got, is := server.Entries()["phoneprov/"+key]; !strings.HasPrefix(got, want) || is != (want != "") {
				return fmt.Errorf("%s: got %q, want %q", key, got, want)
			}
			return nil
		})
	}
	shows("summary", "2 phones: 2 never fetched")
	shows("0004f2000001", "never fetched")
	if answer, err := v.fetch(http.DefaultClient, "pbx", "0004f2000001.cfg"); err != nil || answer.Status != 200 {
		t.Fatalf("got %+v, %v", answer, err)
	}
	shows("summary", "2 phones: 1 never fetched, 1 up to date")
	shows("0004f2000001", "")
	users := filepath.Join(dir, "asterisk", "users.conf")
	text, err := os.ReadFile(users)
	if err != nil {
		t.Fatal(err)
	}
	oracle.WriteFile(t, users, strings.Replace(string(text), "hunter2", "not-the-secret", 1))
	server.Reload("All")
	shows("summary", "2 phones: 1 change waiting, 1 never fetched")
	shows("0004f2000001", "change waiting since ")
	for key, value := range server.Entries() {
		secrets.Text(key, value)
	}
}
