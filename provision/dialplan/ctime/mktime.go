package ctime

import (
	"math"
	"time"
)

// Epoch returns the moment at which the clocks of a zone show a time. If they show it twice, the result depends on how
// the time-zone database's C library searches, so Epoch halves as it does. Not ok: they never show it.
func Epoch(wall time.Time, zone *time.Location) (int64, bool) {
	want := wall.Unix()
	lo, hi := int64(math.MinInt64), int64(math.MaxInt64)
	for lo <= hi {
		t := min(max(lo/2+hi/2, lo), hi)
		shown := t
		if t > -farthest && t < farthest {
			_, offset := time.Unix(t, 0).In(zone).Zone()
			shown += int64(offset)
		}
		if shown == want {
			return t, true
		}
		switch t {
		case lo:
			t++
			lo++
		case hi:
			t--
			hi--
		}
		if lo > hi {
			break
		}
		if shown > want {
			hi = t
		} else {
			lo = t
		}
	}
	return 0, false
}

// farthest is in seconds from 1970, beyond every year that a format can express.
const farthest = 1 << 40
