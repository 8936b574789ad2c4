package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// resyncSite is a phoneprov that tells phones, next to a real Asterisk. The phones are sipp's.
type resyncSite struct {
	t       *testing.T
	a       *oracle.Asterisk
	v       *service
	log     *testkit.Log
	secrets map[string]string // by user
	global  string            // of pjsip.conf
}

// The phones of a resyncSite: 6001 to 6005.
const resyncPhones = 5

func resyncMAC(user string) string { return "00041300" + user }

// pjsip is the pjsip.conf of the site as it is now.
func (s *resyncSite) pjsip() string {
	var b strings.Builder
	b.WriteString("[global]\ntype=global\n" + s.global + "\n[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0:5060\n[out]\ntype=endpoint\ntransport=udp\ncontext=default\n")
	for i := range resyncPhones {
		user := fmt.Sprint(6001 + i)
		fmt.Fprintf(&b, "[%s]\ntype=endpoint\ntransport=udp\ncontext=default\naors=%[1]s\nauth=%[1]s\n[%[1]s]\ntype=aor\nmax_contacts=3\n"+
			"[%[1]s]\ntype=auth\nauth_type=userpass\nusername=%[1]s\npassword=%[2]s\n[%[1]s]\ntype=phoneprov\nendpoint=%[1]s\nMAC=%[3]s\nPROFILE=p\n", user, s.secrets[user], resyncMAC(user))
	}
	return b.String()
}

func newResyncSite(t *testing.T, suite string) *resyncSite {
	oracle.NeedProgram(t, "sipp")
	s := &resyncSite{t: t, secrets: map[string]string{}}
	for i := range resyncPhones {
		s.secrets[fmt.Sprint(6001+i)] = fmt.Sprintf("secret-%d-a", 6001+i)
	}
	s.a = oracle.Start(t, oracle.Options{Suite: suite, Files: map[string]string{
		"pjsip.conf": s.pjsip(), "phoneprov.conf": "[general]\n[p]\n${MAC}.cfg => t.cfg\n",
		"manager.conf": "[general]\nenabled=yes\nbindaddr=0.0.0.0\nport=5038\n[" + oracle.User + "]\nsecret=" + oracle.Secret +
			"\ndeny=0.0.0.0/0.0.0.0\npermit=0.0.0.0/0.0.0.0\nread=system,call\nwrite=system,reporting\n", // the least rights
	}})
	s.a.WriteData(t, "t.cfg", "user ${USERNAME} ${SECRET}\n")
	ini := filepath.Join(t.TempDir(), "phoneprov.ini")
	testkit.Write(t, ini, "[resync]\nmode = notify\nspread = 1s\n[resync Snom]\nwithin = 10s\n")
	s.v, s.log = runService(t, map[string]string{
		"PHONEPROV_ASTERISK_CONFIG_DIR": s.a.ConfigDir, "PHONEPROV_ASTERISK_DATA_DIR": s.a.DataDir,
		"PHONEPROV_AMI_ADDRESS": s.a.AMI, "PHONEPROV_AMI_USERNAME": oracle.User, "PHONEPROV_AMI_SECRET": oracle.Secret,
		"PHONEPROV_HTTP_LISTEN": "127.0.0.1:0", "PHONEPROV_ADMIN_LISTEN": "127.0.0.1:0",
	}, ini)
	return s
}

// reload has Asterisk and phoneprov read what is written.
func (s *resyncSite) reload() {
	s.t.Helper()
	s.a.Write(s.t, "pjsip.conf", s.pjsip())
	s.a.CLI(s.t, "core reload")
}

// phone is one of sipp's.
type phone struct {
	s        *resyncSite
	user     string
	agent    string
	port     int
	messages string // file of what it got and sent
	file     string // that it fetches; empty: by its user
}

