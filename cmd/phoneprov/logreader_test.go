package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// running is a phoneprov, the real process.
type running struct {
	cmd   *exec.Cmd
	stdin io.WriteCloser
	ended <-chan struct{}
}

// newRunning is one that is not started yet, on the tree of testdata. Later settings of env count.
func newRunning(t *testing.T, env []string, args ...string) *running {
	t.Helper()
	p := &running{cmd: exec.Command("phoneprov", args...)}
	p.cmd.Env = append(os.Environ(), toldFile+"="+t.TempDir()+"/told", "PHONEPROV_LOG_LEVEL=debug",
		"PHONEPROV_HTTP_LISTEN=127.0.0.1:0", "PHONEPROV_ADMIN_LISTEN=127.0.0.1:0",
		"PHONEPROV_ASTERISK_CONFIG_DIR=testdata/tree/asterisk", "PHONEPROV_ASTERISK_DATA_DIR=testdata/tree/data",
		"PHONEPROV_ASTERISK_CONFIG=files", "PHONEPROV_AMI_ADDRESS=")
	p.cmd.Env = append(p.cmd.Env, env...)
	var err error
	if p.stdin, err = p.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	return p
}

// start lets it run until the test ends.
func (p *running) start(t *testing.T) {
	t.Helper()
	var err error
	if p.ended, err = testkit.Start(p.cmd, t.Cleanup); err != nil {
		t.Fatal(err)
	}
}

// startUnread starts phoneprov and reads one of its outputs until pattern is there, whose groups it returns. From then on the
// reader stalls, or with gone it is closed. The other output has such a reader from the start.
func startUnread(t *testing.T, output string, gone bool, pattern string, args ...string) (*running, []string) {
	t.Helper()
	p := newRunning(t, nil, args...)
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	otherR, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stdout, p.cmd.Stderr = other, w
	if output == "stdout" {
		p.cmd.Stdout, p.cmd.Stderr = w, other
	}
	p.start(t)
	w.Close()
	other.Close()
	if gone {
		otherR.Close()
	}
	t.Cleanup(func() {
		r.Close()
		otherR.Close()
	})
	re := regexp.MustCompile(pattern)
	var text strings.Builder
	_ = r.SetReadDeadline(time.Now().Add(testkit.Patience))
	for lines := bufio.NewReader(r); ; {
		line, err := lines.ReadString('\n')
		text.WriteString(line)
		if found := re.FindStringSubmatch(text.String()); found != nil {
			if gone {
				r.Close()
			}
			return p, found
		}
		if err != nil {
			t.Fatalf("%v: %s", err, &text)
		}
	}
}

// terminate sends SIGTERM and wants the exit code 0. How long the end may take is tested with the clock of synctest
// (TestLogEndsThoughTheReaderStalls, TestImpatient) and by what the log says of it: here a loaded machine may take its time.
func (p *running) terminate(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	p.awaitEnd(t)
}

// awaitEnd waits until a process that was told to end has ended well.
func (p *running) awaitEnd(t *testing.T) {
	t.Helper()
	select {
	case <-p.ended:
	case <-time.After(testkit.Patience):
		t.Fatalf("it did not end within %v", testkit.Patience)
	}
	if state := p.cmd.ProcessState; state.ExitCode() != 0 {
		t.Errorf("it ended with %v, want exit status 0", state)
	}
}

const servingAt = `"http":"([^"]+)".*"admin":"([^"]+)"`

// fetch wants the file of a phone, in time.
func fetch(t *testing.T, client *http.Client, url string) []byte {
	t.Helper()
	resp, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: got %d, %v: %q", url, resp.StatusCode, err, body)
	}
	return body
}

// fetch500 requests a phone's file 500 times on one connection, all at once, because this takes a client the least time.
func fetch500(t *testing.T, conn net.Conn, answers *bufio.Reader) {
	t.Helper()
	_ = conn.SetDeadline(time.Now().Add(testkit.Patience))
	if _, err := io.WriteString(conn, strings.Repeat("GET /phoneprov/0004f2000001.cfg HTTP/1.1\r\nHost: pbx\r\n\r\n", 500)); err != nil {
		t.Fatal(err)
	}
	for i := range 500 {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("request %d: %v", i, err)
		}
		if n, err := io.Copy(io.Discard, resp.Body); err != nil || n == 0 || resp.StatusCode != http.StatusOK {
			t.Fatalf("request %d: got %d with %d bytes, %v", i, resp.StatusCode, n, err)
		}
		resp.Body.Close()
	}
}

// Whoever reads the log may stall or go away: phones get their files, /readyz counts the lost lines, SIGTERM ends all.
func TestServeOutlivesTheReaderOfItsLog(t *testing.T) {
	t.Parallel()
	for _, gone := range []bool{false, true} {
		t.Run(fmt.Sprintf("gone=%v", gone), func(t *testing.T) {
			p, found := startUnread(t, "stderr", gone, servingAt, "serve")
			client := &http.Client{Timeout: testkit.Patience}
			defer client.CloseIdleConnections()
			admin := "http://" + found[2] + "/readyz"
			eventuallyReady(t, client, admin)
			conn, err := net.Dial("tcp", found[1])
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			answers := bufio.NewReader(conn)
			lost, asked := 0.0, 0
			for start := time.Now(); lost == 0; asked += 500 {
				if time.Since(start) > testkit.Patience {
					t.Fatalf("no line was counted as lost after %d requests", asked)
				}
				fetch500(t, conn, answers)
				lost = readyOf(t, fetch(t, client, admin))["log_lines_dropped"].(float64)
			}
			fetch500(t, conn, answers) // more than a pipe holds
			if more := readyOf(t, fetch(t, client, admin))["log_lines_dropped"].(float64); more <= lost {
				t.Errorf("%v lines were lost, then %v", lost, more)
			}
			p.terminate(t)
		})
	}
}

// The demo talks on stdout. A pager that is closed or stands still does not end it, nor keep it from ending.
func TestDemoOutlivesItsReaders(t *testing.T) {
	t.Parallel()
	for _, output := range []string{"stdout", "stderr"} {
		for _, gone := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s gone=%v", output, gone), func(t *testing.T) {
				pattern := `curl (http://\S+/0004f2000001.cfg)(?s:.*Ctrl-C ends it)`
				if output == "stderr" {
					pattern = `INF synced`
				}
				p, found := startUnread(t, output, gone, pattern, "demo", "-listen", "127.0.0.1:0", t.TempDir())
				for range 2000 { // more than a pipe holds, of answers and of lines of the log
					if _, err := io.WriteString(p.stdin, "what?\nreload\n"); err != nil {
						t.Fatal(err)
					}
				}
				if output == "stdout" {
					fetch(t, &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DisableKeepAlives: true}}, found[1])
				}
				p.terminate(t)
			})
		}
	}
}

func readyOf(t *testing.T, body []byte) map[string]any {
	t.Helper()
	var ready map[string]any
	if err := json.Unmarshal(body, &ready); err != nil {
		t.Fatalf("%v: %q", err, body)
	}
	return ready
}

func eventuallyReady(t *testing.T, client *http.Client, url string) {
	t.Helper()
	testkit.WaitFor(t, func() error {
		resp, err := client.Get(url)
		if err != nil {
			return err
		}
		_, _ = io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("%s: got %d", url, resp.StatusCode)
		}
		return nil
	})
}
