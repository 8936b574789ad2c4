package pnp

import (
	"errors"
	"net"
	"os"
	"syscall"
)

// listenGroup binds a multicast group and its port. Package net would bind the port of all addresses. Asterisk may have
// that port, and the socket would take Asterisk's packets.
func listenGroup(group *net.UDPAddr) (*net.UDPConn, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC|syscall.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, os.NewSyscallError("socket", err)
	}
	file := os.NewFile(uintptr(fd), "multicast")
	defer file.Close() // FilePacketConn has a copy
	if err := syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return nil, os.NewSyscallError("setsockopt", err)
	}
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Port: group.Port, Addr: [4]byte(group.IP.To4())}); err != nil {
		return nil, &net.OpError{Op: "listen", Net: "udp4", Addr: group, Err: os.NewSyscallError("bind", err)}
	}
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, err
	}
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return nil, errors.Join(errors.New("not a UDP socket"), conn.Close())
	}
	return udp, nil
}