// phone starts one that answers NOTIFY, or does what another scenario says.
func (s *resyncSite) phone(user, agent, scenario string) *phone {
	s.t.Helper()
	p := &phone{s: s, user: user, agent: agent, port: freeUDP(s.t), messages: filepath.Join(s.t.TempDir(), "messages")}
	cmd := exec.Command("sipp", "-sf", filepath.Join("testdata", "sipp", scenario+".xml"), "-i", s.host(), "-p", fmt.Sprint(p.port), "-nostdin",
		"-trace_msg", "-message_file", p.messages, "-message_overwrite", "false", "-aa")
	cmd.Env = append(os.Environ(), "TERM=dumb")
	if err := cmd.Start(); err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		_ = cmd.Process.Kill() // it ends with the test
		_ = cmd.Wait()
	})
	return p
}

// host is the address of this host on the network of the container.
func (s *resyncSite) host() string {
	s.t.Helper()
	conn, err := net.Dial("udp", s.a.IP+":5060")
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).IP.String()
}

// freeUDP is a port that nobody listens on.
func freeUDP(t *testing.T) int {
	t.Helper()
	conn, err := net.ListenPacket("udp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return conn.LocalAddr().(*net.UDPAddr).Port
}

// register registers the phone with the secret that it has; 0 ends the registration.
func (p *phone) register(secret string, expires int) {
	p.s.t.Helper()
	cmd := exec.Command("sipp", p.s.a.IP+":5060", "-sf", "testdata/sipp/register.xml", "-i", p.s.host(), "-p", fmt.Sprint(freeUDP(p.s.t)), "-m", "1", "-nostdin",
		"-s", p.user, "-au", p.user, "-ap", secret, "-key", "contact_at", fmt.Sprintf("%s:%d", p.s.host(), p.port), "-key", "agent", p.agent, "-key", "expires", fmt.Sprint(expires),
		"-timeout", "60", "-timeout_error")
	cmd.Env = append(os.Environ(), "TERM=dumb")
	if out, err := cmd.CombinedOutput(); err != nil {
		p.s.t.Fatalf("register %s: %v: %s", p.user, err, out)
	}
}

var notifyEvent = regexp.MustCompile(`(?ms)^NOTIFY sip:.*?^Event: ([^\r\n]*)`)

// notified are the events of the NOTIFYs that reached the phone.
func (p *phone) notified() (events []string) {
	text, _ := os.ReadFile(p.messages)
	for _, m := range notifyEvent.FindAllStringSubmatch(string(text), -1) {
		events = append(events, m[1])
	}
	return events
}

// fetch is the phone's, which a make that listens to NOTIFY does by itself.
func (p *phone) fetch() string {
	p.s.t.Helper()
	req, err := http.NewRequest("GET", "http://"+p.s.v.phones.Addr().String()+"/phoneprov/"+cmp.Or(p.file, resyncMAC(p.user)+".cfg"), nil)
	if err != nil {
		p.s.t.Fatal(err)
	}
	req.Header.Set("User-Agent", p.agent)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.s.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		p.s.t.Fatalf("%s: %s %v", p.user, resp.Status, err)
	}
	return string(body)
}

// wait waits until the ledger says something of the phone.
func (p *phone) wait(what string, holds func(ledger.Phone) bool) ledger.Phone {
	p.s.t.Helper()
	var now ledger.Phone
	testkit.WaitFor(p.s.t, func() error {
		if now, _ = p.s.v.ledger.Phone(resyncMAC(p.user)); !holds(now) {
			return fmt.Errorf("%s: %s: state %q, %q, untold %q, evidence %+v", p.user, what, now.State, now.Reason, now.Untold, now.Evidence)
		}
		return nil
	})
	return now
}

func (p *phone) is(state ledger.State) ledger.Phone {
	p.s.t.Helper()
	return p.wait(string(state), func(now ledger.Phone) bool { return now.State == state })
}

// ready has the phone fetch and register.
func (p *phone) ready() {
	p.s.t.Helper()
	p.fetch()
	p.register(p.s.secrets[p.user], 3600)
	p.wait("registered", func(now ledger.Phone) bool { return now.State == ledger.UpToDate && now.Evidence.Registered })
}

// manyPhones is how many phones change at once in TestResyncMany.
const manyPhones, fewPhones = 2000, 100

