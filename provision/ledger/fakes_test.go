package ledger

import (
	"context"
	"slices"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/filediff"
)

// fakeRenderer returns tags that a test sets.
type fakeRenderer struct {
	mu    sync.Mutex
	etag  string
	until time.Time
	err   error
	made  int
}

func (r *fakeRenderer) Digest(_ context.Context, _ *provision.Snapshot, rt *provision.Route, _ provision.Request) (string, provision.Basis, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.made++
	return r.etag, provision.Basis{Phone: rt.Phone.Print(), Templates: "t", Until: r.until}, r.err
}

func (r *fakeRenderer) TemplatesPrint(string) uint64 { return 0 }

func (r *fakeRenderer) Both(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (filediff.File, string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return filediff.File{Text: r.etag, Masked: r.etag}, r.etag, nil
}

// count returns the number of Digest calls.
func (r *fakeRenderer) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.made
}

func (r *fakeRenderer) set(etag string, until time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.etag, r.until = etag, until
}

// countingStore is a Store in memory. A test can make it fail.
type countingStore struct {
	*memory
	mu      sync.Mutex
	err     error
	records map[string]Record
	at      []time.Time // of commits
	block   chan struct{}
	kept    Kept
	lastDay []DayPart
	lastKey filediff.Key
}

// day returns the committed day.
func (c *countingStore) day() []DayPart {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.lastDay
}

func newCountingStore() *countingStore {
	return &countingStore{memory: newMemory(), records: map[string]Record{}}
}

func (c *countingStore) Load(yield func(Record)) (Kept, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range c.records {
		yield(r)
	}
	return c.kept, nil
}

func (c *countingStore) Commit(b Batch) error {
	if c.block != nil {
		<-c.block
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = append(c.at, time.Now())
	if c.err != nil {
		return c.err
	}
	c.lastDay = b.Day
	if b.Key != nil {
		c.lastKey = b.Key
	}
	for _, r := range b.Records {
		c.records[r.ID] = r
	}
	for _, id := range b.Forgotten {
		delete(c.records, id)
	}
	return c.memory.Commit(b)
}

func (c *countingStore) has(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.records[id].Files) > 0
}

// commits returns the number of commits, including failed ones.
func (c *countingStore) commits() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.at)
}

// happened returns the committed events.
func (c *countingStore) happened() []Event {
	c.memory.mu.Lock()
	defer c.memory.mu.Unlock()
	return slices.Clone(c.events)
}

func (c *countingStore) fail(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.err = err
}
