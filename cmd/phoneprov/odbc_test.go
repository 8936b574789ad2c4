package main

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// hungDeadline is how long a phone may wait whose file needs a database that hangs.
const hungDeadline = 3 * time.Second

// The customer's own line: a name from a database that only Asterisk can ask.
func TestODBC(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: odbcFiles, Prepare: odbcPrepare})
			for name, text := range odbcTemplates {
				a.WriteData(t, name, text)
			}
			v := startService(t, a, "ami")
			if got, want := odbcFetch(t, v, "001565000001.cfg"), a.Fetch(t, "001565000001.cfg"); got != want { // func_odbc escapes the comma
				t.Errorf("got %+v, want Asterisk's %+v", got, want)
			}
			checkAsked(t, v)
			a.Exec(t, "sqlite3", odbcDatabase, "UPDATE cid SET name='Grace'")
			expectODBC(t, v, "after the change", "name Grace\n") // an answer is reused for a second
			a.Exec(t, "sqlite3", odbcDatabase, "UPDATE cid SET name='Joan'")
			a.CLI(t, "module reload phoneprov")
			expectODBC(t, v, "after a reload", "name Joan\n")
			hang(t, a, v)
			a.Kill(t)
			testkit.WaitFor(t, func() error { // never a file with a hole in it
				switch got := odbcFetch(t, v, "001565000001.cfg"); {
				case got.Status == 503:
					return nil
				case got.Body != "name Joan\n":
					t.Errorf("got %+v", got)
				}
				return fmt.Errorf("without Asterisk there is an answer still")
			})
		})
	}
}

func odbcFetch(t *testing.T, v *service, uri string) oracle.Answer {
	t.Helper()
	got, err := v.fetch(http.DefaultClient, "pbx", uri)
	if err != nil {
		t.Error(err)
	}
	return got
}

func expectODBC(t *testing.T, v *service, when, body string) {
	t.Helper()
	testkit.WaitFor(t, func() error {
		if got := odbcFetch(t, v, "001565000001.cfg"); got.Status != 200 || got.Body != body {
			return fmt.Errorf("%s: got %+v, want %q", when, got, body)
		}
		return nil
	})
}

// checkAsked looks for what check says of the calls: an unknown function is told from one whose value is empty.
func checkAsked(t *testing.T, v *service) {
	t.Helper()
	var found []string
	for _, d := range provision.Check(t.Context(), v.options.Store.Load(), v.renderer.(*provision.Renderer), provision.Request{Server: "pbx", Now: time.Now()}) {
		text, _, _ := strings.Cut(d.String(), " (")
		found = append(found, text)
	}
	for _, want := range []string{
		`phoneprov.conf: info: asked of Asterisk: "ODBC_CID_NAME_LOOKUP(6002)" = ""`,
		`other.cfg:1: info: asked of Asterisk: "GLOBAL(pbx)" = ""`,
		`other.cfg:2: error: unknown function NOSUCH`,
	} {
		if !slices.Contains(found, want) {
			t.Errorf("check does not say %q: %q", want, found)
		}
	}
	if all := strings.Join(found, "\n"); strings.Contains(all, "no such function") || strings.Count(all, "unknown function") != 1 {
		t.Errorf("check reports an unknown function more than once, or another one: %q", found)
	}
}

