package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// ledgerPJSIP is the configuration of a phone. The %s is its password.
const ledgerPJSIP = `[udp]
type=transport
protocol=udp
bind=0.0.0.0:5060
[6001]
type=endpoint
transport=udp
aors=6001
auth=6001
[6001]
type=aor
max_contacts=2
[6001]
type=auth
auth_type=userpass
username=6001
password=%s
[6001]
type=phoneprov
endpoint=6001
MAC=0004f2000001
PROFILE=p
`

// TestLedgerAgainstAsterisk follows a phone through the change of its password: the file that it should have, the file
// that it got, and its registration with the new password.
func TestLedgerAgainstAsterisk(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			const first, second, id, agent = "secret-6001-a", "secret-6001-b", "0004f2000001", "Yealink SIP-T46S 66.85.0.5"
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: map[string]string{
				"pjsip.conf":     fmt.Sprintf(ledgerPJSIP, first),
				"phoneprov.conf": "[general]\n[p]\n${MAC}.cfg => t.cfg\n${MAC}-dir.xml => t.cfg\n",
			}})
			a.WriteData(t, "t.cfg", "user ${USERNAME} ${SECRET}\n")
			v := startService(t, a, "ami", "PHONEPROV_AMI_ASTDB=yes")
			site := ledgerSite{t, v, a, id}
			fetch := func() string { return site.fetch(agent) }
			wait, is := site.wait, site.is
			sip := a.SIPPhone(t, 5060, "6001", first, agent)

			is(ledger.NeverFetched)
			old := fetch()
			p := is(ledger.UpToDate)
			if p.Files[0].FetchedETag != old || p.Files[0].WantedETag != old || p.Model != "T46S" || p.Files[0].Address != "127.0.0.1" {
				t.Errorf("got %+v, the phone got %s", p, old)
			}
			sip.Register(time.Hour)
			wait("registered since the fetch", func(p ledger.Phone) bool {
				return p.Evidence.Registered && p.Evidence.RegisteredSinceFetch != nil && *p.Evidence.RegisteredSinceFetch && p.Lines[0].Contact == sip.Contact()
			})
			a.Write(t, "pjsip.conf", fmt.Sprintf(ledgerPJSIP, second))
			a.CLI(t, "core reload")
			p = is(ledger.ChangeWaiting)
			if p.Reason != id+".cfg" || p.Files[0].FetchedETag != old || p.Files[0].WantedETag == old {
				t.Errorf("got %+v", p)
			}
			wait("still registered with the old password", func(p ledger.Phone) bool {
				return strings.Contains(strings.Join(p.Evidence.Oddities, "\n"), "a secret was changed at ")
			})
			if again := fetch(); again != p.Files[0].WantedETag {
				t.Errorf("the phone got %s, and the ledger wanted %s", again, p.Files[0].WantedETag)
			}
			p = is(ledger.UpToDate)
			if since := p.Evidence.RegisteredSinceFetch; since == nil || *since {
				t.Errorf("got %+v", p.Evidence)
			}
			if len(p.Evidence.Oddities) == 0 {
				t.Error("nothing is odd with a phone that is registered with the old password")
			}
			again := a.SIPPhone(t, 5060, "6001", second, agent)
			again.Register(time.Hour)
			p = wait("registered with the new password", func(p ledger.Phone) bool {
				return p.Evidence.RegisteredSinceFetch != nil && *p.Evidence.RegisteredSinceFetch && p.Lines[0].UserAgent == agent
			})
			for _, odd := range p.Evidence.Oddities {
				if strings.HasPrefix(odd, "a secret was changed") {
					t.Errorf("got oddity %q", odd)
				}
			}
			history, err := v.ledger.History(id)
			var kinds []string
			for _, e := range history {
				kinds = append(kinds, strings.TrimSuffix(string(e.Kind)+":"+string(e.To), ":"))
			}
			// The new registration may come with or without the end of the old one.
			const tail = "state:up_to_date fetched state:change_waiting changed registered state:up_to_date fetched"
			if got := strings.Join(kinds, " "); !strings.HasPrefix(got, "registered ") || !strings.HasSuffix(got, " "+tail) || err != nil {
				t.Errorf("got %s, %v, want registered and %s", got, err, tail)
			}
			if text, _ := json.Marshal([]any{p, history, v.ledger.Syncs(), v.ledger.Requests(), v.ledger.Stats()}); bytes.Contains(text, []byte("secret-60")) {
				t.Errorf("a secret shows: %s", text)
			}
		})
	}
}