// TestResyncMany is of many phones that change at once: they are told at the rate of the settings, and no fetch is lost.
func TestResyncMany(t *testing.T) {
	n, rate := skips.Size(t, manyPhones, fewPhones), 50
	s := &resyncSite{t: t}
	oracle.NeedProgram(t, "sipp")
	pjsip := func(secret string) string {
		var b strings.Builder
		b.WriteString("[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0:5060\n")
		for i := range n {
			fmt.Fprintf(&b, "[%[1]d]\ntype=endpoint\ntransport=udp\ncontext=default\naors=%[1]d\nauth=%[1]d\n[%[1]d]\ntype=aor\nmax_contacts=1\nremove_existing=yes\n"+
				"[%[1]d]\ntype=auth\nauth_type=userpass\nusername=%[1]d\npassword=%[2]s\n[%[1]d]\ntype=phoneprov\nendpoint=%[1]d\nMAC=0004130%05[3]d\nPROFILE=p\n", 10000+i, secret, i)
		}
		return b.String()
	}
	s.a = oracle.Start(t, oracle.Options{Files: map[string]string{"pjsip.conf": pjsip("secret-60-a"), "phoneprov.conf": "[general]\n[p]\n${MAC}.cfg => t.cfg\n"}})
	s.a.WriteData(t, "t.cfg", "user ${USERNAME} ${SECRET}\n")
	ini := filepath.Join(t.TempDir(), "phoneprov.ini")
	testkit.Write(t, ini, fmt.Sprintf("[resync]\nmode = notify\nspread = 1s\nrate = %d\nlimit = 0\n[resync Snom]\nwithin = 1h\n", rate))
	s.v, s.log = runService(t, map[string]string{
		"PHONEPROV_ASTERISK_CONFIG_DIR": s.a.ConfigDir, "PHONEPROV_ASTERISK_DATA_DIR": s.a.DataDir,
		"PHONEPROV_AMI_ADDRESS": s.a.AMI, "PHONEPROV_AMI_USERNAME": oracle.User, "PHONEPROV_AMI_SECRET": oracle.Secret,
		"PHONEPROV_HTTP_LISTEN": "127.0.0.1:0", "PHONEPROV_ADMIN_LISTEN": "127.0.0.1:0",
	}, ini)
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
	fetched, began := map[string]bool{}, time.Time{}
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
			one(i - 10000).fetch()
		}
	}
	took := time.Since(began)
	if least := time.Duration(n/rate) * time.Second / 2; took < least { // half: what came late came together
		t.Errorf("%d phones were told in %v, and the rate is %d a second", n, took, rate)
	}
	testkit.Eventually(t, "all have fetched what is new", func() bool { return s.v.ledger.Counts()[ledger.UpToDate] == n })
	t.Logf("%d phones in %v", n, took)
}

var notifyUser = regexp.MustCompile(`(?m)^NOTIFY sip:(\d+)@`)

const snomAgent = "snomD785/10.1.33.33"

func TestResync(t *testing.T) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			s := newResyncSite(t, suite)
			var phones []*phone
			for i := range 3 {
				p := s.phone(fmt.Sprint(6001+i), snomAgent, "notified")
				p.ready()
				phones = append(phones, p)
			}
			t.Log("one secret of three phones is changed")
			s.secrets["6002"] = "secret-6002-b"
			s.reload()
			second := phones[1]
			testkit.Eventually(t, "the phone is notified", func() bool { return len(second.notified()) == 1 })
			now := second.is(ledger.Told)
			if got := second.notified(); got[0] != "check-sync;reboot=false" || now.Told == nil || now.Told.Answer != "NOTIFY sent" ||
				now.Told.How != "NOTIFY check-sync;reboot=false to pjsip endpoint 6002" {
				t.Errorf("got %q, %+v", got, now.Told)
			}
			if body := second.fetch(); !strings.Contains(body, "secret-6002-b") {
				t.Errorf("it fetched an old file")
			}
			second.is(ledger.UpToDate)
			second.register("secret-6002-b", 0) // it begins anew with the new secret, as phones do
			second.register("secret-6002-b", 3600)
			second.wait("registered since the fetch", func(p ledger.Phone) bool {
				return p.Evidence.RegisteredSinceFetch != nil && *p.Evidence.RegisteredSinceFetch
			})
			for _, other := range []*phone{phones[0], phones[2]} {
				if got := other.notified(); got != nil {
					t.Errorf("%s got %q", other.user, got)
				}
			}
			history, err := s.v.ledger.History(resyncMAC("6002"))
			var kinds []string
			for _, e := range history {
				kinds = append([]string{strings.TrimSpace(string(e.Kind) + " " + string(e.To))}, kinds...)
			}
			if got := strings.Join(kinds, ", "); err != nil || !strings.Contains(got, "changed, state change_waiting, told, state told, fetched, state up_to_date") {
				t.Errorf("history: %s (%v)", got, err)
			}
			t.Run("not registered, then registering", func(t *testing.T) { s.registersLater(t, phones[2]) })
			t.Run("in a call", func(t *testing.T) { s.inCall(t) })
			t.Run("two contacts", func(t *testing.T) { s.twoContacts(t, phones[0]) })
			t.Run("by command", func(t *testing.T) { s.byCommand(t, second) })
			t.Run("from the CLI", func(t *testing.T) { s.fromCLI(t, second) })
			t.Run("Asterisk is killed", func(t *testing.T) { s.killed(t, second) })
		})
	}
}

