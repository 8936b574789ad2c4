package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/uploads"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// What an attacker wants to see: the phone's password, and a file that is none of the data directory's. And what it must
// not see again: something of its own request.
const (
	attackSecret = "do-not-log-me"
	canary       = "CANARY9246"
	marker       = "MARKER7531"
)

// attackUsers has a display name that is markup. Nothing but the phone's own file may have it.
const attackUsers = `[general]
[6001]
username = 6001
autoprov = yes
macaddress = 0011223344AA
fullname = ` + displayName + `
secret = ` + attackSecret + `
`

const (
	displayName = "<script>alert</script>"
	attackFile  = "secret " + attackSecret + " of " + displayName + " at pbx.test\n"
)

// site is a service in a directory of its own.
type site struct {
	*bench
	options provision.RendererOptions // of its renderer
	dir     string                    // data/ and uploads/ are in it; outside.txt beside them is nobody's
}

// newSite has the files of a data directory and the lines of its profile.
func newSite(t testing.TB, profile string, files map[string]string) *site {
	t.Helper()
	s := &site{bench: &bench{}, dir: t.TempDir()}
	s.lay(t, "outside.txt", canary)
	s.lay(t, "data/t.cfg", "secret ${SECRET} of ${DISPLAY_NAME} at ${SERVER}\n")
	s.lay(t, "data/static/fw.bin", "0123456789")
	for name, text := range files {
		s.lay(t, "data/"+name, text)
	}
	data, err := datadir.Open(filepath.Join(s.dir, "data"), "")
	if err != nil {
		t.Fatal(err)
	}
	store, err := uploads.Open(filepath.Join(s.dir, "uploads"), uploads.Limits{Phone: 4 << 20, All: 16 << 20})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(data.Close(), store.Close()); err != nil {
			t.Error(err)
		}
	})
	s.options.Data = data
	s.Options = Options{
		Prefix:   "/phoneprov",
		Store:    new(provision.Store),
		Renderer: provision.NewRenderer(s.options),
		Access: Access{
			Rules:   access.Rules{Allow: access.DefaultAllow()},
			Unknown: &Budget{access.NewBudget(20, 10*time.Minute), 10 * time.Minute},
			Failed:  &Budget{access.NewBudget(5, 10*time.Minute), 10 * time.Minute},
		},
		Uploads: Uploads{UploadsStore, store},
		Log:     testLog(zerolog.SyncWriter(&s.log)),
	}
	s.Store.Swap(buildConfig(t, map[string]string{"users.conf": attackUsers, "phoneprov.conf": "[general]\ndefault_profile = p\n[p]\n" +
		"mime_type = text/plain\nstaticdir = static/\nstatic_file => fw.bin\n${MAC}.cfg => t.cfg\n" + profile}))
	return s
}

// lay writes a file of the site. The file has an old time, because nobody reads a file that has just changed: a request
// would wait for a quarter of a second.
func (s *site) lay(t testing.TB, name, text string) {
	t.Helper()
	testkit.WriteSteady(t, filepath.Join(s.dir, name), text)
}

// strangers makes loopback a network that is not allowed.
func (s *site) strangers() {
	s.Access.Rules.Allow = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}
}

// reply is an answer as it came over the wire.
type reply struct {
	status int
	header http.Header
	body   string
}

// ours reports an answer that is not net/http's own: it says so of all that are.
func (r reply) ours() bool { return r.header.Get("Cache-Control") != "" }

var authorization = regexp.MustCompile(`(?m)^Authorization: (.*)\r$`)

// attack sends bytes on a connection of their own, and returns as many answers as are wanted and what came behind them. The
// server has ended then, and the log is complete.
func (s *site) attack(t *testing.T, raw string, want int) (replies []reply, rest string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	served := make(chan error, 1)
	go func() { served <- serve(ctx, l, Phones(s.Options), testLog()) }()
	defer func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}()
	c, err := net.DialTimeout("tcp", l.Addr().String(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	conn, _ := c.(*net.TCPConn)
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	for _, m := range authorization.FindAllStringSubmatch(raw, -1) {
		secrets.AddHeader(m[1])
	}
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		io.WriteString(conn, raw) // the server may have heard enough before the end
	}()
	method, _, _ := strings.Cut(raw, " ")
	in := bufio.NewReader(conn)
	for range want {
		resp, err := http.ReadResponse(in, &http.Request{Method: method})
		if err != nil {
			t.Errorf("answer %d: %v", len(replies)+1, err)
			break
		}
		body, err := io.ReadAll(resp.Body)
		resp.Body.Close()
		if err != nil {
			t.Errorf("body %d: %v", len(replies)+1, err)
		}
		page(method+" of an attack", resp.StatusCode, resp.Header, string(body))
		replies = append(replies, reply{resp.StatusCode, resp.Header, string(body)})
	}
	conn.CloseWrite()
	tail, err := io.ReadAll(in)
	if err != nil && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("the server keeps the connection: %v", err)
	}
	<-sent
	return replies, string(tail)
}

