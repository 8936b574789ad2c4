package httpapi

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	fail2banFilter = "../deploy/fail2ban/filter.d/phoneprov.conf"
	fail2banJail   = "../deploy/fail2ban/jail.d/phoneprov.conf"
)

// logFormats are those that cmd/phoneprov writes.
var logFormats = map[string]func(log io.Writer) zerolog.Logger{
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

func TestFail2banFilter(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "fail2ban-regex")
	for format, logger := range logFormats {
		t.Run(format, func(t *testing.T) {
			var log bytes.Buffer
			want := refusals(t, logger(&log))
			var journal strings.Builder
			for line := range strings.Lines(log.String()) {
				journal.WriteString("pbx phoneprov[4711]: " + line)
			}
			// One run for both: fail2ban takes half a second to start.
			if got := banned(t, log.String()+journal.String()); !slices.Equal(got, slices.Concat(want, want)) {
				t.Errorf("got %q, want twice %q, for the log and for the journal, of\n%s", got, want, &log)
			}
		})
	}
}

// The filter knows the words of every refusal but one: that we are busy is nobody's fault in particular.
func TestFail2banKnowsAllReasons(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "fail2ban-regex")
	reasons := []string{
		string(access.AddressRefused), string(access.NeedsCredentials), string(access.WrongCredentials), string(access.StaleNonce), string(access.OtherDevice),
		string(access.Denied), string(access.BadCertificate), string(access.OthersCert), string(access.OthersCredentials), reasonNoPhone, reasonTooMany,
		reasonBrowser, reasonHost,
		reasonMalformed, reasonHandshake,
	}
	for format, logger := range logFormats {
		var log bytes.Buffer
		for _, reason := range append(reasons, reasonBusy, string(access.ByAddress), string(access.NotByCredentials), string(access.NotByCertificate)) {
			refusal{reason: reason}.log(logger(&log), "192.0.2.1")
			refusal{reason: reason, mac: device.MAC{1}}.log(logger(&log), "2001:db8::1")
			(&api{Options: Options{Log: logger(&log)}}).logCount(zerolog.InfoLevel, &refusedSource{remote: "192.0.2.2", more: 7, refused: 1, reason: reason})
			(&api{Options: Options{Log: logger(&log)}}).logCount(zerolog.InfoLevel, &refusedSource{remote: "192.0.2.3", more: 7})
		}
		if got := len(banned(t, log.String())); got != 3*len(reasons) {
			t.Errorf("%s: %d lines of %d are found:\n%s", format, got, 3*len(reasons), &log)
		}
	}
}

// Nobody can have another address banned.
func TestFail2banCannotBeFooled(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "fail2ban-regex")
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
	for format, logger := range logFormats {
		t.Run(format, func(t *testing.T) {
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
					lines += 4
				}
			}
			if got := strings.Count(log.String(), "\n"); got != lines {
				t.Errorf("%d lines, want %d", got, lines)
			}
			got := banned(t, log.String())
			if len(got) != lines/4 || slices.ContainsFunc(got, func(a string) bool { return a+":1234" != internet }) {
				t.Errorf("got %q of\n%.900s", got, &log)
			}
		})
	}
}

// fail2ban takes the filter and the jail.
func TestFail2banJail(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "fail2ban-client")
	dir := filepath.Join(t.TempDir(), "fail2ban")
	if err := os.CopyFS(dir, os.DirFS("/etc/fail2ban")); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(dir, "jail.d")); err != nil { // Debian's own needs a log of sshd
		t.Fatal(err)
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
	if out, err := exec.Command("fail2ban-client", "-c", dir, "-t").CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	out, err := exec.Command("fail2ban-client", "-c", dir, "-d").CombinedOutput()
	if err != nil || !strings.Contains(string(out), "['add', 'phoneprov', 'systemd']") || !strings.Contains(string(out), "['start', 'phoneprov']") {
		t.Errorf("%v: %s", err, out)
	}
}