// registersLater is of a phone that is away when its file changes, and never fetches: it is told when it registers, and once more.
func (s *resyncSite) registersLater(t *testing.T, p *phone) {
	p.register(s.secrets[p.user], 0)
	p.wait("unregistered", func(now ledger.Phone) bool { return !now.Evidence.Registered })
	s.secrets[p.user] = "secret-" + p.user + "-c"
	s.reload()
	p.wait("waits", func(now ledger.Phone) bool {
		return now.State == ledger.ChangeWaiting && now.Untold == "not registered"
	})
	p.register(s.secrets[p.user], 3600)
	testkit.Eventually(t, "it is told", func() bool { return len(p.notified()) == 1 })
	now := p.is(ledger.NoReaction)
	if n := p.notified(); len(n) != 2 || now.Told.Tries != 2 || !strings.Contains(now.Reason, "NOTIFY check-sync;reboot=false to pjsip endpoint "+p.user+", and once before: NOTIFY sent") {
		t.Errorf("got %d, %+v, %q", len(n), now.Told, now.Reason)
	}
	p.fetch()
	p.is(ledger.UpToDate)
}

// inCall is of a phone that rings: it is told when that ends.
func (s *resyncSite) inCall(t *testing.T) {
	p := s.phone("6004", snomAgent, "ringing")
	p.ready()
	s.a.CLI(t, "channel originate PJSIP/6004 application Wait 1000")
	testkit.Eventually(t, "it rings", func() bool { e, _ := s.v.sync.Known("6004"); return e.InCall })
	s.secrets[p.user] = "secret-6004-b"
	s.reload()
	p.wait("waits for the end of the call", func(now ledger.Phone) bool {
		return now.State == ledger.ChangeWaiting && strings.HasPrefix(now.Untold, "a call is up on 6004")
	})
	s.a.CLI(t, "channel request hangup all")
	p.is(ledger.Told)
	testkit.Eventually(t, "it is notified", func() bool { return len(p.notified()) > 0 })
}

// twoContacts is of an AOR with two: nobody is told where Asterisk cannot send to one of them, and then exactly the phone's.
func (s *resyncSite) twoContacts(t *testing.T, p *phone) {
	other := s.phone(p.user, "Linphonec/5.1.65", "notified")
	other.register(s.secrets[p.user], 3600)
	testkit.Eventually(t, "both are known", func() bool { e, _ := s.v.sync.Known(p.user); return len(e.Contacts) == 2 })
	s.a.CLI(t, "module reload phoneprov") // which reads their User-Agents
	s.secrets[p.user] = "secret-" + p.user + "-b"
	s.reload()
	p.wait("cannot be singled out", func(now ledger.Phone) bool {
		return strings.HasPrefix(now.Untold, "cannot be singled out: "+p.user+" has 2 contacts; name an endpoint in default_outbound_endpoint")
	})
	s.global = "default_outbound_endpoint=out"
	s.reload()
	testkit.Eventually(t, "pjsip.conf names an endpoint for URIs", func() bool { return s.v.sync.Outbound() == "out" })
	s.secrets[p.user] = "secret-" + p.user + "-c"
	s.reload()
	testkit.Eventually(t, "the phone is notified", func() bool { return len(p.notified()) > 0 })
	now := p.wait("told", func(now ledger.Phone) bool { return now.Told != nil }) // the phone may have it before the ledger
	if got := other.notified(); got != nil || !strings.Contains(now.Told.How, fmt.Sprintf(":%d", p.port)) {
		t.Errorf("the other contact got %q: %+v", got, now.Told)
	}
	p.fetch()
	p.is(ledger.UpToDate)
}