// ledgerSite is a phoneprov with one phone, next to a real Asterisk.
type ledgerSite struct {
	t  *testing.T
	v  *service
	a  *oracle.Asterisk
	id string // of the phone
}

// wait waits until the ledger says something of the phone.
func (s ledgerSite) wait(what string, ok func(ledger.Phone) bool) (p ledger.Phone) {
	s.t.Helper()
	testkit.WaitFor(s.t, func() error {
		if p, _ = s.v.ledger.Phone(s.id); !ok(p) {
			return fmt.Errorf("%s: %+v", what, p)
		}
		return nil
	})
	return p
}

// is waits until the phone is in a state, for all who are asked.
func (s ledgerSite) is(want ledger.State) ledger.Phone {
	s.t.Helper()
	p := s.wait(string(want), func(p ledger.Phone) bool { return p.State == want })
	allSay(s.t, s.v, s.a, s.id, want)
	return p
}

// fetch has the phone fetch its file, and returns its ETag.
func (s ledgerSite) fetch(agent string) string {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), "GET", "http://"+s.v.phones.Addr().String()+"/phoneprov/"+s.id+".cfg", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("User-Agent", agent)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	io.Copy(io.Discard, resp.Body)
	return resp.Header.Get("ETag")
}

// allSay waits until the API, phoneprov status and Asterisk's database have the state of a phone, the only one.
func allSay(t *testing.T, v *service, a *oracle.Asterisk, id string, want ledger.State) {
	t.Helper()
	admin := v.admin.Addr().String()
	testkit.WaitFor(t, func() error {
		resp, err := http.Get("http://" + admin + "/api/v1/phones")
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		var page struct {
			Items []struct {
				ID    string
				State ledger.State
			}
			Counts map[ledger.State]int
		}
		if err := json.NewDecoder(resp.Body).Decode(&page); err != nil {
			return err
		}
		if len(page.Items) != 1 || page.Items[0].ID != id || page.Items[0].State != want || page.Counts[want] != 1 {
			return fmt.Errorf("the API has %+v, want %s", page, want)
		}
		var out, errs bytes.Buffer
		getenv := func(name string) (string, bool) {
			if name == "PHONEPROV_ADMIN_LISTEN" {
				return admin, true
			}
			return "", false
		}
		if code := run(t.Context(), []string{"status", id}, getenv, nil, &out, &errs); code != 0 || !strings.Contains(out.String(), ": "+want.Text()) {
			return fmt.Errorf("phoneprov status ends with %d and says %s%s, want %s", code, &out, &errs, want.Text())
		}
		shown := a.CLI(t, "database show phoneprov")
		if !strings.Contains(shown, "1 "+want.Text()) || strings.Contains(shown, id) != (want != ledger.UpToDate) ||
			want != ledger.UpToDate && !strings.Contains(shown, ": "+want.Text()) {
			return fmt.Errorf("Asterisk's database has %s, want %s", shown, want.Text())
		}
		return nil
	})
}

