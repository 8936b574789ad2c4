package access

import (
	"hash/maphash"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Memory of a Budget in bytes, as measured. A source takes sourceBytes, and each of its things thingBytes. maxBytes
// bounds each of the two periods. Beyond it, a Budget forgets the older period early. Three Budgets take less than
// 100 MB.
const (
	sourceBytes = 64
	thingBytes  = 16
	maxBytes    = 13 << 20
)

// Budget counts distinct things by source, for example unknown MACs, or user names with a wrong password. A source is
// an IPv4 address, or an IPv6 /64, which is one link. A Budget bounds a subscriber's larger networks too (see
// networks). A thing counts for at least one period and at most two. Many goroutines may use a Budget.
type Budget struct {
	most   int
	period time.Duration
	seed   maphash.Seed

	mu         sync.Mutex
	begun      time.Time           // when the current period began
	now, early map[uint64][]uint32 // things of the current and the previous period, by Source.key
	bytes      int                 // memory of now
	refused    uint64              // how often a source was over its budget
}

// Source is an IPv4 address, or the first 64 bits of an IPv6 address, for all users or for one user.
type Source struct {
	net  uint64
	user uint64 // hash of the user's name; 0: all users
}

// networks are the networks that an IPv6 source counts for: its /64, /56 and /48. bits is the number of bits that a
// network cuts off the source. The budget of a network is times the budget of a /64. Providers give a /56 or a /48 to a
// subscriber, and hosters a /48 to a customer: otherwise they would have a budget for each /64. The larger networks
// have larger budgets because a company's phones in several links share them. A /56 beyond its budget adds nothing to
// its /48, so only four hostile /56s use up the budget of a /48.
var networks = [...]struct{ bits, times int }{{0, 1}, {8, 4}, {16, 16}}

// v4 marks an IPv4 address. No IPv6 address of a host begins with these bits (RFC 4291, 2.4: 0000::/8 is reserved).
const v4 = 0xffff << 32

// SourceOf returns the source of an address.
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

// userSeed makes the result of Of unpredictable.
var userSeed = maphash.MakeSeed()

// Of returns the source restricted to a user name.
func (s Source) Of(user string) Source {
	s.user = maphash.String(userSeed, user)
	return s
}

// networks returns the number of networks that a source counts for.
func (s Source) networks() int {
	if s.net>>32 == v4>>32 {
		return 1
	}
	return len(networks)
}

// key returns the key of a source's network. n is an index of networks. The first byte of a larger network's key is n:
// no IPv6 address of a host begins with that byte.
func (s Source) key(n int) uint64 {
	return (s.net>>networks[n].bits | uint64(n)<<56) ^ s.user
}

// NewBudget returns a Budget that allows each source at most most things in a period.
func NewBudget(most int, period time.Duration) *Budget {
	return &Budget{most: most, period: period, seed: maphash.MakeSeed(), now: map[uint64][]uint32{}}
}

// Wider returns a new Budget that allows factor times as many things in the same period.
func (b *Budget) Wider(factor int) *Budget { return NewBudget(factor*b.most, b.period) }

// Spend counts a thing for a source, and reports whether the source and its networks are within the budget.
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
		if !within { // the source is over its budget, so the Budget need not remember more of it
			break
		}
		within = b.spend(s.key(n), hash, b.most*networks[n].times, at)
	}
	return within
}

// spend counts a thing for a network that is within its budget, and reports whether the network still is. hash is the
// thing's hash, and most the network's budget.
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

// Stats returns the number of remembered sources and networks, and how often a source was over its budget.
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

// Over reports whether a source, or one of its networks, has spent more than its budget.
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

// spent returns the distinct things of a network.
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

// turn begins a new period if the current one is over.
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