// byCommand is of phoneprov notify, over the admin address.
func (s *resyncSite) byCommand(t *testing.T, p *phone) {
	before := len(p.notified())
	command := func(args ...string) (string, string, int) {
		var stdout, stderr strings.Builder
		code := run(t.Context(), append([]string{"notify"}, args...), func(name string) (string, bool) {
			switch name {
			case "PHONEPROV_ADMIN_LISTEN":
				return s.v.admin.Addr().String(), true
			case "PHONEPROV_AMI_SECRET":
				return "unused", true
			}
			return "", false
		}, strings.NewReader(""), &stdout, &stderr)
		return stdout.String(), stderr.String(), code
	}
	for _, tt := range []struct {
		args           []string
		stdout, stderr string // parts
		code           int
	}{
		{[]string{"--dry-run", resyncMAC(p.user)}, ": would be told: NOTIFY check-sync;reboot=false to pjsip endpoint 6002, reboots: no\n1 of 1 phone\n", "", 0},
		{[]string{"--dry-run", "--profile", "p"}, " of 5 phones\n", "", 0},
		{[]string{resyncMAC("6005")}, ": not told: not registered\n0 of 1 phone\n", "", 1},
		{[]string{"000000000000"}, "", "there is no such phone", 1},
		{[]string{"--state", "stale"}, "", `there is no state "stale"`, 1},
		{[]string{"--confirm"}, "", "nothing is held", 1},
		{nil, "", "name phones by their MACs", 1},
		{[]string{resyncMAC(p.user), "--reboot"}, "told: NOTIFY check-sync;reboot=true to pjsip endpoint 6002, reboots: yes\n1 of 1 phone\n", "", 0},
	} {
		stdout, stderr, code := command(tt.args...)
		if code != tt.code || !strings.Contains(stdout, tt.stdout) || !strings.Contains(stderr, tt.stderr) {
			t.Errorf("notify %q: got %d, %q, %q", tt.args, code, stdout, stderr)
		}
	}
	testkit.Eventually(t, "it is told to reboot", func() bool {
		got := p.notified()
		return len(got) == before+1 && got[before] == "check-sync;reboot=true"
	})
}

// fromCLI is of commands at the Asterisk CLI, as cli_aliases.conf has them.
func (s *resyncSite) fromCLI(t *testing.T, p *phone) {
	before := len(p.notified())
	s.a.CLI(t, "module reload "+strings.ToUpper(resyncMAC(p.user))) // without the word before it this is nothing of ours
	s.a.CLI(t, "module reload phoneprov-notify")
	s.a.CLI(t, "module reload phoneprov-notify "+resyncMAC(p.user))
	testkit.Eventually(t, "it is told", func() bool { return len(p.notified()) == before+1 })
	p.is(ledger.UpToDate)
}

// killed is of an Asterisk that ends between a NOTIFY and the fetch: the fetch counts.
func (s *resyncSite) killed(t *testing.T, p *phone) {
	before := len(p.notified())
	s.secrets[p.user] = "secret-" + p.user + "-d"
	s.reload()
	testkit.Eventually(t, "it is told", func() bool { return len(p.notified()) > before })
	p.is(ledger.Told)
	s.a.Kill(t)
	if body := p.fetch(); !strings.Contains(body, s.secrets[p.user]) {
		t.Error("it fetched an old file")
	}
	p.is(ledger.UpToDate)
	s.a.Boot(t)
	testkit.Eventually(t, "phoneprov is connected again", func() bool {
		_, err := s.v.notifier.ByHand(t.Context(), notify.Request{All: true, DryRun: true})
		return err == nil && s.v.sync.Status().Connected
	})
	p.is(ledger.UpToDate)
}
