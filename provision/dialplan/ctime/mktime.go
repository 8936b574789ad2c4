package ctime

import (
	"math"
	"time"
)

// Epoch finds the moment at which the clocks of a zone show a time. Where they
// show it twice it is found by halving, as the C library of the time zone database
// does, for its choice depends on that.
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

// farthest is in seconds from 1970, beyond every year that a format can give.
const farthest = 1 << 40
