package httpapi

import (
	"sync"

	"github.com/phoneprov/phoneprov/httpapi/access"
)

// transfers bounds the answers of a Door that are being sent.
type transfers struct {
	most, ofSource int // of all sources, and of one

	mu   sync.Mutex
	all  int
	open map[access.Source]int
}

// begin reports whether there is room for one more answer to a source. If so, end must follow.
func (t *transfers) begin(s access.Source) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.all >= t.most || t.open[s] >= t.ofSource {
		return false
	}
	t.all++
	t.open[s]++
	return true
}

func (t *transfers) end(s access.Source) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.all--
	if t.open[s]--; t.open[s] == 0 {
		delete(t.open, s)
	}
}
