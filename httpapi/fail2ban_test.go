package httpapi

import (
	"bytes"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	fail2banFilter = "../deploy/fail2ban/filter.d/phoneprov.conf"
	fail2banJail   = "../deploy/fail2ban/jail.d/phoneprov.conf"
)

// newLogger returns a logger that writes to log.
type newLogger func(log io.Writer) zerolog.Logger

// logFormats are those that cmd/phoneprov writes.
var logFormats = map[string]newLogger{
	"json": func(log io.Writer) zerolog.Logger { return testLog(log).With().Timestamp().Logger() },
	"console": func(log io.Writer) zerolog.Logger {
		return zerolog.New(zerolog.ConsoleWriter{Out: io.MultiWriter(log, secrets.Stream("a log for people")), TimeFormat: time.DateTime, NoColor: true}).With().Timestamp().Logger()
	},
}

// banned runs the real fail2ban-regex over a log and returns the addresses that the filter found, in order.
func banned(t *testing.T, log string) (found []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "phoneprov.log")
	testkit.Write(t, path, log)
	cmd := exec.Command("fail2ban-regex", "--usedns=no", "--out=ip", path, fail2banFilter)
	out, err := cmd.Output()
	if err != nil && len(out) > 0 { // it ends with 1 where nothing was found
		t.Fatalf("fail2ban-regex: %v: %s", err, out)
	}
	return strings.Fields(string(out))
}

// fail2banMark is the address of a refusal between the logs of two tests that share a run of fail2ban-regex. No test's log has it.
const fail2banMark = "233.252.0.1"

// fail2banTest has a log in one format, and the addresses that the filter must find there, in order.
type fail2banTest struct {
	name, log string
	want      []string
}

// The filter finds what it should in the logs of these tests, and nothing else. fail2ban takes half a second to start,
// so that all share a run if REQUIRE_ASTERISK is not set.
func TestFail2ban(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "fail2ban-regex")
	var tests []fail2banTest
	for format, logger := range logFormats {
		for name, logOf := range map[string]func(*testing.T, newLogger) (string, []string){
			"each refusal": logOfRefusals, "each reason": logOfReasons, "forgeries": logOfForgeries, "a flood": logOfAFlood,
		} {
			log, want := logOf(t, logger)
			tests = append(tests, fail2banTest{name + ", " + format, log, want})
		}
	}
	check := func(t *testing.T, tt fail2banTest, got []string) {
		t.Helper()
		if !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q, of\n%.5000s", tt.name, got, tt.want, tt.log)
		}
	}
	if skips.Full(t) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) { check(t, tt, banned(t, tt.log)) })
		}
		return
	}
	var all bytes.Buffer
	for _, tt := range tests {
		all.WriteString(tt.log)
		refusal{reason: reasonNoPhone}.log(logFormats["json"](&all), fail2banMark)
	}
	got := banned(t, all.String())
	for _, tt := range tests {
		mark := slices.Index(got, fail2banMark)
		if mark < 0 {
			t.Fatalf("fail2ban-regex does not find the mark behind the log of %q: got %q", tt.name, got)
		}
		check(t, tt, got[:mark])
		got = got[mark+1:]
	}
	if len(got) > 0 {
		t.Errorf("behind all logs, fail2ban-regex finds %q", got)
	}
}

