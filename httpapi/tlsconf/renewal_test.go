package tlsconf

import (
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// Renewals under load: no connection is lost or fails, an old one continues, and a new one gets the new certificate.
func TestReloadUnderLoad(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	before := certOf(t, b)
	kept := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: b.trust(), MaxConnsPerHost: 1}}
	defer kept.CloseIdleConnections()
	stop := make(chan struct{})
	var load sync.WaitGroup
	var answers [3]int
	least, renewals, pause := [3]int{100, 10, 10}, 3, time.Nanosecond
	if !skips.Full(t) {
		least, renewals, pause = [3]int{20, 5, 5}, 1, 10*time.Millisecond
	}
	for i := range answers {
		load.Go(func() {
			for {
				select {
				case <-stop:
					if answers[i] >= least[i] {
						return
					}
				case <-time.After(pause):
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
	for range renewals {
		next := sign(t, b.ca, smallRSAKey(t), loopback)
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

// A broken pair is not used, even if clients connect meanwhile.
func TestBrokenPairIsNotTaken(t *testing.T) {
	t.Parallel()
	b := newBench(t, Options{})
	before := certOf(t, b)
	testkit.Write(t, b.key, sign(t, b.ca, smallRSAKey(t)).keyPEM(t))
	testkit.Eventually(t, "the log says so", func() bool {
		b.look()
		if !certOf(t, b).Equal(before) {
			t.Fatal("another certificate is served")
		}
		return strings.Contains(b.log.String(), "private key does not match public key")
	})
	if strings.Contains(b.log.String(), "PRIVATE KEY") {
		t.Errorf("the key is in the log: %s", b.log)
	}
}
