package ledger

import (
	"slices"
	"sync"
)

// The bounds of memory.
const (
	// maxMemoryEvents bounds the events of all phones: some 10 MB.
	maxMemoryEvents = 50_000
	// maxMemoryTexts bounds the texts in bytes. memory does not keep further texts.
	maxMemoryTexts = 16 << 20
)

// memory is a Store without a file. It holds the history and the texts until the process ends.
type memory struct {
	mu        sync.Mutex
	events    []Event // the oldest first
	texts     map[textName]Text
	textBytes int
}

type textName struct{ phone, file string }

func newMemory() *memory { return &memory{texts: map[textName]Text{}} }

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
	for _, id := range b.Forgotten {
		for name := range m.texts {
			if name.phone == id {
				m.drop(name)
			}
		}
	}
	for _, t := range b.Texts {
		name := textName{t.Phone, t.File}
		m.drop(name)
		if m.textBytes+len(t.Kept.Lines) <= maxMemoryTexts {
			m.texts[name] = t
			m.textBytes += len(t.Kept.Lines)
		}
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

func (m *memory) drop(name textName) {
	m.textBytes -= len(m.texts[name].Kept.Lines)
	delete(m.texts, name)
}

func (m *memory) Text(phone, file string) (Text, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.texts[textName{phone, file}], nil
}
