package httpapi

import (
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Bounds of TestTimeTellsNothing. An attacker guesses from one time each which of two names belongs to a phone. The
// share of right guesses is 0.5 by chance. Before address and budget were checked first, it was 0.95 to 0.99 for a name
// that repeats its MAC. With 3,000 samples of each name, chance stays within 0.5 ± 0.03 in all but one run of 10,000.
// Other work on the machine comes in bursts that hit one name more than the other: once in 60 runs on a loaded machine,
// the best of 4 attempts was 0.56. So there are many attempts, of some 30 ms each. A real leak is never near chance.
const (
	timingSamples    = 3000
	fewTimingSamples = 1000 // chance stays within 0.5 ± 0.05, so that more attempts may be needed
	timingShare      = 0.55
	timingAttempts   = 20
)

// Who is refused cannot tell by the time whether there is a phone of a MAC, nor with a MAC that a name repeats.
func TestTimeTellsNothing(t *testing.T) {
	for _, spent := range []bool{false, true} {
		for _, form := range []string{"%s.cfg", "%s.nosuch", strings.Repeat("%[1]s", 20) + ".cfg", strings.Repeat("%[1]s-", 19) + "x"} {
			t.Run(fmt.Sprintf("%.20s, spent %v", form, spent), func(t *testing.T) {
				b := manyFiles(t)
				if spent {
					spend(b, internet, 30)
				}
				h := Phones(b.Options)
				best := 1.0
				for range timingAttempts {
					share := distinguish(t, h, fmt.Sprintf(form, known), fmt.Sprintf(form, unknown))
					if best = min(best, max(share, 1-share)); best <= timingShare {
						return
					}
				}
				t.Errorf("the time tells known from unknown in %.0f of 100 pairs, at best of %d attempts", 100*best, timingAttempts)
			})
		}
	}
}

// manyFiles has a phone of 60 files, all of which a search through them would look at.
func manyFiles(t *testing.T) *bench {
	t.Helper()
	b := enumerable(t, false)
	conf := "[p]\n"
	for i := range 60 {
		conf += fmt.Sprintf("${MAC}-%d.cfg => t.cfg\n", i)
	}
	b.Store.Swap(buildConfig(t, map[string]string{"phoneprov.conf": conf + "${MAC}.cfg => t.cfg\n", "users.conf": "[6001]\nautoprov=yes\nprofile=p\nmacaddress=" + known + "\n"}))
	b.Log = zerolog.New(io.Discard)
	return b
}

// distinguish measures two requests in turns, in a changing order. It returns the share of pairs in which the first took
// longer. A pair of equal times counts half.
func distinguish(t *testing.T, h http.Handler, first, second string) float64 {
	t.Helper()
	samples := skips.Size(t, timingSamples, fewTimingSamples)
	requests := [2]*http.Request{}
	for i, name := range []string{first, second} {
		requests[i] = httptest.NewRequest("GET", "http://pbx.test/phoneprov/"+name, nil)
		requests[i].RemoteAddr = internet
	}
	w := &sink{header: http.Header{}}
	var times [2][]time.Duration
	for n := range 2 * samples {
		i := n&1 ^ n>>1&1 // 0 1 1 0
		clear(w.header)
		start := time.Now()
		h.ServeHTTP(w, requests[i])
		times[i] = append(times[i], time.Since(start))
	}
	return rankShare(times[0], times[1])
}

// rankShare is Mann and Whitney's U of two samples, as a share of all pairs.
func rankShare(a, b []time.Duration) float64 {
	slices.Sort(a)
	slices.Sort(b)
	below, equal, sum := 0, 0, 0.0
	for _, x := range a {
		for below < len(b) && b[below] < x {
			below++
		}
		for equal = max(equal, below); equal < len(b) && b[equal] == x; equal++ {
		}
		sum += float64(below) + float64(equal-below)/2
	}
	return sum / float64(len(a)*len(b))
}

// The measure sees a difference where there is one.
func TestRankShare(t *testing.T) {
	for _, tt := range []struct {
		a, b []time.Duration
		want float64
	}{
		{[]time.Duration{1, 2, 3}, []time.Duration{1, 2, 3}, 0.5},
		{[]time.Duration{4, 5}, []time.Duration{1, 2, 3}, 1},
		{[]time.Duration{1}, []time.Duration{2, 3}, 0},
		{[]time.Duration{2, 2}, []time.Duration{1, 2}, 0.75},
	} {
		if got := rankShare(tt.a, tt.b); math.Abs(got-tt.want) > 1e-9 {
			t.Errorf("%v, %v: got %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
	slow := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "slow") {
			for range 200 {
				device.FindMAC("0004f2000001-0004f2000002.cfg")
			}
		}
	})
	if got := distinguish(t, slow, "slow", "fast"); got < 0.9 {
		t.Errorf("a handler that is slow for one name: got %v", got)
	}
}
