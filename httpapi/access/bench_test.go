package access

import (
	"net/netip"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

func BenchmarkDecide(b *testing.B) {
	phone := device.MAC{0, 4, 0xf2, 0, 0, 1}
	lan, internet := netip.MustParseAddr("192.168.1.5"), netip.MustParseAddr("198.51.100.7")
	rules := Rules{Allow: DefaultAllow()}
	for _, row := range []struct {
		name  string
		facts Facts
		want  Verdict
	}{
		{"LAN", Facts{Source: lan, Device: phone, Known: true, Phone: phone, Profile: "p"}, Give},
		{"LAN, unknown", Facts{Source: lan}, Refuse},
		{"Internet", Facts{Source: internet, Known: true, Phone: phone, Profile: "p"}, Refuse},
	} {
		b.Run(row.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if got := rules.Decide(row.facts); got.Verdict != row.want {
					b.Fatalf("got %+v", got)
				}
			}
		})
	}
}

func BenchmarkClient(b *testing.B) {
	peer, proxies := netip.MustParseAddr("10.0.0.1"), []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	forwarded := []string{"198.51.100.7, 10.0.0.2"}
	b.ReportAllocs()
	for b.Loop() {
		Client(peer, forwarded, proxies)
	}
}

// BenchmarkSpend measures a scanner that always asks for a new MAC, and a crowd of sources that ask for one MAC each.
func BenchmarkSpend(b *testing.B) {
	now := time.Unix(0, 0)
	b.Run("a scanner", func(b *testing.B) {
		budget, source := NewBudget(20, 10*time.Minute), SourceOf(netip.MustParseAddr("198.51.100.7"))
		var mac device.MAC
		b.ReportAllocs()
		for b.Loop() {
			mac[5]++
			budget.Spend(source, mac.String(), now)
		}
	})
	b.Run("a crowd", func(b *testing.B) {
		budget, source := NewBudget(20, 10*time.Minute), SourceOf(netip.MustParseAddr("10.0.0.0"))
		b.ReportAllocs()
		for b.Loop() {
			source.net++
			budget.Spend(source, "0004f2000001", now)
		}
	})
}