// TestServeIsKilled kills phoneprov under load. After the next start it has everything that it had a second before the
// kill.
func TestServeIsKilled(t *testing.T) {
	t.Parallel()
	state := filepath.Join(t.TempDir(), "state")
	const id, file = "0004f2000001", "/phoneprov/0004f2000001.cfg"
	env := []string{"PHONEPROV_STATE_DIR=" + state, "PHONEPROV_LOG_LEVEL=info"}
	rounds, kept := skips.Size(t, 8, 2), 0 // kept counts the kills after which the phone was known
	for n := 0; kept < rounds; n++ {
		if n == rounds+10 {
			t.Fatalf("after %d kills nothing is kept", n)
		}
		p := newRunning(t, env, "serve")
		stderr, err := p.cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		p.start(t)
		address := ""
		lines := bufio.NewScanner(stderr)
		for address == "" && lines.Scan() {
			if m := regexp.MustCompile(`"http":"([^"]+)"`).FindStringSubmatch(lines.Text()); m != nil {
				address = m[1]
			}
			if strings.Contains(lines.Text(), "damaged") {
				t.Errorf("after a kill: %s", lines.Text())
			}
		}
		go io.Copy(io.Discard, stderr)
		if address == "" {
			t.Fatal("it does not serve")
		}
		get := func() string {
			resp, err := http.Get("http://" + address + file)
			if err != nil {
				return err.Error()
			}
			defer resp.Body.Close()
			body, _ := io.ReadAll(resp.Body)
			if resp.StatusCode == http.StatusOK && len(body) > 0 {
				return ""
			}
			return resp.Status
		}
		testkit.WaitFor(t, func() error {
			if text := get(); text != "" {
				return fmt.Errorf("%s", text)
			}
			return nil
		})
		if kept == 0 { // the first fetch is committed within a second; a slow machine may be killed between text and commit
			testkit.WaitFor(t, func() error {
				get()
				if text, err := os.ReadFile(filepath.Join(state, "ledger.db")); err != nil || !bytes.Contains(text, []byte(id+".cfg")) {
					return fmt.Errorf("not committed: %v", err)
				}
				return nil
			})
		}
		for end := time.Now().Add(time.Duration(rand.IntN(300)) * time.Millisecond); time.Now().Before(end); {
			if text := get(); text != "" {
				t.Errorf("under load: %s", text)
			}
		}
		p.cmd.Process.Kill()
		<-p.ended
		export := exec.Command("phoneprov", "state", "export")
		export.Env = append(p.cmd.Env, env...)
		out, err := export.Output()
		if err != nil {
			t.Fatalf("after kill %d: %v", n, err)
		}
		switch has := bytes.Contains(out, []byte(`"id":"`+id+`","state":"up_to_date"`)); {
		case has:
			kept++
		case kept > 0:
			t.Fatalf("kill %d lost what was kept: %s", n, out)
		}
	}
}

func TestStateDirThatCannotBeUsed(t *testing.T) {
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct{ dir, fault, log string }{
		{blocked, "state.dir: ", `"message":"what is known of phones is kept in memory only`},
		{"", "state.dir is empty", ""},
	} {
		env := httpsEnv("")
		for _, name := range []string{"PHONEPROV_HTTPS_LISTEN", "PHONEPROV_HTTPS_CERT", "PHONEPROV_HTTPS_KEY"} {
			delete(env, name)
		}
		env["PHONEPROV_HTTP_LISTEN"], env["PHONEPROV_STATE_DIR"] = "127.0.0.1:0", row.dir
		v, log := runService(t, env, "")
		resp, err := http.Get("http://" + v.phones.Addr().String() + "/phoneprov/0004f2000001.cfg")
		if err != nil || resp.StatusCode != http.StatusOK {
			t.Fatalf("got %v, %v", resp, err)
		}
		resp.Body.Close()
		testkit.WaitFor(t, func() error {
			if p, _ := v.ledger.Phone("0004f2000001"); p.State != ledger.UpToDate {
				return fmt.Errorf("got %+v", p)
			}
			return nil
		})
		if s := v.ledger.Stats(); !strings.HasPrefix(s.StoreFault, row.fault) {
			t.Errorf("got %+v", s)
		}
		if n := strings.Count(log.String(), "kept in memory only"); n != map[bool]int{true: 1, false: 0}[row.log != ""] || !strings.Contains(log.String(), row.log) {
			t.Errorf("it is said %d times: %s", n, log.String())
		}
	}
}

