package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// manyPhones is how many phones change at once in TestResyncMany.
const manyPhones, fewPhones = 2000, 100

// TestResyncMany is of many phones that change at once: they are told at the rate of the settings, and no fetch is lost.
func TestResyncMany(t *testing.T) {
	t.Parallel()
	n, rate := skips.Size(t, manyPhones, fewPhones), 50
	s := &resyncSite{t: t}
	oracle.NeedProgram(t, "sipp")
	pjsip := func(secret string) string {
		var b strings.Builder
		b.WriteString("[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0:5060\n")
		for i := range n {
			fmt.Fprintf(&b, `[%[1]d]
type=endpoint
transport=udp
context=default
aors=%[1]d
auth=%[1]d
[%[1]d]
type=aor
max_contacts=1
remove_existing=yes
[%[1]d]
type=auth
auth_type=userpass
username=%[1]d
password=%[2]s
[%[1]d]
type=phoneprov
endpoint=%[1]d
MAC=0004130%05[3]d
PROFILE=p
`, 10000+i, secret, i)
		}
		return b.String()
	}
	s.a = oracle.Start(t, oracle.Options{Files: map[string]string{"pjsip.conf": pjsip("secret-60-a"), "phoneprov.conf": "[general]\n[p]\n${MAC}.cfg => t.cfg\n"}})
	s.a.WriteData(t, "t.cfg", "user ${USERNAME} ${SECRET}\n")
	ini := filepath.Join(t.TempDir(), "phoneprov.ini")
	testkit.Write(t, ini, fmt.Sprintf(`[resync]
mode = notify
spread = 1s
rate = %d
limit = 0
[resync Snom]
within = 1h
`, rate))
	s.start(ini)
	all := s.phone("", snomAgent, "notified") // all of them at one address
	var users strings.Builder
	users.WriteString("SEQUENTIAL\n")
	for i := range n {
		fmt.Fprintf(&users, "%d;[authentication username=%[1]d password=secret-60-a]\n", 10000+i)
	}
	list := filepath.Join(t.TempDir(), "users.csv")
	testkit.Write(t, list, users.String())
	cmd := exec.Command("sipp", s.a.IP+":5060", "-sf", "testdata/sipp/register-many.xml", "-inf", list, "-i", s.host(), "-p", fmt.Sprint(freeUDP(t)), "-m", fmt.Sprint(n), "-r", "100", "-nostdin",
		"-key", "contact_at", fmt.Sprintf("%s:%d", s.host(), all.port), "-key", "agent", snomAgent, "-key", "expires", "3600", "-timeout", "600", "-timeout_error")
	cmd.Env = append(os.Environ(), "TERM=dumb")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("register: %v: %.3000s", err, out)
	}
	one := func(i int) *phone {
		return &phone{s: s, user: fmt.Sprint(10000 + i), agent: snomAgent, file: fmt.Sprintf("0004130%05d.cfg", i)}
	}
	for i := range n {
		one(i).fetch()
	}
	testkit.Eventually(t, "all have fetched", func() bool { return s.v.ledger.Counts()[ledger.UpToDate] == n })
	s.a.Write(t, "pjsip.conf", pjsip("secret-60-b"))
	s.a.CLI(t, "core reload")
	fetched, began, busy := map[string]bool{}, time.Time{}, s.asteriskCPU()
	var times []time.Duration // of the fetches
	for len(fetched) < n {
		var told []string
		testkit.Eventually(t, fmt.Sprintf("more than %d of %d are told", len(fetched), n), func() bool {
			text, _ := os.ReadFile(all.messages)
			for _, m := range notifyUser.FindAllStringSubmatch(string(text), -1) {
				if !fetched[m[1]] {
					fetched[m[1]] = true
					told = append(told, m[1])
				}
			}
			return len(told) > 0
		})
		if began.IsZero() {
			began = time.Now()
		}
		for _, user := range told {
			i, _ := strconv.Atoi(user)
			begun := time.Now()
			one(i - 10000).fetch()
			times = append(times, time.Since(begun))
		}
	}
	took := time.Since(began)
	if least := time.Duration(n/rate) * time.Second / 2; took < least { // half: what came late came together
		t.Errorf("%d phones were told in %v, and the rate is %d a second", n, took, rate)
	}
	testkit.Eventually(t, "all have fetched what is new", func() bool { return s.v.ledger.Counts()[ledger.UpToDate] == n })
	slices.Sort(times)
	t.Logf("%d phones in %v: Asterisk's CPU %.0f %%, fetches p50 %v, p99 %v", n, took, 100*float64(s.asteriskCPU()-busy)/float64(took), times[n/2], times[n*99/100])
}

// asteriskCPU returns the CPU time that Asterisk has used.
func (s *resyncSite) asteriskCPU() (used time.Duration) {
	s.t.Helper()
	const ticks = 14 // the field utime of proc_pid_stat(5); stime is after it
	fields := strings.Fields(s.a.Exec(s.t, "sh", "-c", `for p in /proc/[0-9]*; do [ "$(cat $p/comm)" != asterisk ] || cat $p/stat; done`))
	for _, field := range fields[ticks-1 : ticks+1] {
		n, err := strconv.Atoi(field)
		if err != nil {
			s.t.Fatal(err)
		}
		used += time.Duration(n) * 10 * time.Millisecond
	}
	return used
}

var notifyUser = regexp.MustCompile(`(?m)^NOTIFY sip:(\d+)@`)
