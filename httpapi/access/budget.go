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
// or an IPv6 /64, which is what one link has. The larger networks that a subscriber may have are bounded too, see networks.
// A thing counts for at least the period and at most twice as long. Its memory is bounded. It may be used by many goroutines.
type Budget struct {
	most   int
	period time.Duration
	seed   maphash.Seed

	mu         sync.Mutex
	begun      time.Time           // when now was
	now, early map[uint64][]uint32 // by Source.key
	bytes      int                 // of now
	refused    uint64              // how often a source was over
}

// Source is what a Budget is kept for: the first 64 bits of an IPv6 address, or an IPv4 address; and of those a user, or all.
type Source struct {
	net  uint64
	user uint64 // zero: all
}

// networks are those that an IPv6 source is counted in: how many bits of it they leave out, and how many times the things of a
// /64 they may have. Providers give a /56 or a /48 to a subscriber, and hosters a /48 to a customer, who else would have as many
// budgets as /64s. They are larger because a company's phones in several links share them; and a /56 that has spent its own
// adds nothing more to its /48, so that at least four hostile ones are needed to spend that of all.
var networks = [...]struct{ bits, times int }{{0, 1}, {8, 4}, {16, 16}}

// v4 marks an IPv4 address: no IPv6 address of a host begins so (RFC 4291, 2.4: 0000::/8 is reserved).
const v4 = 0xffff << 32

// SourceOf is the source that an address belongs to.
func SourceOf(a netip.Addr) Source {
	var net uint64
	if a = a.Unmap(); a.Is4() {
		for _, c := range a.As4() {
			net = net<<8 | uint64(c)
		}
		return Source{net: v4 | net}
	}
	b := a.As16()
	for _, c := range b[:8] {
		net = net<<8 | uint64(c)
	}
	return Source{net: net}
}

// userSeed makes Of unpredictable.
var userSeed = maphash.MakeSeed()

// Of is the part of a source that concerns a user name.
func (s Source) Of(user string) Source {
	s.user = maphash.String(userSeed, user)
	return s
}

// networks is how many of the networks a source is counted in.
func (s Source) networks() int {
	if s.net>>32 == v4>>32 {
		return 1
	}
	return len(networks)
}

// key is that of one of the networks. The larger ones have a mark in their first byte, with which no IPv6 address of a host begins.
func (s Source) key(n int) uint64 {
	return (s.net>>networks[n].bits | uint64(n)<<56) ^ s.user
}

// NewBudget gives each source so many things within a period.
func NewBudget(most int, period time.Duration) *Budget {
	return &Budget{most: most, period: period, seed: maphash.MakeSeed(), now: map[uint64][]uint32{}}
}

// Wider is a Budget of its own with factor times as many things, for the same period.
func (b *Budget) Wider(factor int) *Budget { return NewBudget(factor*b.most, b.period) }

// Spend counts a thing against its source and reports whether that is within the budget: of the source, and of the networks
// that it is in.
func (b *Budget) Spend(s Source, thing string, at time.Time) bool {
	hash := uint32(maphash.String(b.seed, thing))
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(at)
	within := !b.over(s)
	defer func() {
		if !within {
			b.refused++
		}
	}()
	for n := range s.networks() {
		if !within { // no more need be remembered
			break
		}
		within = b.spend(s.key(n), hash, b.most*networks[n].times, at)
	}
	return within
}

// spend counts a thing against one network that is not over yet, and reports whether it is within its budget.
func (b *Budget) spend(key uint64, hash uint32, most int, at time.Time) bool {
	spent := b.spent(key)
	if slices.Contains(spent, hash) {
		return true
	}
	if b.bytes >= maxBytes {
		b.begin(at)
	}
	if b.bytes += thingBytes; b.now[key] == nil {
		b.bytes += sourceBytes
	}
	b.now[key] = append(b.now[key], hash)
	return len(spent) < most
}

// Stats are how many sources and networks are remembered, and how often one was over its budget since the start.
func (b *Budget) Stats() (sources int, over uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	sources = len(b.now)
	for key := range b.early {
		if b.now[key] == nil {
			sources++
		}
	}
	return sources, b.refused
}

// Over reports whether a source, or a network that it is in, has spent more than its budget.
func (b *Budget) Over(s Source, at time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.turn(at)
	over := b.over(s)
	if over {
		b.refused++
	}
	return over
}

func (b *Budget) over(s Source) bool {
	for n := range s.networks() {
		if len(b.spent(s.key(n))) > b.most*networks[n].times {
			return true
		}
	}
	return false
}

// spent are the distinct things of a network.
func (b *Budget) spent(key uint64) []uint32 {
	now, early := b.now[key], b.early[key]
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
	b.early, b.now, b.begun, b.bytes = b.now, map[uint64][]uint32{}, at, 0
}
