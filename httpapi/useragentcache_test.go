package httpapi

import (
	"fmt"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/device"
)

// A User-Agent always gives the same device, whatever came before. The number of cached devices is bounded.
func TestDevices(t *testing.T) {
	t.Parallel()
	d := newUserAgentCache()
	for range 2 {
		for i := range 6_000 {
			for _, userAgent := range []string{"", fmt.Sprintf("curl/%d", i), fmt.Sprintf("Yealink SIP-T46S 66.85.0.%d 00:15:65:aa:%02x:%02x", i, i>>8, i&0xff),
				"Grandstream GXP2170 1.0.11.48", "Yealink SIP-T46S " + strings.Repeat("6", 300)} {
				if got, want := d.of(userAgent), device.ParseUserAgent(userAgent); got != want {
					t.Fatalf("%q: got %+v, want %+v", userAgent, got, want)
				}
			}
			if n, bytes := d.known.Stats(); bytes > maxDevices {
				t.Fatalf("%d are remembered, of %d bytes", n, bytes)
			}
		}
	}
}