// attackTest is a row of the tables of attacks: what is sent, and the statuses of what comes back.
type attackTest struct {
	name string
	raw  string
	want []int
}

func one(status int) []int { return []int{status} }

// get is a plain request for a target, byte for byte.
func get(target string) string { return request("GET", target, "") }

// request is one that ends its connection. The header lines end with CRLF.
func request(method, target, header string) string {
	return method + " " + target + " HTTP/1.1\r\nHost: pbx.test\r\nConnection: close\r\n" + header + "\r\n"
}

// runAttacks makes each attack against a site of its own. A 200 must have the body given, which is all a phone may have.
func runAttacks(t *testing.T, tests []attackTest, make func(*testing.T) *site, bodies ...string) {
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := make(t)
			replies, rest := s.attack(t, tt.raw, len(tt.want))
			if rest != "" {
				t.Errorf("behind the answers came %q", rest)
			}
			var got []int
			for _, r := range replies {
				got = append(got, r.status)
				checkReply(t, r, bodies)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got %v, want %v", got, tt.want)
			}
			s.checkLog(t, replies)
		})
	}
}

// checkReply holds an answer to what a stranger may learn: a line that is the same for everybody.
func checkReply(t *testing.T, r reply, bodies []string) {
	t.Helper()
	head := fmt.Sprint(r.header)
	if strings.Contains(head, marker) || strings.Contains(head+r.body, canary) {
		t.Errorf("got %s %q", head, r.body)
	}
	if r.header.Get("Location") != "" || r.header.Get("Set-Cookie") != "" {
		t.Errorf("got %v", r.header)
	}
	switch {
	case r.status < 300:
		if r.body != "" && !slices.Contains(bodies, r.body) {
			t.Errorf("got file %q", r.body)
		}
	case r.ours():
		if r.body != http.StatusText(r.status)+"\n" && r.body != "" {
			t.Errorf("got %d %q", r.status, r.body)
		}
	case !slices.Contains([]int{400, 431, 417, 501, 505}, r.status) || strings.Contains(r.body, marker) || len(r.body) > 80:
		t.Errorf("net/http answers %d %q", r.status, r.body)
	}
}

// checkLog wants one line for each answer, ours and net/http's, and of each line that it is one. A request without an end
// has a line too, with status 0.
func (s *site) checkLog(t *testing.T, replies []reply) {
	t.Helper()
	want, got := 0, 0
	for _, r := range replies {
		if r.status != http.StatusContinue {
			want++
		}
	}
	for line := range strings.Lines(s.bench.log.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("%v: %q", err, line)
		}
		message, _ := fields["message"].(string)
		if message == "request" && fields["status"] != 0.0 {
			got++
		}
		known := slices.Contains([]string{"request", "refused", "rendered"}, message) || strings.Contains(message, " comes from an address that is not in access.trusted_proxies")
		if !known || message != "rendered" && fields["remote"] != "127.0.0.1" {
			t.Errorf("forged: %s", line)
		}
		if len(line) > 2<<10 || strings.ContainsFunc(strings.TrimSuffix(line, "\n"), isControl) {
			t.Errorf("got line %q", line)
		}
		if strings.Contains(line, attackSecret) || strings.Contains(line, digestPassword) || strings.Contains(line, canary) || strings.Contains(line, displayName) {
			t.Errorf("the log tells: %s", line)
		}
	}
	if got != want {
		t.Errorf("%d lines for %d answers: %s", got, want, &s.bench.log)
	}
}

func isControl(c rune) bool { return c < ' ' || c == 0x7f || c >= 0x80 && c < 0xa0 }

// tree lists what a directory has, with the mode of each file.
func tree(t *testing.T, dir string) (list []string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		name, _ := filepath.Rel(dir, path)
		list = append(list, fmt.Sprintf("%s %v", name, info.Mode()))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return list
}

// makePipe makes a file that nobody ever writes.
func makePipe(t testing.TB, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
