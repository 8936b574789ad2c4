package amisync

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

func forSuites(t *testing.T, f func(t *testing.T, a *oracle.Asterisk, suite string)) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			f(t, oracle.Start(t, oracle.Options{Suite: suite, Files: oracleFiles}), suite)
		})
	}
}

// TestAsterisk uses a real Asterisk. Each part begins with the configuration above.
func TestAsterisk(t *testing.T) {
	forSuites(t, func(t *testing.T, a *oracle.Asterisk, suite string) {
		t.Run("login", func(t *testing.T) { testLogin(t, a) })
		t.Run("rights", func(t *testing.T) { testRights(t, a) })
		t.Run("config", func(t *testing.T) { testConfig(t, a) })
		t.Run("live", func(t *testing.T) { testLive(t, a) })
		t.Run("fake", func(t *testing.T) { testFake(t, a, suite) })
		t.Run("ask", func(t *testing.T) { testAsk(t, a) })
		t.Run("reload", func(t *testing.T) { testReload(t, a, suite) })
		t.Run("register", func(t *testing.T) { testRegister(t, a) })
		t.Run("kill", func(t *testing.T) { testKill(t, a) })
		t.Run("ask while it restarts", func(t *testing.T) { testAskRestart(t, a) })
	})
}

func testLogin(t *testing.T, a *oracle.Asterisk) {
	tt := testTarget(t, a.AMI)
	tt.Secret = "wrong"
	_, err := ami.Connect(testkit.Within(t, testkit.Patience), tt, nil)
	var refused *ami.LoginError
	if want := `asterisk refused the login of user "phoneprov": Authentication failed`; !errors.As(err, &refused) || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	tt = testTarget(t, a.AMI)
	tt.Username = "nothing"
	c, err := ami.Connect(testkit.Within(t, testkit.Patience), tt, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	_, err = getConfig(testkit.Within(t, testkit.Patience), c, "", "users.conf", "")
	if want := `asterisk does not permit GetConfig to user "nothing": see its write= in manager.conf`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if _, err := c.Do(testkit.Within(t, testkit.Patience), "Ping", nil); err != nil {
		t.Error(err)
	}
}

// wholeConfig compares what files and categories have, however they keep it.
var wholeConfig = cmp.Options{wholeCategories, cmpopts.IgnoreUnexported(astconf.File{}), cmpopts.EquateEmpty()}

var wholeCategories = cmp.Transformer("category", func(c *astconf.Category) any {
	return struct {
		Name  string
		Pos   astconf.Pos
		Bases []string
		Vars  []astconf.Var
	}{c.Name, c.Pos, c.Bases, slices.Collect(c.Vars())}
})

// Both sources of the configuration return the same.
func testConfig(t *testing.T, a *oracle.Asterisk) {
	long := "v" + strings.Repeat("v", 8150) // a line of 8192 bytes and those beside it, which amigo cuts
	var b strings.Builder
	for n := range 40 {
		fmt.Fprintf(&b, "[c%d]\nk=%s\n", n, long[:len(long)-n])
	}
	a.Write(t, "phoneprov_users.conf", b.String())
	defer a.Exec(t, "rm", "/etc/asterisk/phoneprov_users.conf")
	c := mustConnect(t, a.AMI, nil)
	got, err := readConfig(testkit.Within(t, testkit.Patience), c, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	want, err := (&Service{o: Options{ConfigDir: a.ConfigDir}}).loadFiles(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	delete(want, provision.ExtConfigFile) // Asterisk follows it itself
	if d := cmp.Diff(want, got, wholeConfig, cmpopts.IgnoreFields(astconf.Pos{}, "Line"), cmpopts.IgnoreFields(astconf.File{}, "Sources", "Dirs", "Warnings")); d != "" {
		t.Errorf("files and GetConfig differ: %s", d)
	}
	// A dialplan that cannot be read costs its global variables, and no phone.
	a.Write(t, provision.GlobalsFile, "[a](none)\n")
	defer a.Write(t, provision.GlobalsFile, oracleFiles[provision.GlobalsFile])
	if got, err = readConfig(testkit.Within(t, testkit.Patience), c, 0, ""); err != nil {
		t.Fatal(err)
	}
	if want, err = (&Service{o: Options{ConfigDir: a.ConfigDir}}).loadFiles(t.Context()); err != nil {
		t.Fatal(err)
	}
	for source, config := range map[string]provision.Config{"ami": got, "files": want} {
		f := config[provision.GlobalsFile]
		if len(f.Categories) != 0 || len(f.Warnings) != 1 || !strings.HasPrefix(f.Warnings[0].String(), "extensions.conf: no global variables: ") {
			t.Errorf("%s: got %+v", source, f)
		}
	}
	// One that is empty is there.
	a.Write(t, "phoneprov.conf", "")
	defer a.Write(t, "phoneprov.conf", oracleFiles["phoneprov.conf"])
	if file, err := getConfig(testkit.Within(t, testkit.Patience), c, "", "phoneprov.conf", ""); err != nil || len(file.Categories) != 0 {
		t.Errorf("got %+v, %v", file, err)
	}
	a.Write(t, "broken.conf", "[a](none)\n")
	if _, err := getConfig(testkit.Within(t, testkit.Patience), c, "", "broken.conf", ""); err == nil || err.Error() != "asterisk cannot parse this file: its own log says why" {
		t.Errorf("got %v", err)
	}
}

func testLive(t *testing.T, a *oracle.Asterisk) {
	c := mustConnect(t, a.AMI, nil)
	config, err := readConfig(testkit.Within(t, testkit.Patience), c, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	live, _, err := readLive(testkit.Within(t, testkit.Patience), c, append(provision.Endpoints(config), "bare"))
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]provision.Endpoint{
		"6002": {ID: "6002", CallerID: `"A A" <6002>`, TransportID: "udp", Bind: "0.0.0.0:5070", Protocol: "udp", AuthID: "a1", Username: "u1", Password: "p=1 2"},
		"wiz":  {ID: "wiz", CallerID: `"W" <77>`, TransportID: "udp", Bind: "0.0.0.0:5070", Protocol: "udp", AuthID: "wiz-iauth", Username: "wu", Password: "wp"},
		"bare": {ID: "bare"},
	}
	if d := cmp.Diff(want, live.Endpoints, noEndpointOptions); d != "" {
		t.Error(d)
	}
	// As Asterisk writes them: yes and no are true and false, lists have blanks, and what is not set has its default.
	for endpoint, options := range map[string]map[string]string{
		"6002": {"context": "in&out", "dtmf_mode": "info", "call_group": "1, 3, 4", "callgroup": "1, 3, 4", "named_call_group": "sales, it",
			"rtp_symmetric": "true", "set_var": "A=1,B=2", "callerid": `"A A" <6002>`, "t38_udptl": "false", "100rel": "yes", "srtp_tag_32": "false"},
		"wiz":  {"context": "wiz", "dtmf_mode": "rfc4733", "auth": "wiz-iauth", "active_channels": "", "device_state": ""},
		"bare": {"context": "default", "callerid": "", "transport": ""},
	} {
		for option, want := range options {
			if got := live.Endpoints[endpoint].Options.Get(option); got != want {
				t.Errorf("%s of %s: got %q, want %q", option, endpoint, got, want)
			}
		}
	}
}

// amiserver answers like Asterisk with the same files.
func testFake(t *testing.T, a *oracle.Asterisk, suite string) {
	server, address := fake(t, oracleFiles, amiserver.Options{SIP: suite == oracle.Bullseye})
	server.Event("Event", "Reload") // nobody is there yet
	var config [2]provision.Config
	var live [2]*provision.Live
	var peers [2][]Peer
	for i, address := range []string{address, a.AMI} {
		c := mustConnect(t, address, nil)
		var err [4]error
		config[i], err[0] = readConfig(testkit.Within(t, testkit.Patience), c, 0, "")
		live[i], _, err[1] = readLive(testkit.Within(t, testkit.Patience), c, []string{"6002", "wiz", "bare", "gone"})
		peers[i], err[2] = readPeers(testkit.Within(t, testkit.Patience), c)
		_, err[3] = c.Do(testkit.Within(t, testkit.Patience), "NoSuchAction", nil)
		if err[0] != nil || err[1] != nil || err[2] != nil {
			t.Fatal(err)
		}
		if want := "asterisk answered NoSuchAction: Invalid/unknown command: NoSuchAction. Use Action: ListCommands to show available commands."; err[3] == nil || err[3].Error() != want {
			t.Errorf("got %v, want %s", err[3], want)
		}
		for j := range peers[i] {
			peers[i][j].Contacts, peers[i][j].AORs = nil, nil // the fake makes no contacts; Asterisk names no AOR it does not have
		}
	}
	if d := cmp.Diff(config[1], config[0], wholeConfig); d != "" {
		t.Errorf("config: %s", d)
	}
	if d := cmp.Diff(live[1], live[0], noEndpointOptions); d != "" {
		t.Errorf("live: %s", d)
	}
	for name, e := range live[1].Endpoints {
		for _, option := range []string{"aors", "auth", "callerid", "context", "dtmf_mode", "transport"} {
			if got, want := live[0].Endpoints[name].Options.Get(option), e.Options.Get(option); got != want {
				t.Errorf("%s of %s: the fake has %q, asterisk %q", option, name, got, want)
			}
		}
	}
	if d := cmp.Diff(peers[1], peers[0], cmpopts.EquateEmpty()); d != "" {
		t.Errorf("peers: %s", d)
	}
}

func testAsk(t *testing.T, a *oracle.Asterisk) {
	s, err := New(Options{Address: a.AMI, Username: testUser, Secret: testSecret, Log: testLog()})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	tests := map[string]string{
		"MD5(x)":                                 "9dd4e461268c8034f5c8564e155c67a6",
		`LEN(a "b\"${c} ) d)`:                    "14",
		"EVAL(  a  )":                            "  a  ",
		"BASE64_DECODE(YQpiOiBjCgpkDQpl)":        "a\nb: c\n\nd\r\ne",
		"NO_SUCH_FUNCTION(x)":                    "",
		"TOUPPER(grün)":                          "GRüN",
		"LEN(" + strings.Repeat("x", 1007) + ")": "1007",
	}
	for call, want := range tests {
		if got, err := s.Ask(t.Context(), call); err != nil || got != want {
			t.Errorf("%.60s: got %q, %v, want %q", call, got, err, want)
		}
	}
	if _, err := s.Ask(t.Context(), "LEN("+strings.Repeat("x", 1008)+")"); err == nil || errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("got %v, want a refusal", err)
	}
}

func testReload(t *testing.T, a *oracle.Asterisk, suite string) {
	r := start(t, Options{Address: a.AMI})
	testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > 0 })
	commands := []string{"core reload", "module reload res_phoneprov.so", "pjsip reload", "module reload phoneprov", "module reload res_pjsip.so"}
	for _, command := range commands {
		settled(t, r)
		before := r.Status().Syncs
		a.CLI(t, command)
		testkit.Eventually(t, "a sync after "+command, func() bool { return r.Status().Syncs > before })
		settled(t, r)
		if n := r.Status().Syncs - before; n > 2 && command != "core reload" {
			t.Errorf("%s: %d syncs, want one or two: %s", command, n, r.log.String())
		}
	}
	testkit.Eventually(t, "the fixed contact", func() bool {
		for _, p := range r.Peers() {
			if p.Name == "fixed" && len(p.Contacts) == 1 && p.Contacts[0].URI == "sip:x@127.0.0.1:9" {
				return true
			}
		}
		return false
	})
	kinds := map[Kind]bool{}
	for _, c := range r.Status().Peers {
		kinds[c.Kind] = true
	}
	if !kinds[PJSIP] || !kinds[IAX2] || kinds[SIP] != (suite == oracle.Bullseye) {
		text, _ := json.Marshal(r.Peers())
		t.Errorf("%s: got %s", suite, text)
	}
	if v := r.Status().AsteriskVersion; v == "" || r.Status().LastError != "" {
		t.Errorf("got %+v", r.Status())
	}
}

