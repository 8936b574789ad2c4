package dhcp

import (
	"context"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"
)

// asked is what a phone says and wants, for a process in the phones' namespace.
type asked struct {
	Name    string
	MAC     string // 12 digits
	Class   string // option 60
	Wanted  []byte // option 55
	Patient time.Duration
}

// Codes of RFC 2132.
const (
	optionServer    = 54
	optionAddress   = 50
	optionType      = 53
	optionWanted    = 55
	optionClass     = 60
	optionEnd       = 255
	bootRequest     = 1
	typeDiscover    = 1
	typeOffer       = 2
	typeRequest     = 3
	typeAck         = 5
	magicCookie     = 0x63825363
	fixedFields     = 236 // bytes before the cookie
	broadcastAnswer = 0x8000
)

// askEnv has a list of asked, for main of the tests.
const askEnv = "PHONEPROV_DHCP_ASK"

// resendAfter is how long a phone waits for an answer. The server is not ready at first.
const resendAfter = 100 * time.Millisecond

// clientMain asks for an address as each phone does, and prints the options of the server's last message to each.
func clientMain(w io.Writer, questions string) error {
	var phones []asked
	if err := json.Unmarshal([]byte(questions), &phones); err != nil {
		return err
	}
	conn, err := broadcastSocket("phone")
	if err != nil {
		return err
	}
	defer conn.Close()
	var got []map[int][]byte
	for _, q := range phones {
		options, err := q.ask(conn)
		if err != nil {
			return fmt.Errorf("%s: %w", q.Name, err)
		}
		got = append(got, options)
	}
	return json.NewEncoder(w).Encode(got)
}

// ask returns the options of the server's last message to a phone.
func (q asked) ask(conn net.PacketConn) (map[int][]byte, error) {
	deadline := time.Now().Add(q.Patient)
	offer, err := q.exchange(conn, deadline, typeOffer, []byte{optionType, 1, typeDiscover})
	if err != nil {
		return nil, err
	}
	options := append([]byte{optionType, 1, typeRequest, optionServer, 4}, offer.options[optionServer]...)
	options = append(append(options, optionAddress, 4), offer.address...)
	ack, err := q.exchange(conn, deadline, typeAck, options)
	return ack.options, err
}

// broadcastSocket returns a socket for port 68 that sends to all on an interface.
func broadcastSocket(device string) (net.PacketConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) (err error) {
		failed := c.Control(func(fd uintptr) {
			err = errors.Join(syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_BROADCAST, 1), syscall.BindToDevice(int(fd), device))
		})
		return errors.Join(failed, err)
	}}
	return config.ListenPacket(context.Background(), "udp4", "0.0.0.0:68")
}

type answer struct {
	mac     string // of the phone that it is for
	address []byte
	options map[int][]byte
}

// exchange sends a message until the answer of a type comes.
func (q asked) exchange(conn net.PacketConn, deadline time.Time, want byte, options []byte) (answer, error) {
	message := q.message(options)
	buf := make([]byte, 1500)
	for time.Now().Before(deadline) {
		if _, err := conn.WriteTo(message, &net.UDPAddr{IP: net.IPv4bcast, Port: 67}); err != nil {
			return answer{}, err
		}
		conn.SetReadDeadline(time.Now().Add(resendAfter))
		for {
			n, _, err := conn.ReadFrom(buf)
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break
			}
			if err != nil {
				return answer{}, err
			}
			if a, ok := parse(buf[:n]); ok && a.mac == q.MAC && len(a.options[optionType]) == 1 && a.options[optionType][0] == want {
				return a, nil
			}
		}
	}
	return answer{}, fmt.Errorf("no message of type %d within %v", want, q.Patient)
}

func (q asked) message(options []byte) []byte {
	m := make([]byte, fixedFields)
	m[0], m[1], m[2] = bootRequest, 1, 6
	binary.BigEndian.PutUint32(m[4:], 0x70686f6e)
	binary.BigEndian.PutUint16(m[10:], broadcastAnswer)
	fmt.Sscanf(q.MAC, "%2x%2x%2x%2x%2x%2x", &m[28], &m[29], &m[30], &m[31], &m[32], &m[33])
	m = binary.BigEndian.AppendUint32(m, magicCookie)
	m = append(m, options...)
	m = append(append(m, optionClass, byte(len(q.Class))), q.Class...)
	m = append(append(m, optionWanted, byte(len(q.Wanted))), q.Wanted...)
	return append(m, optionEnd)
}

func parse(m []byte) (a answer, ok bool) {
	if len(m) < fixedFields+4 || binary.BigEndian.Uint32(m[fixedFields:]) != magicCookie {
		return a, false
	}
	a = answer{mac: hex.EncodeToString(m[28:34]), address: append([]byte(nil), m[16:20]...), options: map[int][]byte{}}
	for rest := m[fixedFields+4:]; len(rest) > 1 && rest[0] != optionEnd; {
		if rest[0] == 0 {
			rest = rest[1:]
			continue
		}
		n := int(rest[1])
		if len(rest) < 2+n {
			return a, false
		}
		a.options[int(rest[0])] = append(a.options[int(rest[0])], rest[2:2+n]...)
		rest = rest[2+n:]
	}
	return a, true
}
