package tftp

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

func ack(number uint16) []byte {
	return binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, opAck), number)
}

// A client that acknowledges no block, for example one with a forged address, gets the first block tries times, and
// then an error.
func TestSilentClientGetsLittle(t *testing.T) {
	t.Parallel()
	s := plainSite(t)
	s.timeout = 20 * time.Millisecond
	at, stop := s.listen(t, "127.0.0.1:0")
	client := dial(t, "127.0.0.1", at)
	client.send(request(opRead, "fw.bin", "octet"), at)
	for i := range tries {
		if op, number, text, _ := client.receive(soon); op != opData || number != 1 || len(text) != 512 {
			t.Fatalf("packet %d: got %d, %d, %d bytes; want block 1", i, op, number, len(text))
		}
	}
	if op, _, _, _ := client.receive(soon); op != opError {
		t.Errorf("the last packet is %d, want an error", op)
	}
	if a := <-s.records; a.Whole || a.Err == "" || a.Status != 200 {
		t.Errorf("the recorder got %+v", a)
	}
	if op, _, _, _ := client.receive(5 * s.timeout); op != 0 {
		t.Errorf("packet %d follows", op)
	}
	stop()
}

// Lost blocks, lost and repeated acknowledgements, junk, and packets of strangers do not change the file.
func TestLossAndJunk(t *testing.T) {
	t.Parallel()
	s := plainSite(t)
	s.timeout = 50 * time.Millisecond
	at, _ := s.listen(t, "127.0.0.1:0")
	client, stranger := dial(t, "127.0.0.1", at), dial(t, "127.0.0.1", at)
	client.send(request(opRead, "even.bin", "octet"), at)
	var got strings.Builder
	last := uint16(0)
	for {
		op, number, text, from := client.receive(soon)
		if op != opData {
			t.Fatalf("got packet %d %q", op, text)
		}
		if number == last+1 {
			if last = number; number != 2 || got.Len() == 512 {
				got.WriteString(text)
			}
			stranger.send(ack(number), from)   // from another port
			client.send([]byte{0, 9, 1}, from) // an unknown opcode
			client.send(nil, from)             // an empty packet
			client.send(ack(number-1), from)   // a repeated acknowledgement
			if number == 2 {
				continue // as if the block was lost: it comes again
			}
		}
		client.send(ack(number), from)
		client.send(ack(number), from)
		if len(text) < 512 {
			break
		}
	}
	if want := dataFiles["static/even.bin"]; got.String() != want {
		t.Errorf("got %d bytes, want the file of %d", got.Len(), len(want))
	}
	if a := <-s.records; !a.Whole {
		t.Errorf("the recorder got %+v", a)
	}
}

// No packet ends the listener.
func TestGarbage(t *testing.T) {
	t.Parallel()
	s := plainSite(t)
	at, _ := s.listen(t, "127.0.0.1:0")
	client := dial(t, "127.0.0.1", at)
	for _, packet := range [][]byte{
		{}, {0}, {0, 1}, {0, 1, 0}, {0, 1, 'a'}, {0, 2}, {0, 3, 0, 1, 'x'}, ack(1), {0, 5, 0, 0, 0}, {0, 6, 'b', 0}, {0xff, 0xff, 0xff, 0xff},
		request(opRead, strings.Repeat("a", 1400), "octet"), request(opRead, "a"), request(opRead, "a", "octet", "blksize"),
		[]byte(strings.Repeat("\x00", 9000)), request(opRead, strings.Repeat("x\x00", 200)),
	} {
		client.send(packet, at)
	}
	fresh := dial(t, "127.0.0.1", at)
	if text, failed := fresh.get(mac + ".cfg"); failed || !strings.HasPrefix(text, "user 6001") {
		t.Errorf("got %q after the garbage", text)
	}
	for _, options := range [][]string{{"blksize", "0"}, {"blksize", "-1"}, {"blksize", "99999999999999999999"}, {"blksize", "8"}, {"tsize", "-5"}, {"timeout", "0"}, {"windowsize", "64"}, {"x", "y"}} {
		c := dial(t, "127.0.0.1", at)
		c.send(request(opRead, append([]string{mac + ".cfg", "octet"}, options...)...), at)
		op, _, _, from := c.receive(soon)
		if op == 6 { // OACK
			c.send(ack(0), from)
			op, _, _, from = c.receive(soon)
		}
		if op != opData {
			t.Errorf("%q: got packet %d, want the file", options, op)
		}
		c.send(ack(1), from)
	}
}

