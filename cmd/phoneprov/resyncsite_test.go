package main

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// resyncSite is a phoneprov that tells phones, next to a real Asterisk. The phones are sipp's.
type resyncSite struct {
	t       *testing.T
	a       *oracle.Asterisk
	v       *service
	log     *testkit.Log
	env     map[string]string // settings
	secrets map[string]string // by user
	global  string            // of pjsip.conf
}

// The phones of a resyncSite: 6001 to 6005.
const resyncPhones = 5

func resyncMAC(user string) string { return fmt.Sprintf("000413%06s", user) }

// pjsipUDP begins a pjsip.conf.
const pjsipUDP = `[udp]
type=transport
protocol=udp
bind=0.0.0.0:5060
`

// pjsipOf is a phone in pjsip.conf. aor has the options of its AOR.
func pjsipOf(user, secret, aor string) string {
	return fmt.Sprintf(`[%[1]s]
type=endpoint
transport=udp
context=default
aors=%[1]s
auth=%[1]s
[%[1]s]
type=aor
%[3]s
[%[1]s]
type=auth
auth_type=userpass
username=%[1]s
password=%[2]s
[%[1]s]
type=phoneprov
endpoint=%[1]s
MAC=%[4]s
PROFILE=p
`, user, secret, aor, resyncMAC(user))
}

// pjsip is the pjsip.conf of the site as it is now.
func (s *resyncSite) pjsip() string {
	text := "[global]\ntype=global\n" + s.global + "\n" + pjsipUDP + "[out]\ntype=endpoint\ntransport=udp\ncontext=default\n"
	for i := range resyncPhones {
		user := fmt.Sprint(6001 + i)
		text += pjsipOf(user, s.secrets[user], "max_contacts=3")
	}
	return text
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
	s.start(ini)
	return s
}

// start runs phoneprov next to the site's Asterisk.
func (s *resyncSite) start(ini string) {
	s.t.Helper()
	s.env = map[string]string{
		"PHONEPROV_ASTERISK_CONFIG_DIR": s.a.ConfigDir, "PHONEPROV_ASTERISK_DATA_DIR": s.a.DataDir,
		"PHONEPROV_AMI_ADDRESS": s.a.AMI, "PHONEPROV_AMI_USERNAME": oracle.User, "PHONEPROV_AMI_SECRET": oracle.Secret,
		"PHONEPROV_HTTP_LISTEN": "127.0.0.1:0", "PHONEPROV_ADMIN_LISTEN": "127.0.0.1:0",
	}
	s.v, s.log = runService(s.t, s.env, ini)
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

var notifyHeader = map[string]*regexp.Regexp{
	"Call-ID": regexp.MustCompile(`(?mi)^Call-ID: ([^\r\n]+)\r?\n`),
	"Event":   regexp.MustCompile(`(?mi)^Event: ([^\r\n]+)\r?\n`),
}

// notified returns the events of the NOTIFYs that reached the phone. A NOTIFY that Asterisk sends again, because the
// answer came late, counts once.
func (p *phone) notified() (events []string) {
	text, _ := os.ReadFile(p.messages)
	seen := map[string]bool{}
	for _, message := range strings.Split(string(text), "NOTIFY sip:")[1:] {
		id, event := notifyHeader["Call-ID"].FindStringSubmatch(message), notifyHeader["Event"].FindStringSubmatch(message)
		if id != nil && event != nil && !seen[id[1]] { // the last one may be half written
			seen[id[1]] = true
			events = append(events, event[1])
		}
	}
	return events
}

// fetch is the phone's, which a make that listens to NOTIFY does by itself.
func (p *phone) fetch() string {
	p.s.t.Helper()
	req, err := http.NewRequest("GET", "http://"+p.s.v.phones.Addr().String()+"/phoneprov/"+resyncMAC(p.user)+".cfg", nil)
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

const snomAgent = "snomD785/10.1.33.33"

// check returns what phoneprov check says.
func (s *resyncSite) check() string {
	var out strings.Builder
	run(s.t.Context(), []string{"check"}, func(name string) (string, bool) { v, ok := s.env[name]; return v, ok }, strings.NewReader(""), &out, &out)
	return out.String()
}