// hang locks the database. Phones that need it get an error in time, and other phones are not affected.
func hang(t *testing.T, a *oracle.Asterisk, v *service) {
	t.Helper()
	before := others(t, v, nil)
	a.Exec(t, "sh", "-c", "mkfifo /tmp/unlock && (echo 'BEGIN EXCLUSIVE;'; cat /tmp/unlock) | sqlite3 "+odbcDatabase+" >/dev/null 2>&1 &")
	testkit.WaitFor(t, func() error {
		if out := a.Exec(t, "sh", "-c", "sqlite3 "+odbcDatabase+" 'SELECT * FROM cid' 2>&1 || true"); !strings.Contains(out, "locked") {
			return fmt.Errorf("the database is not locked: %q", out)
		}
		return nil
	})
	for wave := range 2 {
		var asking sync.WaitGroup
		for n := 1; n <= odbcPhones; n++ {
			asking.Go(func() {
				start := time.Now()
				got := odbcFetch(t, v, fmt.Sprintf("%012x.cfg", 0x1565000000+n))
				if d := time.Since(start); got.Status != 503 || d > hungDeadline {
					t.Errorf("wave %d, phone %d: got %+v after %v, want 503 within %v", wave, n, got, d, hungDeadline)
				}
			})
		}
		told := make(chan struct{})
		go func() { asking.Wait(); close(told) }()
		during := others(t, v, told)
		t.Logf("files that do not need the database took %v, and %v while it hung", before, during)
		for i := range during {
			if during[i] > 20*before[i] { // it hung for thousands of times that
				t.Errorf("wave %d: a file that does not need the database takes %v, before it took %v", wave, during[i], before[i])
			}
		}
	}
	a.Exec(t, "sh", "-c", ": >/tmp/unlock")
	expectODBC(t, v, "when the database is free", "name Joan\n")
}

// others is how long the files take at the median that do not need the database: one that asks nothing, and one that asks
// something new each time. Both must be there. They are fetched until the channel is closed, and often enough.
func others(t *testing.T, v *service, until <-chan struct{}) (medians [2]time.Duration) {
	t.Helper()
	var took [2][]time.Duration
	for n := 0; ; n++ {
		for i, uri := range [...]string{"001565000002-plain.cfg", "001565000002-other.cfg"} {
			start := time.Now()
			got, err := v.fetch(http.DefaultClient, fmt.Sprintf("pbx-%d", start.UnixNano()), uri)
			if d := time.Since(start); err != nil || got.Status != 200 || d > hungDeadline {
				t.Errorf("%s: got %+v, %v after %v", uri, got, err, d)
			}
			took[i] = append(took[i], time.Since(start))
		}
		if n < 100 {
			continue
		}
		select {
		case <-until:
		default:
			if until != nil {
				continue
			}
		}
		for i := range took {
			slices.Sort(took[i])
			medians[i] = took[i][len(took[i])/2]
		}
		return medians
	}
}

const odbcDatabase = "/var/lib/asterisk/cid.db"

// odbcPhones are more than there are connections.
const odbcPhones = 6

var odbcTemplates = map[string]string{
	"t.cfg":     "name ${DB_CIDNAME}\n",
	"plain.cfg": "user ${USERNAME}\n",
	"other.cfg": "user ${USERNAME}, global ${GLOBAL(${SERVER})}\n: ${NOSUCH(x)}\n",
}

var odbcFiles = map[string]string{
	"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nsetvar => DB_CIDNAME=${ODBC_CID_NAME_LOOKUP(${USERNAME})}\n${MAC}.cfg => t.cfg\n" +
		"${MAC}-plain.cfg => plain.cfg\n${MAC}-other.cfg => other.cfg\n",
	"users.conf":     odbcUsers(),
	"res_odbc.conf":  "[cid]\nenabled=>yes\ndsn=>cid\npre-connect=>yes\n",
	"func_odbc.conf": "[CID_NAME_LOOKUP]\ndsn=cid\nreadsql=SELECT name FROM cid WHERE num='${SQL_ESC(${ARG1})}'\n",
}

func odbcUsers() string {
	var b strings.Builder
	for n := 1; n <= odbcPhones; n++ {
		fmt.Fprintf(&b, "[60%02d]\nautoprov=yes\nusername=60%02[1]d\nmacaddress=%012x\n", n, 0x1565000000+n)
	}
	return b.String()
}

const odbcPrepare = `set -e
printf '[SQLite3]\nDriver=libsqlite3odbc.so\n' >/etc/odbcinst.ini
printf '[cid]\nDriver=SQLite3\nDatabase=/var/lib/asterisk/cid.db\n' >/etc/odbc.ini
sqlite3 /var/lib/asterisk/cid.db "CREATE TABLE cid (num TEXT, name TEXT); INSERT INTO cid VALUES ('6001', 'Ada''s name, \"quoted\"');"
`
