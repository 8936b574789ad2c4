package ledger

import (
	"slices"
	"sync"
)

// maxMemoryEvents bounds the history in memory: some 10 MB.
const maxMemoryEvents = 50_000

// memory is a Store that holds only the history, until the process ends.
type memory struct {
	mu     sync.Mutex
	events []Event // the oldest first
}

func newMemory() *memory { return &memory{} }

func (m *memory) Load(func(Record)) (Kept, error) { return Kept{}, nil }
func (m *memory) Size() int64                     { return 0 }
func (m *memory) Close() error                    { return nil }

func (m *memory) Commit(b Batch) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.events = append(m.events, b.Events...)
	if over := len(m.events) - maxMemoryEvents; over > maxMemoryEvents/4 { // copying on each commit would be slow
		m.events = slices.Clone(m.events[over:])
	}
	return nil
}

func (m *memory) History(phone string) (events []Event, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range slices.Backward(m.events) {
		if e.Phone == phone && len(events) < MaxHistory {
			events = append(events, e)
		}
	}
	return events, nil
}
