package provision

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// During a thousand swaps each reader sees a response that is wholly of one generation.
func TestSwapHammer(t *testing.T) {
	r, dir := renderer(t, nil)
	k := &cachedSite{dir: dir} // the files have settled, so there are plans
	k.lay(t, "t", "${LABEL} ${CONST} ${TOLOWER(${LABEL})} ${PP_EACH_USER(%{LABEL} )}${PP_EACH_EXTENSION(000000000002,l)}", time.Hour)
	k.lay(t, "l", "${LABEL}", time.Hour)
	snapshot := func(i int) *Snapshot {
		s, _ := build(t, map[string]string{
			"phoneprov.conf": fmt.Sprintf("[general]\ndefault_profile=p\n[p]\nsetvar=CONST=%d\n${MAC}.cfg => t\n", i),
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
	for reader := range 4 {
		readers.Go(func() {
			for last := uint64(0); ; {
				select {
				case <-done:
					return
				default:
				}
				s := store.Load()
				body, err := render(t, r, s, fmt.Sprintf("%012d.cfg", 1+reader%2), Request{})
				n := s.Generation - 1
				if want := fmt.Sprintf("%d %[1]d %[1]d %[1]d %[1]d %[1]d", n); err != nil || body != want || s.Generation < last {
					t.Errorf("got %q (%v), want %q", body, err, want)
				}
				last = s.Generation
			}
		})
	}
	for i := 1; i <= skips.Size(t, 500, 60); i++ {
		if old := store.Swap(snapshot(i)); old.Generation != uint64(i) {
			t.Errorf("swap %d: got generation %d before it", i, old.Generation)
		}
	}
	close(done)
	readers.Wait()
}
