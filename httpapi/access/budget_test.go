package access

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

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
		{0, a, "1", true}, // again is nothing new
		{0, a, "2", true},
		{0, a, "3", true},
		{0, a, "3", true},
		{0, a, "4", false},
		{0, a, "1", false}, // over is over, whatever it is
		{0, netip.MustParseAddr("::ffff:198.51.100.7"), "1", false},
		{0, neighbour, "4", true},
		{0, v6, "1", true}, {0, sameNet, "2", true}, {0, v6, "3", true}, {0, sameNet, "4", false},
		{0, otherNet, "1", true},
		{9 * time.Minute, a, "5", false},
		{11 * time.Minute, a, "5", false}, // at most twice the period
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

// A million sources, and more, cost under 100 MB.
func TestBudgetIsBounded(t *testing.T) {
	const most = 100 << 20
	b := NewBudget(20, 10*time.Minute)
	now := time.Unix(1_800_000_000, 0)
	before := heap()
	for i := range uint32(1_500_000) {
		var a [4]byte
		binary.BigEndian.PutUint32(a[:], i)
		b.Spend(SourceOf(netip.AddrFrom4(a)), "0004f2000001", now)
	}
	if used := heap() - before; used > most {
		t.Errorf("%d MB", used>>20)
	}
	var last [4]byte
	binary.BigEndian.PutUint32(last[:], 1_499_999)
	for i := range 20 {
		b.Spend(SourceOf(netip.AddrFrom4(last)), fmt.Sprint(i), now)
	}
	if !b.Over(SourceOf(netip.AddrFrom4(last)), now) {
		t.Error("a source of now is forgotten")
	}
	if n := len(b.now) + len(b.early); n > 2*maxSources {
		t.Errorf("%d sources", n)
	}
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func BenchmarkBudget(b *testing.B) {
	budget := NewBudget(20, 10*time.Minute)
	a := netip.MustParseAddr("198.51.100.7")
	now := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		budget.Spend(SourceOf(a), "0004f2000001", now)
	}
}