// refusals make the real handler refuse, once each, for every reason that a request can have.
func refusals(t *testing.T, log zerolog.Logger) (sources []string) {
	t.Helper()
	s := newSite(t, "", nil)
	s.Log = log
	refuse := func(source, name string, edit func(*http.Request), change ...func(*Options)) {
		o := s.Options
		for _, f := range change {
			f(&o)
		}
		from(Phones(o), source, name, edit)
		addr, _, _ := strings.Cut(strings.TrimPrefix(source, "["), "]")
		addr, _ = strings.CutSuffix(addr, ":1")
		sources = append(sources, addr)
	}
	ca := newAuthority(t)
	certificates := func(o *Options) { o.Access.Certificates = ca.server(t) }
	denied := func(o *Options) { o.Access.Rules.Deny = []device.MAC{{0x00, 0x11, 0x22, 0x33, 0x44, 0xaa}} }
	login := func(o *Options) { withDigest(t, s); o.Access.Login, s.Access.Login = s.Access.Login, nil }
	spent := func(o *Options) {
		o.Access.Unknown = &Budget{access.NewBudget(0, time.Minute), time.Minute}
	}
	hosts := func(o *Options) { o.Hosts = hostsOf(t, "phones.example") }
	const file = "0011223344aa.cfg"
	refuse("192.168.1.5:1", "0011223344bb.cfg", nil)                            // no such phone
	refuse("198.51.100.1:1", file, nil)                                         // address not allowed
	refuse("[2001:db8::2]:1", "fw.bin", nil)                                    // the same, without a MAC
	refuse("192.168.1.6:1", file, nil, denied)                                  // mac denied
	refuse("192.168.1.7:1", file, agent("Fanvil X4 2.10.2.6887 0c383e07e16c"))  // user agent of another phone
	refuse("198.51.100.3:1", file, ca.present(t, "0011223344ab"), certificates) // certificate of another phone
	refuse("198.51.100.4:1", file, ca.present(t, "nobody"), certificates)       // certificate not accepted
	refuse("[2001:db8:0:1::5]:1", file, basic(digestUser, "wrong"), login)      // wrong credentials
	refuse("198.51.100.6:1", "0011223344bb.cfg", nil, spent)                    // too many tries
	refuse("198.51.100.9:1", file, agent("Mozilla/5.0 zgrab/0.x"))              // web browser
	refuse("198.51.100.10:1", file, nil, hosts)                                 // host not served
	refuse("[::ffff:198.51.100.8]:1", file, nil)                                // an IPv4 address on an IPv6 socket
	sources[len(sources)-1] = "198.51.100.8"
	return sources
}

// logOfRefusals has each refusal twice: as in a log, and as in the journal.
func logOfRefusals(t *testing.T, logger newLogger) (string, []string) {
	var log bytes.Buffer
	want := refusals(t, logger(&log))
	var journal strings.Builder
	for line := range strings.Lines(log.String()) {
		journal.WriteString("pbx phoneprov[4711]: " + line)
	}
	return log.String() + journal.String(), slices.Concat(want, want)
}

// logOfReasons has every reason. The filter knows the words of all but one: that we are busy is nobody's fault in
// particular.
func logOfReasons(_ *testing.T, logger newLogger) (_ string, want []string) {
	reasons := []string{
		string(access.AddressRefused), string(access.NeedsCredentials), string(access.WrongCredentials), string(access.StaleNonce), string(access.OtherDevice),
		string(access.Denied), string(access.BadCertificate), string(access.OthersCert), string(access.OthersCredentials), reasonNoPhone, reasonTooMany,
		reasonBrowser, reasonHost,
		reasonMalformed, reasonHandshake,
	}
	for range reasons {
		want = append(want, "192.0.2.1", "2001:db8::1", "192.0.2.2")
	}
	var log bytes.Buffer
	for _, reason := range append(reasons, reasonBusy, string(access.ByAddress), string(access.NotByCredentials), string(access.NotByCertificate)) {
		refusal{reason: reason}.log(logger(&log), "192.0.2.1")
		refusal{reason: reason, mac: device.MAC{1}}.log(logger(&log), "2001:db8::1")
		(&api{Options: Options{Log: logger(&log)}}).logCount(zerolog.InfoLevel, &refusedSource{remote: "192.0.2.2", more: 7, refused: 1, reason: reason})
		(&api{Options: Options{Log: logger(&log)}}).logCount(zerolog.InfoLevel, &refusedSource{remote: "192.0.2.3", more: 7})
	}
	return log.String(), want
}

