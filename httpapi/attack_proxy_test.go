package httpapi

import (
	"net/netip"
	"strings"
	"testing"
)

// Behind a trusted proxy a stranger's address is what the proxy says, whatever the stranger has put before it.
func TestForwardedAttacksThroughAProxy(t *testing.T) {
	t.Parallel()
	const client = "198.51.100.7" // that the proxy appends
	for name, sent := range map[string]string{
		"nothing": "", "a phone's address": "192.168.1.5, ", "many": strings.Repeat("192.168.1.5, ", 700), "long": strings.Repeat("x", 5000) + ", ",
		"long without a comma": strings.Repeat(" ", 5000), "malformed": "x, ", "empty": ", , ", "the proxy's": "127.0.0.1, ",
	} {
		t.Run(name, func(t *testing.T) {
			s := newSite(t, "", nil)
			s.Access.Proxies = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}
			replies, _ := s.attack(t, request("GET", phoneTarget, "X-Forwarded-For: "+sent+client+"\r\n"), 1)
			if len(replies) != 1 || replies[0].status != 404 {
				t.Errorf("got %v", replies)
			}
			if log := s.log.String(); !strings.Contains(log, `"remote":"`+client+`"`) {
				t.Errorf("got %s", log)
			}
		})
	}
}
