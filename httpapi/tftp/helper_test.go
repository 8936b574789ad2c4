package tftp

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/datadirtest"
	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/deploy/testsite"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

func TestMain(m *testing.M) {
	testkit.SideBySide(8)
	goleak.VerifyTestMain(secrets.Guard(m))
}

var secrets = secrettest.New("do-not-log-me")

const (
	phoneprovConf = `[general]
default_profile = p
[p]
staticdir = static/
static_file => fw.bin,application/octet-stream
static_file => even.bin
static_file => empty.bin
${MAC}.cfg => t.cfg
${MAC} name.cfg => t.cfg
${MAC}%20x.cfg => t.cfg
${MAC}é.cfg => t.cfg
sub/${MAC}.cfg => t.cfg
/lead${MAC}.cfg => t.cfg
broken${MAC}.cfg => nowhere.cfg
[strict]
strict${MAC}.cfg => t.cfg
`
	usersConf = `[general]
[6001]
username = 6001
autoprov = yes
macaddress = 0011223344AA
secret = do-not-log-me
[6002]
username = 6002
autoprov = yes
macaddress = 0011223344AB
profile = strict
secret = do-not-log-me
`
	mac = "0011223344aa"
)

// noise returns n bytes without a pattern, so that a wrong order of blocks changes the text.
func noise(n int) string {
	text := make([]byte, n)
	x := uint32(1)
	for i := range text {
		x = x*1664525 + 1013904223
		text[i] = byte(x >> 24)
	}
	return string(text)
}

var dataFiles = map[string]string{
	"t.cfg":            "user ${USERNAME} of ${SERVER}\nurl ${PP_URL}\nsecret ${SECRET}\n",
	"static/fw.bin":    noise(300_000),
	"static/even.bin":  noise(512 * 3),
	"static/empty.bin": "",
}

// site has the Options of a Server, its log, and the answers that the Recorder got.
type site struct {
	httpapi.Options
	log             testkit.Log
	records         chan ledger.Answer
	timeout         time.Duration // wait for an acknowledgement; zero: as in the service
	shutdownTimeout time.Duration // wait for transfers at the end; zero: as in the service
}

func newSite(t testing.TB, files map[string]string) *site {
	t.Helper()
	s := &site{records: make(chan ledger.Answer, 1000)}
	s.Options = httpapi.Options{
		Prefix: "/phoneprov", Store: new(provision.Store), Renderer: provision.NewRenderer(provision.RendererOptions{Data: datadirtest.Open(t, files)}),
		Access:   httpapi.Access{Rules: access.Rules{Allow: access.DefaultAllow()}},
		Recorder: recorder(s.records), Log: zerolog.New(&s.log).Level(zerolog.DebugLevel),
	}
	return s
}

type recorder chan ledger.Answer

func (r recorder) Served(a ledger.Answer) { r <- a }

func (s *site) serve(t testing.TB, config map[string]string) *site {
	t.Helper()
	s.Store.Swap(testsite.Snapshot(t, config))
	return s
}

func plainSite(t testing.TB) *site {
	t.Helper()
	return newSite(t, dataFiles).serve(t, map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": usersConf})
}

// origin returns the URL of HTTP in the files of the tests.
func origin(local, _ netip.Addr) (scheme, host string) {
	return "http", net.JoinHostPort(local.String(), "8080")
}

// listen serves on an address of UDP until the test ends, or until the returned function is called.
func (s *site) listen(t testing.TB, address string) (at netip.AddrPort, stop func()) {
	t.Helper()
	addr, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		t.Fatal(err)
	}
	server := New(s.Options, origin)
	if s.timeout != 0 {
		server.timeout = s.timeout
	}
	if s.shutdownTimeout != 0 {
		server.shutdownTimeout = s.shutdownTimeout
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Serve(ctx, conn, s.Log) }()
	ended := false
	stop = func() {
		if ended {
			return
		}
		ended = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		secrets.Text("the log of TFTP", s.log.String())
	}
	t.Cleanup(stop)
	bound := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	return netip.AddrPortFrom(bound.Addr().Unmap(), bound.Port()), stop
}

// overHTTP returns the status and the file that a phone at 127.0.0.1 gets over HTTP.
func (s *site) overHTTP(t testing.TB, name string) (status int, body string) {
	t.Helper()
	o := s.Options
	o.Recorder, o.Log = nil, zerolog.Nop()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080/phoneprov/"+name, nil)
	r.RemoteAddr = "127.0.0.1:1"
	w := httptest.NewRecorder()
	httpapi.Phones(o).ServeHTTP(w, r)
	return w.Code, w.Body.String()
}

// client is a program of Debian that fetches and sends files.
type client struct {
	name string
	get  func(at netip.AddrPort, remote, local string) *exec.Cmd
	put  func(at netip.AddrPort, local, remote string) *exec.Cmd
}

// clients returns tftp-hpa and atftp with the options that phones use.
func clients() []client {
	hpa := func(mode string) func(netip.AddrPort, string, string) *exec.Cmd {
		return func(at netip.AddrPort, from, to string) *exec.Cmd {
			return exec.Command("tftp", "-m", mode, at.Addr().String(), itoa(at.Port()), "-c", "get", from, to)
		}
	}
	atftp := func(options ...string) func(netip.AddrPort, string, string) *exec.Cmd {
		return func(at netip.AddrPort, from, to string) *exec.Cmd {
			args := append(options, "-g", "-r", from, "-l", to, at.Addr().String(), itoa(at.Port()))
			return exec.Command("atftp", args...)
		}
	}
	hpaPut := func(at netip.AddrPort, from, to string) *exec.Cmd {
		return exec.Command("tftp", "-m", "binary", at.Addr().String(), itoa(at.Port()), "-c", "put", from, to)
	}
	atftpPut := func(at netip.AddrPort, from, to string) *exec.Cmd {
		return exec.Command("atftp", "-p", "-l", from, "-r", to, at.Addr().String(), itoa(at.Port()))
	}
	return []client{
		{"tftp-hpa", hpa("binary"), hpaPut},
		{"atftp", atftp(), atftpPut},
		{"atftp with blksize", atftp("--option", "blksize 1428"), atftpPut},
		{"atftp with tsize", atftp("--option", "tsize 0"), atftpPut},
		{"atftp with the largest block", atftp("--option", "blksize 65464", "--option", "tsize 0"), atftpPut},
	}
}

// fetch runs a client, and returns the content of its file and its output.
func fetch(t testing.TB, c client, at netip.AddrPort, name string) (content, printed string) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "file")
	cmd := c.get(at, name, to)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	_ = cmd.Run() // tftp-hpa ends with 0 whatever comes
	text, err := os.ReadFile(to)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text), out.String()
}