// logOfForgeries has the log of requests whose texts look like lines of a refusal. Nobody can have another address
// banned.
func logOfForgeries(t *testing.T, logger newLogger) (_ string, want []string) {
	now := time.Now()
	forged := []string{
		`{"level":"warn","remote":"203.0.113.9","reason":"no such phone","time":"` + now.Format(time.RFC3339) + `","message":"refused"}`,
		`","message":"refused","remote":"203.0.113.9","reason":"mac denied"}`,
		now.Format(time.DateTime) + " WRN refused reason=\"mac denied\" remote=203.0.113.9",
		`WRN refused reason="mac denied" remote=203.0.113.9`,
		`x" remote=203.0.113.9`,
		`x remote=203.0.113.9`,
		`pbx phoneprov[1]: WRN refused reason="mac denied" remote=203.0.113.9`,
	}
	var log bytes.Buffer
	s := newSite(t, "", nil)
	s.Log = logger(&log)
	h := Phones(s.Options)
	lines := 0
	for _, text := range forged {
		for _, before := range []string{"", "\n", "\r\n", "\r", "\u2028", "\u0085", "\x1b[2K\r"} {
			text := before + text
			everywhere := func(r *http.Request) {
				r.URL.Path, r.URL.RawPath = "/phoneprov/"+text, ""
				for _, name := range []string{"User-Agent", "X-Wap-Profile", "Referer", "Authorization"} {
					r.Header.Set(name, text)
				}
				r.Host, r.Method = text, "GET"
			}
			method := func(r *http.Request) { everywhere(r); r.Method = text }
			from(h, lan, "x", everywhere)
			from(h, lan, "x", method)
			from(h, internet, "x", everywhere) // is refused itself
			want = append(want, strings.TrimSuffix(internet, ":1234"))
			lines += 4
		}
	}
	if got := strings.Count(log.String(), "\n"); got != lines {
		t.Errorf("%d lines, want %d", got, lines)
	}
	return log.String(), want
}

// logOfAFlood has a flood that one source keeps up for a second. Its lines are enough to ban the source within the first
// second, and there is one more for each second after it.
func logOfAFlood(t *testing.T, logger newLogger) (_ string, want []string) {
	const maxretry = 50 // deploy/fail2ban/jail.d
	b := guard(t)
	b.Log = logger(&b.log)
	a := newAPI(b.Options)
	for i := range 1000 {
		refused := entry{client: client{addr: netip.MustParseAddr("198.51.100.7")}}
		refused.refused(reasonNoPhone, [6]byte{1, byte(i)})
		if a.volume.allow(numbered(1), "198.51.100.7", reasonNoPhone, a.counter(zerolog.InfoLevel)) {
			refused.refusal.log(a.Log, "198.51.100.7")
		}
	}
	a.volume.end(a.counter(zerolog.InfoLevel))
	want = slices.Repeat([]string{"198.51.100.7"}, sourceLines+1)
	if len(want) < maxretry {
		t.Errorf("fail2ban sees %d lines of a flood, and bans after %d", len(want), maxretry)
	}
	return b.log.String(), want
}

// fail2ban takes the filter and the jail.
func TestFail2banJail(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "fail2ban-client")
	dir := filepath.Join(t.TempDir(), "fail2ban")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	theirs, err := filepath.Glob("/etc/fail2ban/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range theirs {
		switch name := filepath.Base(path); name {
		case "filter.d", "jail.d": // ours are there, and only they: Debian's own jail needs a log of sshd
		default:
			if err := os.Symlink(path, filepath.Join(dir, name)); err != nil {
				t.Fatal(err)
			}
		}
	}
	for from, to := range map[string]string{fail2banFilter: "filter.d", fail2banJail: "jail.d"} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Join(dir, to), 0o755); err != nil {
			t.Fatal(err)
		}
		testkit.Write(t, filepath.Join(dir, to, "phoneprov.conf"), text)
	}
	out, err := exec.Command("fail2ban-client", "-c", dir, "-d", "-t").CombinedOutput() // dump and test
	if err != nil || !strings.Contains(string(out), "['add', 'phoneprov', 'systemd']") || !strings.Contains(string(out), "['start', 'phoneprov']") {
		t.Errorf("%v: %s", err, out)
	}
}
