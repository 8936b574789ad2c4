package dialplan

import (
	"bufio"
	"flag"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

var capture = flag.Bool("capture", false, "write what Asterisk answers into testdata/rows; the run then fails")

// startOracle runs an Asterisk whose phone has the facts and one file, row.cfg.
func startOracle(tb testing.TB, suite string) *oracle.Asterisk {
	var b strings.Builder
	b.WriteString(`[general]
serveraddr=192.0.2.1
default_profile=rows
[rows]
mime_type => text/plain
row.cfg => row.cfg
`)
	for _, f := range facts {
		value := f[1]
		if f[2] != "" {
			value = f[2]
		}
		b.WriteString("setvar => " + f[0] + "=" + value + "\n")
	}
	return oracle.Start(tb, oracle.Options{
		Suite: suite,
		Files: map[string]string{
			"phoneprov.conf": b.String(),
			"users.conf": "[general]\n[6001]\nusername=6001\nautoprov=yes\nprofile=rows\nmacaddress=" + userFacts["MAC"] +
				"\nlabel=" + userFacts["LABEL"] + "\nfullname=" + userFacts["DISPLAY_NAME"] + "\nsecret=" + userFacts["SECRET"] + "\n",
			"asterisk.conf": "[options]\nlive_dangerously=yes\n",
		},
		Prepare: "printf 12345 >" + rowFile + " && chmod 640 " + rowFile + " && touch -d @1700000000 " + rowFile + " && chmod 1777 " + rowDir,
	})
}

// askOracle renders one template with Asterisk.
func askOracle(tb testing.TB, a *oracle.Asterisk, template string) string {
	tb.Helper()
	if err := os.WriteFile(filepath.Join(a.DataDir, "row.cfg"), []byte(template), 0o644); err != nil {
		tb.Fatal(err)
	}
	r := a.Get(tb, "/phoneprov/row.cfg")
	if r.Status != 200 {
		tb.Fatalf("%q: status %d", template, r.Status)
	}
	return r.Body
}

func TestRowsAsterisk(t *testing.T) {
	files := rowFiles(t)
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			a := startOracle(t, suite)
			for path, lines := range files {
				t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
					eachRow(t, path, lines, func(t *testing.T, r row) row { return judge(t, a, suite, r) })
				})
			}
		})
	}
	if *capture {
		for path, lines := range files {
			if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o644); err != nil {
				t.Error(err)
			}
		}
		t.Error("captured: look at the difference, then run without -capture")
	}
}

// judge compares a row with Asterisk's answer, or captures the answer.
func judge(t *testing.T, a *oracle.Asterisk, suite string, r row) row {
	got := askOracle(t, a, r.in)
	want := &r.want
	if suite == oracle.Bullseye {
		want = &r.want16
	}
	if *capture {
		if suite == oracle.Forky && r.want16 == r.want {
			r.want16 = got
		}
		*want = got
	} else if got != *want {
		t.Errorf("%s\nAsterisk gives %q\nthe row has %q", r.in, got, *want)
	}
	return r
}

// TestAskAsterisk: for the calls of the rows, Asterisk's answer over AMI is what Asterisk puts into a file.
func TestAskAsterisk(t *testing.T) {
	a := startOracle(t, oracle.Forky)
	getvar := amiGetvar(t, a.AMI)
	asked := 0
	for path, lines := range rowFiles(t) {
		eachRow(t, path, lines, func(t *testing.T, r row) row {
			if call, ok := strings.CutPrefix(r.ours, "ASKED:"); ok {
				if got := getvar(t, call); got != r.want {
					t.Errorf("%s: got %q, want %q", call, got, r.want)
				}
				asked++
			}
			return r
		})
	}
	if asked < 10 {
		t.Errorf("only %d rows", asked)
	}
}

// amiGetvar logs in and returns a function that asks for one variable.
func amiGetvar(t *testing.T, address string) func(testing.TB, string) string {
	conn, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	in := bufio.NewReader(conn)
	fmt.Fprintf(conn, "Action: Login\r\nUsername: %s\r\nSecret: %s\r\nEvents: off\r\n\r\n", oracle.User, oracle.Secret)
	return func(tb testing.TB, name string) string {
		conn.SetDeadline(time.Now().Add(time.Minute))
		fmt.Fprintf(conn, "Action: Getvar\r\nVariable: %s\r\n\r\n", name)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				tb.Fatalf("%q: %v", name, err)
			}
			if strings.HasPrefix(line, "Response: Error") {
				return "" // the connection stays open
			}
			if value, ok := strings.CutPrefix(line, "Value:"); ok {
				return strings.TrimSuffix(strings.TrimPrefix(value, " "), "\r\n")
			}
		}
	}
}
