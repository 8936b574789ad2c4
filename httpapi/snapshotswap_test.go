package httpapi

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision"
)

// During a thousand reloads every answer is wholly of one configuration, and never an error.
func TestSwapUnderLoad(t *testing.T) {
	t.Parallel()
	const readers = 4
	swaps := skips.Size(t, 1000, 200)
	b := newBench(t)
	b.Store = new(provision.Store) // the first configuration has no name
	h := Phones(Options{Prefix: b.Prefix, Store: b.Store, Renderer: b.Renderer, Access: b.Access})
	var next []*provision.Snapshot
	for i := range swaps {
		user := fmt.Sprintf("username = n%d\nfullname = n%[1]d\n", i)
		next = append(next, buildFrom(t, strings.Replace(usersConf, "username = 6001\n", user, 1)))
	}
	b.Store.Swap(next[0])
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range readers {
		wg.Go(func() {
			for asked := 0; ; asked++ {
				select {
				case <-stop:
					if asked > 0 {
						return
					}
				default:
				}
				w := ask(h, "GET", "/phoneprov/twice0011223344AA.cfg")
				one, two, _ := strings.Cut(w.Body.String(), "|")
				if w.Code != 200 || one != two || one == "" {
					t.Errorf("got %d %q", w.Code, w.Body)
					return
				}
			}
		})
	}
	for _, s := range next[1:] {
		b.Store.Swap(s)
	}
	close(stop)
	wg.Wait()
}
