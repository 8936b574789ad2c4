package amisync

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/amisync/ami"
)

// fakeLoop runs a loop with the clock of a synctest bubble; a sync takes as long as work says.
type fakeLoop struct {
	syncLoop
	syncs []string        // their triggers
	at    []time.Duration // and when they began
	work  time.Duration
	fails int // syncs that fail, from the first
}

func startLoop(t *testing.T, f *fakeLoop, resync time.Duration) *fakeLoop {
	begin := time.Now()
	f.syncLoop = syncLoop{
		triggers: newTriggers(), debounce: 20 * time.Millisecond, deadline: 30 * time.Second, resync: resync,
		retry: backoff{first: time.Second, most: time.Minute},
		sync: func(ctx context.Context, trigger string) error {
			f.syncs, f.at = append(f.syncs, trigger), append(f.at, time.Since(begin))
			if !pause(ctx, f.work) {
				return ctx.Err()
			}
			if len(f.syncs) <= f.fails {
				return errors.New("x")
			}
			return nil
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); f.run(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return f
}

func (f *fakeLoop) expect(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	if !slices.Equal(f.syncs, want) {
		t.Errorf("got %q, want %q", f.syncs, want)
	}
}

func TestBurstIsOneSync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startLoop(t, &fakeLoop{}, 0)
		for range 8 { // as `pjsip reload` sends them
			f.triggers.add("reload of res_pjsip")
			f.triggers.add("reload of res_pjsip_mwi")
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Second)
		f.expect(t, "reload of res_pjsip, reload of res_pjsip_mwi")
	})
}

func TestTriggersDuringSyncCauseOneMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startLoop(t, &fakeLoop{work: time.Second}, 0)
		f.triggers.add("a")
		time.Sleep(500 * time.Millisecond)
		for range 100 {
			f.triggers.add("b")
		}
		f.triggers.add("c")
		time.Sleep(time.Minute)
		f.expect(t, "a", "b, c")
	})
}

func TestEndlessTriggersDoNotStarve(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startLoop(t, &fakeLoop{}, 0)
		for range 1000 {
			f.triggers.add("a")
			time.Sleep(time.Millisecond)
		}
		synctest.Wait()
		if n := len(f.syncs); n < 40 || n > 51 {
			t.Errorf("%d syncs in a second of triggers, want one every 20 ms", n)
		}
	})
}

func TestResync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startLoop(t, &fakeLoop{}, 5*time.Minute)
		time.Sleep(time.Hour)
		f.expect(t) // the period does not start the first sync
		f.triggers.add("connect")
		time.Sleep(11 * time.Minute)
		f.expect(t, "connect", "resync", "resync")
	})
}

func TestNoResync(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startLoop(t, &fakeLoop{}, 0)
		f.triggers.add("connect")
		time.Sleep(24 * time.Hour)
		f.expect(t, "connect")
	})
}

func TestFailedSyncIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startLoop(t, &fakeLoop{fails: 3}, 0)
		f.triggers.add("connect")
		time.Sleep(24 * time.Hour)
		f.expect(t, "connect", "retry", "retry", "retry")
		for i, most := range []time.Duration{1, 2, 4} {
			most *= time.Second
			if d := f.at[i+1] - f.at[i] - f.debounce; d < most/2 || d > most {
				t.Errorf("retry %d after %v, want %v to %v", i, d, most/2, most)
			}
		}
	})
}

func TestSyncHasADeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := startLoop(t, &fakeLoop{work: time.Hour}, 0)
		f.triggers.add("a")
		time.Sleep(30*time.Second + 100*time.Millisecond)
		f.triggers.add("b")
		time.Sleep(25 * time.Millisecond)
		f.expect(t, "a", "b")
	})
}

func TestBackoff(t *testing.T) {
	b := backoff{first: 200 * time.Millisecond, most: 15 * time.Second}
	for range 2 {
		for i, most := range []time.Duration{200, 400, 800, 1600, 3200, 6400, 12800, 15000, 15000} {
			most *= time.Millisecond
			if d := b.next(); d < most/2 || d > most {
				t.Errorf("failure %d: %v, want %v to %v", i, d, most/2, most)
			}
		}
		b.reset()
	}
	seen := map[time.Duration]bool{}
	for range 100 {
		c := backoff{first: time.Second, most: time.Minute}
		seen[c.next()] = true
	}
	if len(seen) < 50 {
		t.Errorf("no jitter: %d different pauses of 100", len(seen))
	}
}

func TestReloadReason(t *testing.T) {
	tests := map[string]string{
		"All": "reload of All", "res_phoneprov.so": "reload of res_phoneprov", "phoneprov": "reload of phoneprov",
		"phoneprov_x": "reload of phoneprov_x", "res_pjsip.so": "reload of res_pjsip", "res_pjsip_mwi.so": "reload of res_pjsip_mwi",
		"chan_sip.so": "reload of chan_sip", "chan_iax2.so": "reload of chan_iax2", "func_odbc.so": "reload of func_odbc",
		"res_odbc.so": "reload of res_odbc", "res_sorcery_realtime.so": "reload of res_sorcery_realtime", "extconfig": "reload of extconfig",
		"cdr": "", "app_queue.so": "", "": "", "All ": "", "xphoneprov": "",
	}
	for module, want := range tests {
		for _, status := range []string{"0", "2"} {
			if got := reloadReason(ami.Message{"Event": "Reload", "Module": module, "Status": status}); got != want {
				t.Errorf("%q: got %q, want %q", module, got, want)
			}
		}
	}
}

func TestSettle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		events := make(chan int)
		go func() {
			for range 4 {
				time.Sleep(50 * time.Millisecond)
				events <- 1
			}
		}()
		start := time.Now()
		if !settle(t.Context(), events, 100*time.Millisecond) || time.Since(start) != 300*time.Millisecond {
			t.Errorf("settled after %v, want 300ms", time.Since(start))
		}
		stop, ctx := make(chan struct{}), t.Context()
		go func() {
			for {
				select {
				case events <- 1:
				case <-stop:
					return
				}
				time.Sleep(50 * time.Millisecond)
			}
		}()
		start = time.Now()
		if !settle(ctx, events, 100*time.Millisecond) || time.Since(start) > 1100*time.Millisecond {
			t.Errorf("settled after %v, want 1s", time.Since(start))
		}
		close(stop)
	})
}
