package metrics

import (
	"strings"
	"sync"
)

// other stands for the values of a label beyond its bound.
const other = "other"

// maxLabel bounds in bytes a value of a label.
const maxLabel = 64

// bounded is a label that has at most so many values: those that come first, and other.
type bounded struct {
	most int
	mu   *sync.RWMutex
	seen map[string]bool
}

func newBounded(most int) bounded {
	return bounded{most, new(sync.RWMutex), map[string]bool{}}
}

// value is the label's value for a text.
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
