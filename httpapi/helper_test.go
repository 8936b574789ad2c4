package httpapi

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/datadirtest"
	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/deploy/testsite"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

func TestMain(m *testing.M) {
	if task := os.Getenv(holdEnv); task != "" {
		if err := holdConnections(task, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testkit.SideBySide(8)
	goleak.VerifyTestMain(secrets.Guard(m))
}

// secrets are those of the tests. All that is logged and every page but the phones' files is searched for them.
var secrets = secrettest.New("do-not-log-me", canary, digestPassword, digestHash(digestUser+":phoneprov:"+digestPassword), uploadBody, bootSecret)

// testLog is a log that is searched for secrets, and written to more as well.
func testLog(more ...io.Writer) zerolog.Logger {
	return zerolog.New(io.MultiWriter(append(more, secrets.Stream("a log of httpapi"))...))
}

// page has an answer searched for secrets; a file may have some.
func page(what string, status int, header http.Header, body string) {
	if status == http.StatusOK || status == http.StatusPartialContent {
		body = ""
	}
	secrets.Text(fmt.Sprintf("the answer %d to %s", status, what), fmt.Sprint(header, body))
}

// serveTest has a handler serve a recorded request, whose credentials are secrets.
func serveTest(h http.Handler, r *http.Request) *httptest.ResponseRecorder {
	for _, value := range r.Header.Values("Authorization") {
		secrets.AddHeader(value)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	status := w.Code
	if strings.HasSuffix(r.URL.Path, "z") { // healthz, readyz: never a file
		status = 0
	}
	page(r.Method+" "+r.URL.Path, status, w.Header(), w.Body.String())
	return w
}

// The configuration of the tests: the same text for us and for the real Asterisk.
const (
	phoneprovConf = `[general]
default_profile = p
[p]
mime_type = text/x-phone
staticdir = static/
static_file => fw.bin,application/octet-stream
static_file => missing.bin
${MAC}.cfg => t.cfg
${MAC} name.cfg => t.cfg
${MAC}+plus.cfg => t.cfg
${MAC}%20x.cfg => t.cfg
${MAC}é.cfg => t.cfg
sub/${MAC}.cfg => t.cfg
sub//${MAC}.cfg => t.cfg
dir/ => t.cfg
/lead${MAC}.cfg => t.cfg
hole${MAC}.cfg => nowhere.cfg
twice${MAC}.cfg => twice.cfg
`
	usersConf = `[general]
[6001]
username = 6001
autoprov = yes
macaddress = 0011223344AA
secret = do-not-log-me
`
	template = "user ${USERNAME} of ${SERVER}\n"
)

var dataFiles = map[string]string{"t.cfg": template, "twice.cfg": "${USERNAME}|${DISPLAY_NAME}", "static/fw.bin": "0123456789"}

// bench is an api over the test configuration, its log, and a way to ask it.
type bench struct {
	Options
	log testkit.Log
}

func newBench(t testing.TB) *bench {
	t.Helper()
	b := &bench{}
	b.Options = Options{
		Prefix:   "/phoneprov",
		Store:    new(provision.Store),
		Renderer: provision.NewRenderer(provision.RendererOptions{Data: openData(t)}),
		Access:   Access{Rules: access.Rules{Allow: append(access.DefaultAllow(), netip.MustParsePrefix("192.0.2.0/24"))}}, // httptest's
		Log:      testLog(&b.log).Level(zerolog.DebugLevel),
	}
	b.Store.Swap(buildFrom(t, usersConf))
	return b
}

func openData(t testing.TB) *datadir.Dir { t.Helper(); return datadirtest.Open(t, dataFiles) }

func buildFrom(t testing.TB, users string) *provision.Snapshot {
	t.Helper()
	return buildConfig(t, map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": users})
}

func buildConfig(t testing.TB, files map[string]string) *provision.Snapshot {
	t.Helper()
	return testsite.Snapshot(t, files)
}

// get asks the phones' handler.
func (b *bench) get(method, target string, header ...string) *httptest.ResponseRecorder {
	return ask(Phones(b.Options), method, target, header...)
}

// ask makes a request with headers given as name, value.
func ask(h http.Handler, method, target string, header ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return serveTest(h, r)
}

// listen serves h on loopback until the test ends.
func listen(t *testing.T, h http.Handler) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	serveUntilEnd(t, l, h)
	return l.Addr().String()
}

func serveUntilEnd(t *testing.T, l net.Listener, h http.Handler) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- serve(ctx, l, h, testLog()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
}

// rawGet sends a request target byte for byte, as no client would.
func rawGet(t *testing.T, addr, target string) (status int, body string) {
	t.Helper()
	return rawRequest(t, addr, http.MethodGet, target)
}

func rawRequest(t *testing.T, addr, method, target string) (status int, body string) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", addr, 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	fmt.Fprintf(conn, "%s %s HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n\r\n", method, target)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%s %q: %v", method, target, err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatalf("%s %q: %v", method, target, err)
	}
	page(method+" "+target, resp.StatusCode, resp.Header, string(text))
	return resp.StatusCode, string(text)
}

// renderFunc is a Renderer for faults, that keeps nothing.
type renderFunc func(context.Context) (*provision.Document, error)

func (f renderFunc) Render(ctx context.Context, _ *provision.Snapshot, _ *provision.Route, _ provision.Request) (*provision.Document, error) {
	return f(ctx)
}

// otherFiles is the number of open files that the connections of a test leave to others.
const otherFiles = 128

// serve is Connections.Serve with Connections of its own.
func serve(ctx context.Context, l net.Listener, h http.Handler, logger zerolog.Logger) error {
	return NewConnections(otherFiles).Serve(ctx, l, h, logger)
}
