package pnp

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"
)

// Listen can bind a multicast group beside a program that has the port on one address. It cannot beside a program that
// has the port on all addresses, as Asterisk does with bind = 0.0.0.0.
func TestGroupBesideOthers(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name, other string
		free        bool
	}{
		{"one address", "127.0.0.1:0", true},
		{"all addresses", "0.0.0.0:0", false},
	} {
		other, err := net.ListenPacket("udp4", row.other)
		if err != nil {
			t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(other.LocalAddr().String())
		sockets, err := Listen("224.0.1.75:" + port)
		switch {
		case row.free && err != nil, !row.free && !errors.Is(err, syscall.EADDRINUSE):
			t.Errorf("%s: got %v", row.name, err)
		case err == nil:
			if got := sockets.Addr().(*net.UDPAddr); !got.IP.Equal(net.IPv4(224, 0, 1, 75)) || strconv.Itoa(got.Port) != port {
				t.Errorf("%s: the socket has %v, so it takes packets that are for others", row.name, got)
			}
			if err := sockets.Close(); err != nil {
				t.Error(err)
			}
		}
		other.Close()
	}
	if _, err := Listen("[ff02::1]:5060"); err == nil {
		t.Error("a group of IPv6 is listened on")
	}
}
