package tlsconf

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// What is looked at, when it is taken, and what the log says, second by second.
func TestReloaded(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	var log bytes.Buffer
	r := &reloaded[string]{what: "thing", paths: []string{a, b}, log: zerolog.New(io.MultiWriter(&log, secrets.Stream("a log"))), parse: func(texts [][]byte) (*string, error) {
		if !bytes.Equal(texts[0], texts[1]) {
			return nil, errors.New("they differ")
		}
		s := string(texts[0])
		return &s, nil
	}}
	one := func(path, text string) func() { return func() { testkit.Write(t, path, []byte(text)) } }
	both := func(text string) func() { return func() { one(a, text)(); one(b, text)() } }
	const reloaded, failed = `"message":"thing reloaded"`, `"message":"thing cannot be reloaded; the last good one stays"`
	synctest.Test(t, func(t *testing.T) {
		both("1")()
		if err := r.load(); err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			name  string
			do    func()
			after time.Duration
			want  string
			log   string // one line, or none
		}{
			{"nothing changed", func() {}, time.Second, "1", ""},
			{"too early", both("2"), recheck - 1, "1", ""},
			{"a second later", func() {}, 1, "2", reloaded},
			{"the first of two", one(a, "3"), time.Second, "2", ""},
			{"the second of two", one(b, "3"), time.Second, "3", reloaded},
			{"one is wrong", one(a, "4"), time.Second, "3", ""},
			{"and stays so", func() {}, time.Second, "3", failed},
			{"and is said once", func() {}, time.Hour, "3", ""},
			{"it is gone", func() { os.Remove(a) }, time.Second, "3", ""},
			{"and stays away", func() {}, time.Second, "3", failed},
			{"as it was", one(a, "3"), time.Second, "3", ""},
			{"wrong again", one(b, "5"), time.Second, "3", ""},
			{"which is another time", func() {}, time.Second, "3", failed},
			{"good", one(a, "5"), time.Second, "5", reloaded},
		} {
			step.do()
			time.Sleep(step.after) // the clock of synctest
			log.Reset()
			if got := *r.get(); got != step.want {
				t.Errorf("%s: got %q, want %q", step.name, got, step.want)
			}
			if got := log.String(); strings.Count(got, "\n") > 1 || (got == "") != (step.log == "") || !strings.Contains(got, step.log) {
				t.Errorf("%s: logged %q, want %q", step.name, got, step.log)
			}
		}
	})
}

// Renewals under load: no connection is lost, none fails, an old one goes on, and a new one gets the new certificate.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	before := certOf(t, b)
	kept := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: b.trust(), MaxConnsPerHost: 1}}
	defer kept.CloseIdleConnections()
	stop := make(chan struct{})
	var load sync.WaitGroup
	var answers [3]int
	least := [3]int{100, 10, 10}
	for i := range answers {
		load.Go(func() {
			for {
				select {
				case <-stop:
					if answers[i] >= least[i] {
						return
					}
				default:
				}
				ask := func() error { _, _, err := b.get(b.trust()); return err }
				if i == 0 {
					ask = func() error {
						_, cert, err := get(kept, b.addr)
						if err == nil && !cert.Equal(before) {
							err = errors.New("the connection was not kept")
						}
						return err
					}
				}
				if err := ask(); err != nil {
					t.Error(err)
					return
				}
				answers[i]++
			}
		})
	}
	for range 3 {
		next := sign(t, b.ca, newKey(t), loopback)
		b.install(t, next)
		testkit.Eventually(t, "the new certificate", func() bool { return certOf(t, b).Equal(next.cert) })
	}
	close(stop)
	load.Wait()
	if strings.Contains(b.log.String(), "cannot") || strings.Contains(b.log.String(), "handshake error") {
		t.Errorf("logged %s", b.log)
	}
	t.Logf("answers: %d", answers)
}

// A pair that is broken is not taken, whoever asks meanwhile.
func TestBrokenPairIsNotTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	before := certOf(t, b)
	testkit.Write(t, b.key, sign(t, b.ca, newRSAKey(t)).keyPEM(t))
	testkit.Eventually(t, "the log says so", func() bool {
		if !certOf(t, b).Equal(before) {
			t.Fatal("another certificate is served")
		}
		return strings.Contains(b.log.String(), "private key does not match public key")
	})
	if strings.Contains(b.log.String(), "PRIVATE KEY") {
		t.Errorf("the key is in the log: %s", b.log)
	}
}

// Who asks while another reads a slow disk does not wait.
func TestReloadedDoesNotWait(t *testing.T) {
	s := newBench(t, Options{}).Server
	s.pair.checking.Lock()
	defer s.pair.checking.Unlock()
	done := make(chan *tls.Certificate, 1)
	go func() { done <- s.pair.get() }()
	select {
	case cert := <-done:
		if cert == nil {
			t.Error("got none")
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits")
	}
}