// One source gets at most a quarter of all transfers. Beyond it, the error says to try again. Other sources get their
// files.
func TestTransfersAreBounded(t *testing.T) {
	t.Parallel()
	testkit.NeedAddress(t, "127.0.0.2")
	s := plainSite(t)
	at, stop := s.listen(t, "127.0.0.1:0")
	var waiting []*raw
	var from []netip.AddrPort
	busy := ""
	for i := range maxTransfers/4 + 1 {
		client := dial(t, "127.0.0.1", at)
		client.send(request(opRead, "fw.bin", "octet"), at)
		switch op, _, text, at := client.receive(soon); op {
		case opData:
			waiting, from = append(waiting, client), append(from, at)
		case opError:
			busy = text
		default:
			t.Fatalf("client %d: got packet %d", i, op)
		}
	}
	if len(waiting) != maxTransfers/4 || !strings.Contains(busy, "try again") {
		t.Errorf("%d transfers wait, and the next is told %q; want %d", len(waiting), busy, maxTransfers/4)
	}
	if text, failed := dial(t, "127.0.0.2", at).get(mac + ".cfg"); failed || !strings.HasPrefix(text, "user 6001") {
		t.Errorf("another source gets %q", text)
	}
	for i, client := range waiting { // end each transfer, so that stop waits for no time-out
		client.send(append([]byte{0, opError, 0, 0}, "enough\x00"...), from[i])
	}
	stop()
}

// The end of the service does not wait for a silent client.
func TestEndDoesNotWait(t *testing.T) {
	t.Parallel()
	s := plainSite(t)
	s.timeout, s.shutdownTimeout = time.Hour, 100*time.Millisecond
	at, stop := s.listen(t, "127.0.0.1:0")
	client := dial(t, "127.0.0.1", at)
	client.send(request(opRead, "fw.bin", "octet"), at)
	_, _, _, from := client.receive(soon)
	stop()
	if !strings.Contains(s.log.String(), "were cut off") {
		t.Errorf("the log does not say that a transfer was cut off: %s", &s.log)
	}
	client.send(ack(1), from) // so that the transfer ends
	if op, _, text, _ := client.receive(soon); op != opError || !strings.Contains(text, "the server ends") {
		t.Errorf("got packet %d %q, want an error", op, text)
	}
	<-s.records
}

// A phone that repeats its request because the answer takes long fetches the file once, and no error is recorded.
func TestRepeatedRequest(t *testing.T) {
	t.Parallel()
	s := plainSite(t)
	asked, answer := make(chan struct{}, 2), make(chan struct{})
	render := s.Renderer
	s.Renderer = renderFunc(func(ctx context.Context, sn *provision.Snapshot, r *provision.Route, q provision.Request) (*provision.Document, error) {
		asked <- struct{}{}
		<-answer
		return render.Render(ctx, sn, r, q)
	})
	at, stop := s.listen(t, "127.0.0.1:0")
	client := dial(t, "127.0.0.1", at)
	for range 2 {
		client.send(request(opRead, mac+".cfg", "octet"), at)
		<-asked
	}
	close(answer)
	_, _, text, first := client.receive(soon)
	_, _, _, second := client.receive(soon)
	client.send(append([]byte{0, opError, 0, 5}, "unknown transfer ID\x00"...), second)
	client.send(ack(1), first)
	if a := <-s.records; !a.Whole || a.Bytes != int64(len(text)) {
		t.Errorf("the recorder got %+v", a)
	}
	stop()
	if len(s.records) != 0 || strings.Contains(s.log.String(), "code=5") {
		t.Errorf("the request that was not wanted is recorded %d times; the log is %s", len(s.records), &s.log)
	}
}

type renderFunc func(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (*provision.Document, error)

func (f renderFunc) Render(ctx context.Context, s *provision.Snapshot, r *provision.Route, q provision.Request) (*provision.Document, error) {
	return f(ctx, s, r, q)
}

// A transfer ends when its time is over, even if the client acknowledges each block.
func TestLimitedReader(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	r := limitedReader{ctx, strings.NewReader("abcdef")}
	if text, err := io.ReadAll(io.LimitReader(r, 3)); string(text) != "abc" || err != nil {
		t.Fatalf("got %q, %v", text, err)
	}
	cancel()
	if _, err := r.Read(make([]byte, 1)); err == nil || err.Error() != "the server ends, try again" {
		t.Errorf("got %v", err)
	}
	late, cancel := context.WithDeadline(t.Context(), time.Unix(0, 0))
	defer cancel()
	if _, err := (limitedReader{late, r.ReadSeeker}).Read(make([]byte, 1)); fmt.Sprint(err) != "the transfer takes too long" {
		t.Errorf("got %v", err)
	}
}
