//go:build !linux

package pnp

import "net"

// listenGroup binds the port of a multicast group.
func listenGroup(group *net.UDPAddr) (*net.UDPConn, error) {
	return net.ListenMulticastUDP("udp4", nil, group)
}