// Events show that a phone registers and unregisters, without a sync.
func testRegister(t *testing.T, a *oracle.Asterisk) {
	r := start(t, Options{Address: a.AMI})
	testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > 0 })
	settled(t, r)
	syncs := r.Status().Syncs
	is := func(state State, contacts int) func() bool {
		return func() bool {
			for _, p := range r.Peers() {
				if p.Kind == PJSIP && p.Name == "free" {
					return p.State == state && len(p.Contacts) == contacts
				}
			}
			return false
		}
	}
	testkit.Eventually(t, "the peer", is(Offline, 0))
	register(t, a.IP, 60)
	testkit.Eventually(t, "it is there", is(Online, 1))
	register(t, a.IP, 0)
	testkit.Eventually(t, "it is gone", is(Offline, 0))
	if n := r.Status().Syncs; n != syncs {
		t.Errorf("%d syncs in between", n-syncs)
	}
}

// register sends a REGISTER for the peer without a password.
func register(t *testing.T, ip string, expires int) {
	t.Helper()
	c, err := net.Dial("udp", ip+":5070")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	id := fmt.Sprint(time.Now().UnixNano())
	fmt.Fprintf(c, "REGISTER sip:%[1]s SIP/2.0\r\nVia: SIP/2.0/UDP %[2]s;branch=z9hG4bK%[3]s\r\nFrom: <sip:free@%[1]s>;tag=1\r\n"+
		"To: <sip:free@%[1]s>\r\nCall-ID: %[3]s\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\nContact: <sip:free@192.0.2.7:5060>\r\n"+
		"Expires: %[4]d\r\nContent-Length: 0\r\n\r\n", ip, c.LocalAddr(), id, expires)
	_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
	answer := make([]byte, 2048)
	n, err := c.Read(answer)
	if err != nil || !strings.HasPrefix(string(answer[:n]), "SIP/2.0 200 ") {
		t.Fatalf("REGISTER: %.60q, %v", answer[:n], err)
	}
}

// settled waits until no sync has begun for a while.
func settled(t *testing.T, r *running) {
	t.Helper()
	last, since := r.Status().Syncs, time.Now()
	testkit.Eventually(t, "rest", func() bool {
		if n := r.Status().Syncs; n != last {
			last, since = n, time.Now()
		}
		return time.Since(since) > 300*time.Millisecond
	})
}
