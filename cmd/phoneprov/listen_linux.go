package main

import (
	"context"
	"net"
	"syscall"
)

// listen binds an address. Without a host it binds all IPv4 and IPv6 addresses. Package net would bind IPv4 only if
// 127.0.0.1 is missing, as in a network with IPv6 only.
func listen(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, err
	}
	host, _, _ := net.SplitHostPort(address)
	bound, ok := l.Addr().(*net.TCPAddr)
	if host != "" || !ok || bound.IP.To4() == nil {
		return l, nil
	}
	_ = l.Close()
	both := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		failed := c.Control(func(fd uintptr) { err = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, syscall.IPV6_V6ONLY, 0) })
		if failed != nil {
			return failed
		}
		return err
	}}
	if l, err = both.Listen(context.Background(), "tcp6", address); err != nil { // there is no IPv6
		return net.Listen("tcp", address)
	}
	return l, nil
}
