package httpapi

import (
	"cmp"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// A client may close its sending side after the request and still read the answer. net/http reads one byte ahead while a
// handler runs, and cancels the request when that read ends. halfClose delays the end of that read until the answer has been
// written, so that a half-closed connection gets its answer. A client that is gone cannot be told from one that has half-closed;
// its request goes on, for as long as provision.RenderTimeout allows.
type halfClose struct {
	mu     sync.Mutex
	reason error         // why reads must end; nil: they need not
	wake   chan struct{} // of the read that is delayed; nil: none is
}

// maxHalfClose bounds the delay. It is longer than every answer takes to begin.
const maxHalfClose = writeTimeout

// end returns the error of a read. If p has one byte, and the client has closed its sending side, end waits until stop is
// called.
func (h *halfClose) end(p []byte, err error) error {
	if len(p) != 1 || !errors.Is(err, io.EOF) {
		return err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reason == nil {
		wake := make(chan struct{})
		h.wake = wake
		h.mu.Unlock()
		late := time.NewTimer(maxHalfClose)
		select {
		case <-wake:
		case <-late.C:
		}
		late.Stop()
		h.mu.Lock()
		h.wake = nil
	}
	return cmp.Or(h.reason, err)
}

// stop makes a delayed read end, with an error. Nil lets reads be delayed again.
func (h *halfClose) stop(reason error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.reason = reason; reason != nil && h.wake != nil {
		close(h.wake)
		h.wake = nil
	}
}

// deadline is called when the connection gets a read deadline. net/http sets one in the past to end its read.
func (h *halfClose) deadline(t time.Time) {
	if !t.IsZero() && !t.After(time.Now()) {
		h.stop(os.ErrDeadlineExceeded)
	} else {
		h.stop(nil)
	}
}

// cutOff closes a connection at once, without waiting for its peer as TLS would.
func cutOff(conn net.Conn) {
	_ = tcpOf(conn).Close()
	if w, ok := conn.(hasWatch); ok {
		w.theWatch().stop(net.ErrClosed)
	}
}
