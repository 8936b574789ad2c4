package httpapi

import (
	"math/rand/v2"
	"net/netip"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/httpapi/access"
)

// numbered is one of many sources.
func numbered(n int) access.Source {
	return access.SourceOf(netip.AddrFrom4([4]byte{192, 0, byte(n >> 8), byte(n)}))
}

// The victim is the oldest of a source that holds most, as a search through all finds it.
func TestShares(t *testing.T) {
	t.Parallel()
	type thing struct {
		place node[*thing]
		h     *holder[*thing]
	}
	var s bySource[*thing]
	var all []*thing // the oldest first
	random := rand.New(rand.NewPCG(1, 2))
	steps := skips.Size(t, 20_000, 4_000)
	for step := range steps {
		if len(all) == 0 || random.IntN(100) < 50+5*(1-step/(steps/2)*2) {
			x := &thing{h: s.open(numbered(random.IntN(8)))}
			x.place.value = x
			s.put(x.h, &x.place)
			all = append(all, x)
		} else {
			i := random.IntN(len(all))
			x := all[i]
			s.drop(x.h, &x.place)
			s.close(x.h)
			all = append(all[:i:i], all[i+1:]...)
		}
		counts, most := map[access.Source]int{}, 0
		for _, x := range all {
			counts[x.h.source]++
			most = max(most, counts[x.h.source])
		}
		if s.n != len(all) || len(s.sources) != len(counts) {
			t.Fatalf("step %d: %d of %d sources, want %d of %d", step, s.n, len(s.sources), len(all), len(counts))
		}
		victim := s.victim()
		if victim == nil {
			if len(all) > 0 {
				t.Fatalf("step %d: no victim of %d", step, len(all))
			}
			continue
		}
		its := victim.value.h.source
		if counts[its] != most {
			t.Fatalf("step %d: the source of the victim holds %d, another %d", step, counts[its], most)
		}
		for _, x := range all {
			if x.h.source == its {
				if x != victim.value {
					t.Fatalf("step %d: there is an older one", step)
				}
				break
			}
		}
	}
}

func BenchmarkShares(b *testing.B) {
	var waiting, busy bySource[int]
	places := make([]node[int], maxConnections)
	waits, works := make([]*holder[int], len(places)), make([]*holder[int], len(places))
	for i := range places {
		waits[i], works[i] = waiting.open(numbered(i/4)), busy.open(numbered(i/4))
		waiting.put(waits[i], &places[i])
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i = (i + 1) % len(places) {
		waiting.drop(waits[i], &places[i])
		busy.put(works[i], &places[i])
		busy.drop(works[i], &places[i])
		waiting.put(waits[i], &places[i])
		waiting.victim()
	}
}
