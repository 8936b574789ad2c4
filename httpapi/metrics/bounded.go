package metrics

import (
	"strings"
	"sync"
)

// other replaces the values of a label beyond its bound.
const other = "other"

// maxLabel bounds a label's value in bytes.
const maxLabel = 64

// bounded is a label with a bounded number of values: the first ones that come, and other.
type bounded struct {
	most int
	mu   *sync.RWMutex
	seen map[string]bool
}

func newBounded(most int) bounded {
	return bounded{most, new(sync.RWMutex), map[string]bool{}}
}

// value returns the label's value for a text.
func (b bounded) value(text string) string {
	text = strings.ToValidUTF8(text[:min(len(text), maxLabel)], "")
	b.mu.RLock()
	known := b.seen[text]
	b.mu.RUnlock()
	if known {
		return text
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.seen[text] && len(b.seen) >= b.most {
		return other
	}
	b.seen[strings.Clone(text)] = true
	return text
}
