package amisync

import (
	"fmt"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// board is what a test shows, and the actions that the server received.
type board struct {
	mu      sync.Mutex
	shown   Shown
	actions []string
	refuse  atomic.Bool
}

func (b *board) set(s Shown) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.shown = s
}

func (b *board) show() Shown {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.shown
}

// intercept records the actions that write.
func (b *board) intercept(s *amiserver.Session, m amiserver.Message) bool {
	if !strings.HasPrefix(m["Action"], "DB") {
		return false
	}
	if b.refuse.Load() {
		s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "Permission denied")
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.actions = append(b.actions, strings.TrimRight(m["Action"]+" "+m["Key"], " "))
	return false
}

// taken returns the actions since its last call.
func (b *board) taken() (actions []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	actions, b.actions = b.actions, nil
	return actions
}

func TestAstDB(t *testing.T) {
	b := new(board)
	b.set(Shown{Summary: "2 phones", Phones: []ShownPhone{{"0004f2000001", "change waiting"}, {"0004f2000002", "refused\r\nAction: Logoff\x00"}, {"0004f2000003", ""}}})
	server, address := amitest.Start(t, sample, amiserver.Options{Intercept: b.intercept})
	r := start(t, Options{Address: address, Show: b.show, Timing: Timing{Show: time.Millisecond}})
	expect := func(want map[string]string, actions ...string) {
		t.Helper()
		testkit.Eventually(t, fmt.Sprint(want), func() bool { return maps.Equal(server.Entries(), want) })
		if got := b.taken(); !cmp.Equal(got, actions) {
			t.Errorf("got %q, want %q", got, actions)
		}
	}
	want := map[string]string{"phoneprov/summary": "2 phones", "phoneprov/0004f2000001": "change waiting",
		"phoneprov/0004f2000002": "refused  Action: Logoff ", "phoneprov/0004f2000003": ""}
	expect(want, "DBDelTree", "DBPut 0004f2000001", "DBPut 0004f2000002", "DBPut 0004f2000003", "DBPut summary")

	// Only what changed is written.
	b.set(Shown{Summary: "2 phones", Phones: []ShownPhone{{"0004f2000002", "refused  Action: Logoff "}, {"0004f2000003", "failing"}}})
	want["phoneprov/0004f2000003"] = "failing"
	delete(want, "phoneprov/0004f2000001")
	expect(want, "DBDel 0004f2000001", "DBPut 0004f2000003")

	// Another connection may lead to an Asterisk with another database.
	server.Drop()
	var again []string
	testkit.Eventually(t, "a new connection", func() bool { again = append(again, b.taken()...); return len(again) >= 4 })
	if want := []string{"DBDelTree", "DBPut 0004f2000002", "DBPut 0004f2000003", "DBPut summary"}; !cmp.Equal(again, want) {
		t.Errorf("got %q, want %q", again, want)
	}
	expect(want)
	if st := r.Status(); st.NotShown != "" {
		t.Errorf("got %+v", st)
	}
}

// The service deletes at the start what an earlier phoneprov left.
func TestAstDBIsCleanedAtStart(t *testing.T) {
	b := new(board)
	b.set(Shown{Summary: "all well", Phones: []ShownPhone{{"0004f2000001", "refused"}}})
	server, address := amitest.Start(t, sample, amiserver.Options{})
	r := start(t, Options{Address: address, Show: b.show, Timing: Timing{Show: time.Millisecond}})
	testkit.Eventually(t, "two entries", func() bool { return len(server.Entries()) == 2 })
	r.stop()
	b.set(Shown{Summary: "all well"})
	start(t, Options{Address: address, Show: b.show, Timing: Timing{Show: time.Millisecond}})
	testkit.Eventually(t, "one entry", func() bool { return maps.Equal(server.Entries(), map[string]string{"phoneprov/summary": "all well"}) })
}

// If the account may not write, that is logged once, and everything else works.
func TestAstDBRefused(t *testing.T) {
	b := new(board)
	b.refuse.Store(true)
	_, address := amitest.Start(t, sample, amiserver.Options{Intercept: b.intercept})
	r := start(t, Options{Address: address, Show: b.show, Timing: Timing{Show: time.Millisecond}})
	testkit.Eventually(t, "the reason", func() bool { return strings.Contains(r.Status().NotShown, "does not permit DBDelTree") })
	r.waitPhones(t, 1)
	b.refuse.Store(false)
	testkit.Eventually(t, "no reason", func() bool { return r.Status().NotShown == "" })
	if n := strings.Count(r.log.String(), "is not current"); n != 1 {
		t.Errorf("it was logged %d times", n)
	}
}

