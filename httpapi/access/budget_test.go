package access

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(skips.Reporting{M: m}) }

func TestBudget(t *testing.T) {
	b := NewBudget(3, 10*time.Minute)
	start := time.Unix(1_800_000_000, 0)
	a, neighbour, v6, sameNet, otherNet := netip.MustParseAddr("198.51.100.7"), netip.MustParseAddr("198.51.100.8"),
		netip.MustParseAddr("2001:db8:0:1::1"), netip.MustParseAddr("2001:db8:0:1:ffff::2"), netip.MustParseAddr("2001:db8:0:2::1")
	for i, step := range []struct {
		after  time.Duration
		source netip.Addr
		thing  string
		want   bool
	}{
		{0, a, "1", true},
		{0, a, "1", true}, // a repeated thing counts once
		{0, a, "2", true},
		{0, a, "3", true},
		{0, a, "3", true},
		{0, a, "4", false},
		{0, a, "1", false}, // the source is over its budget, whatever the thing
		{0, netip.MustParseAddr("::ffff:198.51.100.7"), "1", false},
		{0, neighbour, "4", true},
		{0, v6, "1", true}, {0, sameNet, "2", true}, {0, v6, "3", true}, {0, sameNet, "4", false},
		{0, otherNet, "1", true},
		{9 * time.Minute, a, "5", false},
		{11 * time.Minute, a, "5", false}, // a thing counts for at most twice the period
		{21 * time.Minute, a, "5", true},
		{25 * time.Minute, a, "6", true},
		{25 * time.Minute, a, "7", true},
		{35 * time.Minute, a, "8", false}, // 6 and 7 still count
	} {
		if got := b.Spend(SourceOf(step.source), step.thing, start.Add(step.after)); got != step.want {
			t.Errorf("step %d, %v: got %v", i, step, got)
		}
		if over := b.Over(SourceOf(step.source), start.Add(step.after)); over == step.want {
			t.Errorf("step %d, %v: over is %v", i, step, over)
		}
	}
	if got := b.Over(SourceOf(a), start.Add(time.Hour)); got {
		t.Error("it never ends")
	}
}

// A source with many /64s has a bounded budget: a /56 has 4 times the budget of a /64, and a /48 has 16 times.
func TestNetworksAreBounded(t *testing.T) {
	now := time.Unix(1_800_000_000, 0)
	addr := func(site, subscriber, link int) Source {
		return SourceOf(netip.MustParseAddr(fmt.Sprintf("2001:db8:%x:%02x%02x::1", site, subscriber, link)))
	}
	b := NewBudget(20, 10*time.Minute)
	ask := func(site, subscribers, links int) (within int) {
		for subscriber := range subscribers {
			for link := range links {
				for i := range 20 {
					if b.Spend(addr(site, subscriber, link), fmt.Sprint(site, subscriber, link, i), now) {
						within++
					}
				}
			}
		}
		return within
	}
	if got := ask(1, 1, 200); got != 80 {
		t.Errorf("200 /64s of a /56: got %d, want 80", got)
	}
	if !b.Over(addr(1, 0, 201), now) || b.Over(addr(1, 1, 0), now) {
		t.Error("the /56 is not over, or its neighbour is")
	}
	if got := ask(2, 200, 1); got != 320 {
		t.Errorf("200 /56s of a /48: got %d, want 320", got)
	}
	if !b.Over(addr(2, 250, 7), now) || b.Over(addr(3, 0, 0), now) {
		t.Error("the /48 is not over, or its neighbour is")
	}
	if got := ask(4, 3, 200); got != 240 || b.Over(addr(4, 3, 0), now) {
		t.Errorf("three hostile /56s: got %d, or they have spent what their /48 has", got)
	}
	user, other := addr(5, 0, 0).Of("a"), addr(5, 0, 0).Of("b")
	for i := range 21 {
		b.Spend(user, fmt.Sprint(i), now)
	}
	if !b.Over(user, now) || b.Over(other, now) || b.Over(addr(5, 0, 0), now) {
		t.Error("a user's budget is not its own")
	}
	for i := range 200 { // an IPv4 address counts for no larger network
		v4 := SourceOf(netip.AddrFrom4([4]byte{198, 51, 100, byte(i)}))
		for thing := range 20 {
			if !b.Spend(v4, fmt.Sprint(i, thing), now) {
				t.Fatalf("%d: an IPv4 address has spent another's budget", i)
			}
		}
	}
}

// A Budget takes less than 50 MB for any number of sources, whether a source asks for one MAC or spends its budget.
func TestBudgetIsBounded(t *testing.T) {
	const most = 50 << 20
	now := time.Unix(1_800_000_000, 0)
	for _, macs := range []int{1, 4, 21} {
		b := NewBudget(20, 10*time.Minute)
		before := heap()
		source := func(i int) Source {
			var a [4]byte
			binary.BigEndian.PutUint32(a[:], uint32(i))
			return SourceOf(netip.AddrFrom4(a))
		}
		n := skips.Size(t, 600_000, 400_000) / macs
		for i := range n {
			for mac := range macs {
				b.Spend(source(i), fmt.Sprint(mac), now)
			}
		}
		if used := heap() - before; used > most {
			t.Errorf("%d MACs each: %d MB", macs, used>>20)
		}
		for i := range 21 {
			b.Spend(source(n-1), fmt.Sprint(i), now)
		}
		if !b.Over(source(n-1), now) {
			t.Errorf("%d MACs each: a source of now is forgotten", macs)
		}
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
