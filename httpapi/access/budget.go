package access

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// What a Budget remembers, in bytes as measured: a source and each of its things, and how much of that in each of its two
// periods. What is beyond makes it forget the older one early. So three Budgets take under 100 MB, whatever comes.
const (
	sourceBytes = 64
	thingBytes  = 16
	maxBytes    = 13 << 20
)

// Budget counts distinct things (MACs that are not there, user names with a wrong password) by source: an IPv4 address,
// or an IPv6 /64, which is what one subscriber has. A thing counts for at least the period and at most twice as long. Its
// memory is bounded. It may be used by many goroutines.
type Budget struct {
	most   int
	period time.Duration
	seed   maphash.Seed

	mu         sync.Mutex
	begun      time.Time // when now was
	now, early map[Source][]uint32
	bytes      int // of now
}

// Source is what a Budget is kept for: the first 64 bits of an IPv6 address, or an IPv4 address.
type Source uint64

// v4 marks an IPv4 address: no IPv6 address of a host begins so (RFC 4291, 2.4: 0000::/8 is reserved).
const v4 = 0xffff << 32

// SourceOf is the source that an address belongs to.
func SourceOf(a netip.Addr) Source {
	var s Source
	if a = a.Unmap(); a.Is4() {
		for _, c := range a.As4() {
			s = s<<8 | Source(c)
		}
		return v4 | s
	}
	b := a.As16()
	for _, c := range b[:8] {
		s = s<<8 | Source(c)
	}
	return s
}

// userSeed makes Of unpredictable.
var userSeed = maphash.MakeSeed()

// Of is the part of a source that concerns a user name.
func (s Source) Of(user string) Source { return s ^ Source(maphash.String(userSeed, user)) }

// NewBudget gives each source so many things within a period.
func NewBudget(most int, period time.Duration) *Budget {
	return &Budget{most: most, period: period, seed: maphash.MakeSeed(), now: map[Source][]uint32{}}
}

// Wider is a Budget of its own with factor times as many things, for the same period.
func (b *Budget) Wider(factor int) *Budget { return NewBudget(factor*b.most, b.period) }

// Spend counts a thing against its source and reports whether that is within the budget.
func (b *Budget) Spend(s Source, thing string, at time.Time) bool {
	hash := uint32(maphash.String(b.seed, thing))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(at)
	spent := b.spent(s)
	switch {
	case slices.Contains(spent, hash):
		return len(spent) <= b.most
	case len(spent) > b.most: // no more need be remembered
		return false
	}
	if b.bytes >= maxBytes {
		b.begin(at)
	}
	if b.bytes += thingBytes; b.now[s] == nil {
		b.bytes += sourceBytes
	}
	b.now[s] = append(b.now[s], hash)
	return len(spent) < b.most
}

// Over reports whether a source has spent more than its budget.
func (b *Budget) Over(s Source, at time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(at)
	return len(b.spent(s)) > b.most
}

// spent are the distinct things of a source.
func (b *Budget) spent(s Source) []uint32 {
	now, early := b.now[s], b.early[s]
	if len(early) == 0 {
		return now
	}
	all := slices.Clone(now)
	for _, hash := range early {
		if !slices.Contains(all, hash) {
			all = append(all, hash)
		}
	}
	return all
}

// turn forgets what is older than two periods.
func (b *Budget) turn(at time.Time) {
	switch age := at.Sub(b.begun); {
	case age >= 2*b.period:
		b.begin(at)
		b.early = nil
	case age >= b.period:
		b.begin(at)
	}
}

func (b *Budget) begin(at time.Time) {
	b.early, b.now, b.begun, b.bytes = b.now, map[Source][]uint32{}, at, 0
}