func TestAstDBIsBounded(t *testing.T) {
	s := Shown{Summary: "many"}
	for i := range 2 * maxAstDBPhones {
		s.Phones = append(s.Phones, ShownPhone{fmt.Sprintf("%012x", i), strings.Repeat("ü", maxAstDBText)})
	}
	entries := s.entries()
	if len(entries) != maxAstDBPhones+1 || entries["summary"] != "many; only the first 1000 phones are listed" {
		t.Errorf("got %d entries, %q", len(entries), entries["summary"])
	}
	for key, value := range entries {
		if len(value) > maxAstDBText {
			t.Fatalf("%s has %d bytes", key, len(value))
		}
	}
	odd := Shown{Phones: []ShownPhone{{"", "x"}, {"summary", "x"}, {"a\r\nb", "x"}, {strings.Repeat("k", 65), "x"}}}
	if entries := odd.entries(); len(entries) != 1 {
		t.Errorf("got %q", entries)
	}
}

// cliAliases returns the file that gives the Asterisk CLI our commands.
func cliAliases(t *testing.T) string {
	t.Helper()
	return testkit.Read(t, "../deploy/cli_aliases.conf")
}

// On the real Asterisk: the output of the CLI, a confirmation by the CLI, and a truncated users.conf, over AMI and over
// files.
func TestGuardOnAsterisk(t *testing.T) {
	files := map[string]string{
		"manager.conf":     oracleFiles["manager.conf"],
		"cli_aliases.conf": cliAliases(t),
		"phoneprov.conf":   sample["phoneprov.conf"], "users.conf": users(20, "x"),
	}
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: files})
			for _, source := range guardSources {
				t.Run(source, func(t *testing.T) { testGuard(t, a, source) })
			}
			t.Run("astdb", func(t *testing.T) { testAstDB(t, a) })
		})
	}
}

func testGuard(t *testing.T, a *oracle.Asterisk, source string) {
	a.Write(t, "users.conf", users(20, "x"))
	r := start(t, Options{Address: a.AMI, Source: source, ConfigDir: a.ConfigDir, MaxLoss: 50})
	r.waitPhones(t, 20)
	testkit.Eventually(t, "the connection", func() bool { return r.Status().Connected && r.Status().LastError == "" })
	settled(t, r)
	a.Write(t, "users.conf", users(20, "x")[:len(users(2, "x"))+30])
	a.CLI(t, "core reload")
	testkit.Eventually(t, "held", func() bool { return r.Held() != nil && r.Held().Lost == 18 })
	r.waitPhones(t, 20)
	a.Write(t, "users.conf", users(20, "y"))
	a.CLI(t, "phoneprov reload")
	testkit.Eventually(t, "nothing held", func() bool { return r.Held() == nil })
	a.Write(t, "users.conf", "")
	a.CLI(t, "core reload")
	testkit.Eventually(t, "held", func() bool { return r.Held() != nil && r.Held().Lost == 20 })
	a.CLI(t, "phoneprov confirm 0004f2000001") // the argument causes an event of its own, which is ignored
	r.waitPhones(t, 0)
	testkit.Eventually(t, "nothing held", func() bool { return r.Held() == nil })
}

func testAstDB(t *testing.T, a *oracle.Asterisk) {
	b := new(board)
	b.set(Shown{Summary: "1 of 20 phones is not well", Phones: []ShownPhone{{"001122330001", "change waiting since 10:00"}}})
	r := start(t, Options{Address: a.AMI, Show: b.show, Timing: Timing{Show: 10 * time.Millisecond}})
	shows := func(what ...string) func() bool {
		return func() bool {
			out := a.CLI(t, "phoneprov show phones")
			for _, text := range what {
				if !strings.Contains(out, text) {
					return false
				}
			}
			return strings.Contains(out, fmt.Sprintf("%d results found", len(what)))
		}
	}
	testkit.Eventually(t, "a phone", shows("/phoneprov/001122330001", "1 of 20 phones is not well"))
	b.set(Shown{Summary: "all well"})
	testkit.Eventually(t, "no phone", shows("all well"))
	if st := r.Status(); st.NotShown != "" {
		t.Errorf("got %q", st.NotShown)
	}
}
