package pnp

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
)

// Sockets are the sockets of a Server.
type Sockets struct {
	in    *net.UDPConn // receives requests
	out   *net.UDPConn // sends answers and NOTIFYs, and receives responses; may be the same as in
	group net.IP       // the multicast group of in; nil: none
}

// Listen returns the Sockets of an address. If it is a multicast group, Listen joins the group on all interfaces, and
// answers get a socket of their own: Asterisk may have the group's port too.
func Listen(address string) (*Sockets, error) {
	addr, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, err
	}
	if !addr.IP.IsMulticast() {
		conn, err := net.ListenUDP("udp", addr)
		return &Sockets{in: conn, out: conn}, err
	}
	if addr.IP.To4() == nil {
		return nil, fmt.Errorf("%s is a multicast group of IPv6: phones know 224.0.1.75 only", addr.IP)
	}
	in, err := listenGroup(addr)
	if err != nil {
		return nil, err
	}
	out, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4zero})
	if err != nil {
		in.Close()
		return nil, err
	}
	s := &Sockets{in: in, out: out, group: addr.IP}
	s.join()
	return s, nil
}

// join joins the group on all interfaces that are up and not in the group yet.
func (s *Sockets) join() {
	if s.group == nil {
		return
	}
	interfaces, _ := net.Interfaces() // on an error there are none to join
	p := ipv4.NewPacketConn(s.in)
	for _, i := range interfaces {
		if i.Flags&net.FlagUp != 0 && i.Flags&net.FlagMulticast != 0 {
			_ = p.JoinGroup(&i, &net.UDPAddr{IP: s.group}) // fails if i is in the group, or has no address yet
		}
	}
}

// Addr returns the address of the socket that receives requests.
func (s *Sockets) Addr() net.Addr { return s.in.LocalAddr() }

// Close closes the sockets.
func (s *Sockets) Close() error {
	err := s.in.Close()
	if s.out != s.in {
		if outErr := s.out.Close(); err == nil {
			err = outErr
		}
	}
	return err
}

// LocalAddr returns our address for packets to remote, or the zero Addr if there is no route to remote. It sends
// nothing.
func LocalAddr(remote netip.Addr) netip.Addr {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(remote, 9)))
	if err != nil {
		return netip.Addr{}
	}
	defer conn.Close()
	local, _ := netip.AddrFromSlice(conn.LocalAddr().(*net.UDPAddr).IP)
	return local.Unmap()
}
