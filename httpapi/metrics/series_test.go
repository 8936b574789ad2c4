package metrics

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Counters count on when more series were asked for than are remembered.
func TestManySeries(t *testing.T) {
	m := New(Sources{})
	for range 2 {
		for i := range maxSeries + 10 {
			m.Request("desk", 200+i, "address", i%2 == 0)
			m.Rendered(fmt.Sprint("p", i), time.Second)
		}
	}
	text := scrape(t, m)
	for _, want := range []string{
		`phoneprov_requests_total{profile="desk",reason="address",status="200"} 2`,
		fmt.Sprintf(`phoneprov_requests_total{profile="desk",reason="address",status="%d"} 2`, 200+maxSeries+9),
		fmt.Sprintf(`phoneprov_refusals_total{reason="address"} %d`, maxSeries+10),
		`phoneprov_render_seconds_count{profile="p0"} 2`,
		fmt.Sprintf(`phoneprov_render_seconds_count{profile="other"} %d`, 2*(maxSeries+10-(maxProfiles-1))), // desk is a profile too
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
}
