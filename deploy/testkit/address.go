package testkit

import (
	"net"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// NeedAddress ends the test where this machine has no address ip: Linux has all of 127.0.0.0/8, other systems 127.0.0.1 alone,
// and a container may have no ::1. The test is skipped, or fails where REQUIRE_ASTERISK is set.
func NeedAddress(tb testing.TB, ip string) {
	tb.Helper()
	l, err := net.Listen("tcp", net.JoinHostPort(ip, "0"))
	if err != nil {
		skips.Skip(tb, "no address "+ip+" on this machine", "give the loopback interface that address")
	}
	if err := l.Close(); err != nil {
		tb.Fatal(err)
	}
}
