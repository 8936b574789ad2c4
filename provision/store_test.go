package provision

import (
	"fmt"
	"sync"
	"testing"
)

// Readers during a thousand swaps each see a response that is wholly of one generation.
func TestSwapHammer(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "${LABEL} ${PP_EACH_USER(%{LABEL} )}${PP_EACH_EXTENSION(000000000002,l)}", "l": "${LABEL}"})
	snapshot := func(i int) *Snapshot {
		s, _ := build(t, map[string]string{
			"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n",
			"users.conf": fmt.Sprintf("[a]\nautoprov=yes\nmacaddress=000000000001\nlabel=%d\n"+
				"[b]\nautoprov=yes\nmacaddress=000000000002\nlabel=%[1]d\n", i),
		})
		return s
	}
	var store Store
	if store.Load() != nil {
		t.Error("the zero Store holds a snapshot")
	}
	store.Swap(snapshot(0))
	var readers sync.WaitGroup
	done := make(chan struct{})
	for range 4 {
		readers.Go(func() {
			for last := uint64(0); ; {
				select {
				case <-done:
					return
				default:
				}
				s := store.Load()
				body, err := render(t, r, s, "000000000001.cfg", Request{})
				n := s.Generation - 1
				if want := fmt.Sprintf("%d %[1]d %[1]d %[1]d", n); err != nil || body != want || s.Generation < last {
					t.Errorf("got %q (%v), want %q", body, err, want)
				}
				last = s.Generation
			}
		})
	}
	for i := 1; i <= 1000; i++ {
		if old := store.Swap(snapshot(i)); old.Generation != uint64(i) {
			t.Errorf("swap %d: got generation %d before it", i, old.Generation)
		}
	}
	close(done)
	readers.Wait()
}
