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

// The phones of TestResyncMany change at once. RESYNC_PHONES is another number of them, for a measurement: 2,000 take 80 s
// and both processors.
const (
	manyPhones, fewPhones = 300, 100
	phonesEnv             = "RESYNC_PHONES"
)

// resyncRate is how many phones are told in a second.
const resyncRate = 50

// TestResyncMany changes many phones at once: they are told at the rate of the settings, and no fetch is lost.
func TestResyncMany(t *testing.T) {
	t.Parallel()
	n := skips.Size(t, manyPhones, fewPhones)
	if number, err := strconv.Atoi(os.Getenv(phonesEnv)); err == nil {
		n = number
	}
	s, all := newManySite(t, n)
	for i := range n {
		s.manyPhone(i).fetch()
	}
	testkit.Eventually(t, "all have fetched", func() bool { return s.v.ledger.Counts()[ledger.UpToDate] == n })
	s.a.Write(t, "pjsip.conf", manyPJSIP(n, "secret-60-b"))
	s.a.CLI(t, "core reload")
	busy := s.asteriskCPU()
	took, times := s.fetchWhenTold(all, n)
	if least := time.Duration(n/resyncRate) * time.Second / 2; took < least { // half: what came late came together
		t.Errorf("%d phones were told in %v, and the rate is %d a second", n, took, resyncRate)
	}
	testkit.Eventually(t, "all have fetched what is new", func() bool { return s.v.ledger.Counts()[ledger.UpToDate] == n })
	slices.Sort(times)
	t.Logf("%d phones in %v: Asterisk's CPU %.0f %%, fetches p50 %v, p99 %v", n, took, 100*float64(s.asteriskCPU()-busy)/float64(took), times[n/2], times[n*99/100])
}

// manyUser is the first user of TestResyncMany.
const manyUser = 10000

func (s *resyncSite) manyPhone(i int) *phone {
	return &phone{s: s, user: fmt.Sprint(manyUser + i), agent: snomAgent}
}

func manyPJSIP(n int, secret string) string {
	var b strings.Builder
	b.WriteString(pjsipUDP)
	for i := range n {
		b.WriteString(pjsipOf(fmt.Sprint(manyUser+i), secret, "max_contacts=1\nremove_existing=yes"))
	}
	return b.String()
}

// newManySite returns a site whose n phones are registered, all at the address of one sipp.
func newManySite(t *testing.T, n int) (s *resyncSite, all *phone) {
	t.Helper()
	oracle.NeedProgram(t, "sipp")
	s = &resyncSite{t: t}
	s.a = oracle.Start(t, oracle.Options{Files: map[string]string{"pjsip.conf": manyPJSIP(n, "secret-60-a"), "phoneprov.conf": "[general]\n[p]\n${MAC}.cfg => t.cfg\n"}})
	s.a.WriteData(t, "t.cfg", "user ${USERNAME} ${SECRET}\n")
	ini := filepath.Join(t.TempDir(), "phoneprov.ini")
	testkit.Write(t, ini, fmt.Sprintf("[resync]\nmode = notify\nspread = 1s\nrate = %d\nlimit = 0\n[resync Snom]\nwithin = 1h\n", resyncRate))
	s.start(ini)
	all = s.phone("", snomAgent, "notified")
	var users strings.Builder
	users.WriteString("SEQUENTIAL\n")
	for i := range n {
		fmt.Fprintf(&users, "%d;[authentication username=%[1]d password=secret-60-a]\n", manyUser+i)
	}
	list := testkit.Write(t, filepath.Join(t.TempDir(), "users.csv"), users.String())
	cmd := exec.Command("sipp", s.a.IP+":5060", "-sf", "testdata/sipp/register-many.xml", "-inf", list, "-i", s.host(), "-p", fmt.Sprint(freeUDP(t)), "-m", fmt.Sprint(n), "-r", "100", "-nostdin",
		"-key", "contact_at", fmt.Sprintf("%s:%d", s.host(), all.port), "-key", "agent", snomAgent, "-key", "expires", "3600", "-timeout", "600", "-timeout_error")
	cmd.Env = append(os.Environ(), "TERM=dumb")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("register: %v: %.3000s", err, out)
	}
	return s, all
}

// fetchWhenTold has each of n phones fetch when it is told. took is the time from the first one told to the last fetch,
// times those of the fetches.
func (s *resyncSite) fetchWhenTold(all *phone, n int) (took time.Duration, times []time.Duration) {
	s.t.Helper()
	fetched, began := map[string]bool{}, time.Time{}
	for len(fetched) < n {
		var told []string
		testkit.Eventually(s.t, fmt.Sprintf("more than %d of %d are told", len(fetched), n), func() bool {
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
			begun := time.Now()
			(&phone{s: s, user: user, agent: snomAgent}).fetch()
			times = append(times, time.Since(begun))
		}
	}
	return time.Since(began), times
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