func TestPeersAsTheLedgerSeesThem(t *testing.T) {
	now := time.Now()
	for _, row := range []struct {
		name string
		peer amisync.Peer
		want ledger.Peer
	}{
		{"not registered", amisync.Peer{Kind: amisync.PJSIP, Name: "a", State: amisync.Offline, Detail: "Unavailable"},
			ledger.Peer{Endpoint: "a", Detail: "Unavailable", RoundTrip: -1}},
		{"the contact that registered last", amisync.Peer{Kind: amisync.PJSIP, Name: "a", State: amisync.Online, Contacts: []amisync.Contact{
			{URI: "sip:a@192.0.2.1:5060;transport=udp", RegisteredAt: now.Add(-time.Hour), RoundTrip: -1},
			{URI: "sip:a@[2001:db8::1]:5061", RegisteredAt: now, Since: now, RoundTrip: time.Millisecond, UserAgent: "phone"}}},
			ledger.Peer{Endpoint: "a", Registered: true, RegisteredAt: now, RegisteredSince: now, Contact: "sip:a@[2001:db8::1]:5061", Address: "2001:db8::1",
				RoundTrip: time.Millisecond, UserAgent: "phone"}},
		{"the contact's event came before the peer's", amisync.Peer{Kind: amisync.PJSIP, Name: "a", State: amisync.Offline, Contacts: []amisync.Contact{
			{URI: "sip:a@192.0.2.1", Status: "NonQualified", RegisteredAt: now, RoundTrip: -1}}},
			ledger.Peer{Endpoint: "a", Registered: true, RegisteredAt: now, Contact: "sip:a@192.0.2.1", Address: "192.0.2.1", RoundTrip: -1}},
		{"the contact that answers", amisync.Peer{Kind: amisync.PJSIP, Name: "a", State: amisync.Online, Contacts: []amisync.Contact{
			{URI: "sip:a@192.0.2.1", Status: "Unreachable", RegisteredAt: now, RoundTrip: -1},
			{URI: "sip:a@192.0.2.2", Status: "Reachable", RegisteredAt: now.Add(-time.Hour), RoundTrip: -1},
			{URI: "sip:a@192.0.2.3", Status: "Unreachable", RegisteredAt: now, RoundTrip: -1}}},
			ledger.Peer{Endpoint: "a", Registered: true, RegisteredAt: now.Add(-time.Hour), Contact: "sip:a@192.0.2.2", Address: "192.0.2.2", RoundTrip: -1}},
		{"a fixed address that does not answer", amisync.Peer{Kind: amisync.PJSIP, Name: "a", State: amisync.Offline, Contacts: []amisync.Contact{{URI: "sip:a@192.0.2.1", RoundTrip: -1}}},
			ledger.Peer{Endpoint: "a", Contact: "sip:a@192.0.2.1", Address: "192.0.2.1", RoundTrip: -1}},
		{"chan_sip", amisync.Peer{Kind: amisync.SIP, Name: "a", State: amisync.Online, Address: "192.0.2.1:5060", RegisteredAt: now, RoundTrip: -1},
			ledger.Peer{Endpoint: "a", Registered: true, RegisteredAt: now, Contact: "192.0.2.1:5060", Address: "192.0.2.1", RoundTrip: -1}},
		{"chan_sip, not registered", amisync.Peer{Kind: amisync.SIP, Name: "a", State: amisync.Offline}, ledger.Peer{Endpoint: "a", RoundTrip: -1}},
	} {
		if got := peerOf("", row.peer); got != row.want {
			t.Errorf("%s: got %+v, want %+v", row.name, got, row.want)
		}
	}
	for uri, want := range map[string]string{"sip:a@192.0.2.1": "192.0.2.1", "sip:192.0.2.1:5060": "192.0.2.1", "sips:a@[2001:db8::1];x=y": "2001:db8::1",
		"sip:a%40b@phone.test:5060": "phone.test", "nonsense": "", "": ""} {
		if got := hostOf(contactHost(uri)); got != want {
			t.Errorf("%q: got %q, want %q", uri, got, want)
		}
	}
}
