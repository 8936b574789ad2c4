//go:build unix

package main

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi"
)

// benchEnv returns the settings of a service that reads a configuration of so many phones from files.
func benchEnv(b *testing.B, phones int) map[string]string {
	b.Helper()
	dir, data := b.TempDir(), b.TempDir()
	if err := tree.WriteConfig(dir, phones, "Desk"); err != nil {
		b.Fatal(err)
	}
	testkit.WriteSteady(b, filepath.Join(data, "phone.cfg"), tree.PhoneTemplate())
	return map[string]string{
		"PHONEPROV_ASTERISK_CONFIG": "files", "PHONEPROV_ASTERISK_CONFIG_DIR": dir, "PHONEPROV_ASTERISK_DATA_DIR": data, "PHONEPROV_AMI_ADDRESS": "",
		"PHONEPROV_HTTP_LISTEN": "127.0.0.1:0", "PHONEPROV_ADMIN_LISTEN": "", "PHONEPROV_STATE_DIR": b.TempDir(),
	}
}

// benchService runs a service until stop is called, and waits until it has a snapshot.
func benchService(b *testing.B, env map[string]string) (v *service, stop func()) {
	b.Helper()
	v, stop = runLogging(b, env, io.Discard)
	testkit.Eventually(b, "a snapshot", func() bool { return v.options.Store.Load() != nil })
	return v, stop
}

// benchGet has a handler answer a phone's request for its file.
func benchGet(b *testing.B, h http.Handler, w *nowhere, phone int) {
	r, err := http.NewRequest(http.MethodGet, "http://pbx.test/phoneprov/"+tree.File(phone), nil)
	if err != nil {
		b.Error(err)
		return
	}
	r.RemoteAddr = "127.0.0.1:4711"
	r.Header.Set("User-Agent", "Yealink SIP-T46S 66.85.0.5")
	clear(w.header)
	if h.ServeHTTP(w, r); w.status != http.StatusOK {
		b.Errorf("got %d", w.status)
	}
}

// nowhere is a ResponseWriter that keeps nothing.
type nowhere struct {
	header http.Header
	status int
}

func (n *nowhere) Header() http.Header         { return n.header }
func (n *nowhere) WriteHeader(status int)      { n.status = status }
func (n *nowhere) Write(p []byte) (int, error) { return len(p), nil }

// cpuTime returns the processor time that this process has used.
func cpuTime() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkRecorded measures a repeated request for a cached file in the service's handler, and what the ledger and the
// metrics add to it, in processor time of the whole process, background included. The handlers with and without them take
// turns, so that a busy machine spoils both alike, and each number is the median of the turns. net/http adds some 20,000 ns to a request.
func BenchmarkRecorded(b *testing.B) {
	v, _ := benchService(b, benchEnv(b, 1000))
	plain := v.options
	plain.Recorder, plain.Renderer = nil, v.renderer
	handlers := []http.Handler{httpapi.Phones(plain), httpapi.Phones(v.options)}
	const turn, clients = 4000, 2
	var spent [2][]time.Duration // of each turn
	ask := func(h http.Handler) {
		var all sync.WaitGroup
		for range clients {
			all.Go(func() {
				w := &nowhere{header: http.Header{}}
				for range turn / clients {
					benchGet(b, h, w, 0)
				}
			})
		}
		all.Wait()
		if err := v.ledger.Settle(b.Context()); err != nil {
			b.Error(err)
		}
	}
	for range 4 {
		ask(handlers[0])
		ask(handlers[1])
	}
	var added []time.Duration
	for b.Loop() {
		for i, h := range handlers {
			begun := cpuTime()
			ask(h)
			spent[i] = append(spent[i], cpuTime()-begun)
		}
		last := len(spent[0]) - 1
		added = append(added, spent[1][last]-spent[0][last])
	}
	each := func(all []time.Duration) float64 {
		slices.Sort(all)
		return float64(all[len(all)/2]) / turn
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(each(added), "cpu-ns/added")
	b.ReportMetric(each(spent[0]), "cpu-ns/without")
	b.ReportMetric(each(spent[1]), "cpu-ns/with")
}

// BenchmarkStartWithoutAsterisk measures the time from the start of a service whose Asterisk is down to the first file
// that it serves: the last good configuration of 100,000 phones is read and built, and the ledger that knows a fetch of
// each of them.
func BenchmarkStartWithoutAsterisk(b *testing.B) {
	const phones = 100_000
	env := benchEnv(b, phones)
	v, stop := benchService(b, env)
	h, w := httpapi.Phones(v.options), &nowhere{header: http.Header{}}
	for i := range phones {
		benchGet(b, h, w, i)
		if i%1000 == 0 { // the queue is bounded
			if err := v.ledger.Settle(b.Context()); err != nil {
				b.Fatal(err)
			}
		}
	}
	stop()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	closed.Close()
	env["PHONEPROV_ASTERISK_CONFIG"], env["PHONEPROV_AMI_ADDRESS"] = "ami", closed.Addr().String()
	env["PHONEPROV_AMI_USERNAME"], env["PHONEPROV_AMI_SECRET"] = "phoneprov", "secret"
	var used time.Duration
	for b.Loop() {
		b.StopTimer()
		runtime.GC()
		begun := cpuTime()
		b.StartTimer()
		v, stop := benchService(b, env)
		benchGet(b, httpapi.Phones(v.options), w, phones-1)
		b.StopTimer()
		used += cpuTime() - begun
		if v.options.Store.Load().SavedAt.IsZero() {
			b.Error("the last good configuration is not what is served")
		}
		stop()
		b.StartTimer()
	}
	b.ReportMetric(float64(used.Milliseconds())/float64(b.N), "cpu-ms/op")
}
