package main

import (
	"context"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// manager is the socket on which systemd is told how a service is.
type manager struct {
	path string
	conn *net.UnixConn
}

func newManager(t *testing.T) *manager {
	t.Helper()
	dir, err := os.MkdirTemp("", "m") // not t.TempDir, because the name of a socket is short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &manager{path: filepath.Join(dir, "s")}
	if m.conn, err = net.ListenUnixgram("unixgram", &net.UnixAddr{Name: m.path, Net: "unixgram"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.conn.Close() })
	return m
}

// next returns the next datagram, as its assignments.
func (m *manager) next(t *testing.T) []string {
	t.Helper()
	if err := m.conn.SetReadDeadline(time.Now().Add(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 4096)
	n, err := m.conn.Read(b)
	if err != nil {
		t.Fatalf("systemd was told nothing: %v", err)
	}
	return strings.Split(string(b[:n]), "\n")
}

// until reads until a datagram begins with an assignment, and returns it. No datagram before may begin with not.
func (m *manager) until(t *testing.T, want, not string) string {
	t.Helper()
	for {
		got := m.next(t)
		if strings.HasPrefix(got[0], want) {
			return strings.Join(got, "\n")
		}
		if not != "" && strings.HasPrefix(got[0], not) {
			t.Fatalf("got %q before %s", got, want)
		}
	}
}

// supervised is a process of phoneprov serve that systemd started.
func (m *manager) supervised(t *testing.T, env ...string) *running {
	t.Helper()
	p := newRunning(t, append([]string{"NOTIFY_SOCKET=" + m.path}, env...), "serve")
	p.cmd.Stderr = secrets.Stream("the log of a supervised service")
	p.start(t)
	return p
}

func (p *running) signal(t *testing.T, s os.Signal) {
	t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// stop ends the service with one SIGTERM, of which systemd is told. A second one would end it at once.
func (m *manager) stop(t *testing.T, p *running) {
	t.Helper()
	p.signal(t, syscall.SIGTERM)
	m.until(t, "STOPPING=1", "READY")
	p.awaitEnd(t)
}

// systemd hears when phones get files, that a reload begins and ends, also one that fails, and that the service stops.
func TestSystemdIsTold(t *testing.T) {
	t.Parallel()
	config := filepath.Join(t.TempDir(), "asterisk")
	if err := os.CopyFS(config, os.DirFS("testdata/tree/asterisk")); err != nil {
		t.Fatal(err)
	}
	m := newManager(t)
	p := m.supervised(t, "PHONEPROV_ASTERISK_CONFIG_DIR="+config, "PHONEPROV_STATE_DIR=", "WATCHDOG_USEC=60000")
	if got := m.until(t, "READY=1", "RELOADING"); !strings.Contains(got, "STATUS=serving ") {
		t.Errorf("got %q", got)
	}
	m.until(t, "WATCHDOG=1", "")
	m.until(t, "WATCHDOG=1", "")
	p.signal(t, syscall.SIGHUP)
	m.until(t, "RELOADING=1", "READY")
	m.until(t, "READY=1", "")
	testkit.Write(t, filepath.Join(config, "phoneprov.conf"), "[general\n")
	p.signal(t, syscall.SIGHUP)
	m.until(t, "RELOADING=1", "READY")
	if got := m.until(t, "READY=1", ""); !strings.Contains(got, "STATUS=serving ") || !strings.Contains(got, "phoneprov.conf") {
		t.Errorf("got %q, want what is served and why nothing newer is", got)
	}
	m.until(t, "WATCHDOG=1", "") // a failed reload is no reason for a restart
	m.stop(t, p)
}

// Without a configuration the service is not ready. With the last good one it is.
func TestSystemdReadiness(t *testing.T) {
	t.Parallel()
	state, config := t.TempDir(), filepath.Join(t.TempDir(), "asterisk")
	m := newManager(t)
	env := []string{"PHONEPROV_ASTERISK_CONFIG_DIR=" + config, "PHONEPROV_STATE_DIR=" + state}
	p := m.supervised(t, env...)
	if got := m.until(t, "STATUS=", "READY"); !strings.Contains(got, "phones get nothing yet; ") {
		t.Errorf("got %q", got)
	}
	p.signal(t, syscall.SIGHUP) // reloads nothing: there is nothing to reload
	if err := os.CopyFS(config, os.DirFS("testdata/tree/asterisk")); err != nil {
		t.Fatal(err)
	}
	p.signal(t, syscall.SIGHUP)
	m.until(t, "READY=1", "RELOADING")
	testkit.Eventually(t, "the last good configuration is kept", func() bool {
		_, err := os.Stat(filepath.Join(state, "last-good-1"))
		return err == nil
	})
	m.stop(t, p)

	if err := os.RemoveAll(config); err != nil {
		t.Fatal(err)
	}
	p = m.supervised(t, env...)
	if got := m.until(t, "READY=1", "RELOADING"); !strings.Contains(got, "STATUS=serving the last good configuration, of ") {
		t.Errorf("got %q", got)
	}
	m.stop(t, p)
}

// The watchdog is not fed while the phones' handler is blocked.
func TestWatchdogChecksThePhonesHandler(t *testing.T) {
	m := newManager(t)
	t.Setenv("NOTIFY_SOCKET", m.path)
	t.Setenv("WATCHDOG_USEC", "3000")
	s, err := loadSettings("", func(name string) (string, bool) {
		value, ok := map[string]string{"PHONEPROV_ASTERISK_CONFIG": "files", "PHONEPROV_AMI_ADDRESS": "", "PHONEPROV_STATE_DIR": "",
			"PHONEPROV_ASTERISK_DATA_DIR": t.TempDir(), "PHONEPROV_HTTP_LISTEN": "127.0.0.1:0", "PHONEPROV_ADMIN_LISTEN": ""}[name]
		return value, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	a, err := newService(s, secrets.Stream("the log of "+t.Name()))
	if err != nil {
		t.Fatal(err)
	}
	defer a.lines.close()
	defer a.close()
	if a.systemd, err = newSystemd(os.LookupEnv); err != nil || a.systemd == nil || a.systemd.watchdog != 3*time.Millisecond {
		t.Fatalf("got %+v, %v", a.systemd, err)
	}
	entered, release := make(chan struct{}), make(chan struct{})
	ctx, stop := context.WithCancel(t.Context())
	answers := 0
	done := a.watch(ctx, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if answers++; answers == 2 {
			close(entered)
			<-release
		}
		w.WriteHeader(http.StatusOK)
	}))
	m.until(t, "WATCHDOG=1", "")
	<-entered
	if err := m.conn.SetReadDeadline(time.Now().Add(20 * a.systemd.watchdog)); err != nil {
		t.Fatal(err)
	}
	if n, err := m.conn.Read(make([]byte, 100)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("systemd was told something while phones get no answer: %d bytes, %v", n, err)
	}
	close(release)
	m.until(t, "WATCHDOG=1", "")
	stop()
	<-done
}

// A process that systemd did not start tells nobody, and needs nothing of systemd.
func TestNoSystemd(t *testing.T) {
	t.Parallel()
	d, err := newSystemd(func(string) (string, bool) { return "", false })
	if d != nil || err != nil {
		t.Fatalf("got %+v, %v", d, err)
	}
	d.serving("x")
	d.reloading(2)
	d.ended("x", true)
	d.stopping()
}

func TestIsReload(t *testing.T) {
	t.Parallel()
	for trigger, want := range map[string]bool{"SIGHUP": true, "connect, SIGHUP": true, "connect": false, "": false, "a, b, c, d, e, f, g": false, "a, b, c, d, e, f, g, h": true} {
		if got := isReload(trigger); got != want {
			t.Errorf("%q: got %v", trigger, got)
		}
	}
}
