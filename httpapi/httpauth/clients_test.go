package httpauth

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
)

// serverLog is how each request of a client ended, in order.
type serverLog struct {
	mu    sync.Mutex
	lines []string
}

func (l *serverLog) add(r *http.Request, got Result) {
	line := r.Method + " " + got.State.String()
	switch {
	case got.Reason != "":
		line += " (" + got.Reason + ")"
	case got.Scheme == "Digest":
		p, _ := parseParams(strings.TrimPrefix(r.Header.Get("Authorization"), "Digest "))
		line += " Digest " + p["algorithm"]
	case got.Scheme != "":
		line += " " + got.Scheme
	}
	secrets.AddHeader(r.Header.Get("Authorization"))
	secrets.Text("a result", fmt.Sprintf("%s %+v", line, got))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lines = append(l.lines, line)
}

func (l *serverLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Join(l.lines, ", ")
}

// serve answers alice's files to who may have them.
func serve(t *testing.T, a *Authenticator, log *serverLog) *httptest.Server {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			t.Error(err)
		}
		got := a.Check(r, alice, Client{Source: r.RemoteAddr})
		log.add(r, got)
		if got.State != OK {
			a.Challenge(w.Header(), r.UserAgent(), got.State == Stale)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		fmt.Fprint(w, "for "+got.User)
	}))
	t.Cleanup(s.Close)
	return s
}

// run is what a program prints; it must be there where the tests are complete.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	oracle.NeedProgram(t, name)
	out, err := exec.Command(name, args...).Output()
	if err != nil && len(out) > 0 {
		t.Errorf("%s: %v", name, err)
	}
	return string(out)
}

// browse is what a client got, and how its requests ended.
func browse(t *testing.T, text, program string, args ...string) (got, log string) {
	t.Helper()
	l := new(serverLog)
	s := serve(t, authenticator(t, text), l)
	return run(t, program, append(args, s.URL+"/phoneprov/a%20b.cfg?c=%22,d")...), l.String()
}

func TestCurl(t *testing.T) {
	t.Parallel()
	all := credentials(t)
	md5Only := "0004f2000001:alice:MD5:" + digestMD5.hash("alice", testRealm, alicePass)
	const right, wrong = "alice:" + alicePass, "alice:guess"
	for _, tt := range skips.Some(t, 3, []struct { // curl takes 40 ms to start
		name, file, vendor string
		args               []string
		want, log          string
	}{
		{"basic", all, "", []string{"--basic", "-u", right}, "for alice", "GET ok Basic"},
		{"basic, wrong", all, "", []string{"--basic", "-u", wrong}, "", "GET bad (wrong password)"},
		{"digest", all, "", []string{"--digest", "-u", right}, "for alice", "GET none, GET ok Digest MD5"},
		{"digest, MD5", md5Only, "", []string{"--digest", "-u", right}, "for alice", "GET none, GET ok Digest MD5"},
		{"digest, phone", all, "Yealink", []string{"--digest", "-u", right}, "for alice", "GET none, GET ok Digest MD5"},
		{"digest, wrong", all, "", []string{"--digest", "-u", wrong}, "", "GET none, GET bad (wrong password)"},
		{"digest, odd user", all, "", []string{"--digest", "-u", `o,"\ x:` + quotePass}, `for o,"\ x`, "GET none, GET ok Digest MD5"},
		{"the best of all", all, "", []string{"--anyauth", "-u", right}, "for alice", "GET none, GET ok Digest MD5"},
		{"the best that a Snom can", all, "Snom", []string{"--anyauth", "-u", right}, "for alice", "GET none, GET ok Basic"},
		{"HEAD", all, "", []string{"--digest", "-I", "-o", "/dev/null", "-w", "%{http_code}", "-u", right}, "200",
			"HEAD none, HEAD ok Digest MD5"},
		{"PUT", all, "", []string{"--digest", "-T", "doc.go", "-u", right}, "for alice", "PUT none, PUT ok Digest MD5"},
	}) {
		t.Run(tt.name, func(t *testing.T) {
			got, log := browse(t, tt.file, "curl", append([]string{"-s", "--max-time", "20", "-A", tt.vendor}, tt.args...)...)
			if got != tt.want || log != tt.log {
				t.Errorf("got %q after %s, want %q after %s", got, log, tt.want, tt.log)
			}
		})
	}
}

// wget takes the last header.
func TestWget(t *testing.T) {
	t.Parallel()
	all := credentials(t)
	md5Only := "0004f2000001:alice:MD5:" + digestMD5.hash("alice", testRealm, alicePass)
	for _, tt := range skips.Some(t, 2, []struct{ name, file, password, want, log string }{
		{"digest", md5Only, alicePass, "for alice", "GET none, GET ok Digest MD5"},
		{"digest, wrong", md5Only, "guess", "", "GET none, GET bad (wrong password)"},
		{"basic", all, alicePass, "for alice", "GET none, GET ok Basic"},
		{"basic, wrong", all, "guess", "", "GET none, GET bad (wrong password)"},
	}) {
		t.Run(tt.name, func(t *testing.T) {
			got, log := browse(t, tt.file, "wget", "-q", "-O", "-", "--timeout=20", "--tries=1", "--user=alice", "--password="+tt.password)
			if got != tt.want || log != tt.log {
				t.Errorf("got %q after %s, want %q after %s", got, log, tt.want, tt.log)
			}
		})
	}
}
