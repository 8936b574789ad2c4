package httpapi

import (
	"bytes"
	"net"
	"net/http"
	"slices"
	"sync"
)

// maxHeld bounds in bytes what of an answer is held back: a header with all of a phone's file, but not of a directory,
// whose larger part is not copied.
const maxHeld = 16 << 10

// joining is a listener with connections on which a phone's file goes out in one call of the system: net/http has a buffer
// of 4 kB, so it would be two, and the second costs as much as all that is done here besides.
type joining struct {
	net.Listener
	buffers *sync.Pool // of *[]byte, so that connections that wait have none
}

// Accept leaves connections of TLS as they are, which net/http must know as such.
func (l joining) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if tcp, ok := c.(*net.TCPConn); ok {
		return &joined{TCPConn: tcp, buffers: l.buffers}, err
	}
	return c, err
}

// joined is written to by one goroutine at a time, as net/http does.
type joined struct {
	*net.TCPConn
	buffers *sync.Pool
	size    int64   // of the body that is sent now: as many bytes come at least, as a header comes before them
	held    *[]byte // the first of them; nil: none
	handled bool    // the request that is answered now came to a handler
}

// markHandled tells that a handler answers the request. What it does not answer net/http answers by itself: 400, 417, 431,
// 501 and 505, for what is no request that a handler could see.
func markHandled(r *http.Request) {
	if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
		if j, ok := c.Conn.(*joined); ok {
			j.handled = true
		}
	}
}

// expect tells that an answer with a body of so many bytes is written next, unless the connection ends.
func expect(r *http.Request, size int64) {
	if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
		if j, ok := c.Conn.(*joined); ok {
			j.size = size
		}
	}
}

// Write holds the begin of an answer back until the next part comes.
func (c *joined) Write(p []byte) (int, error) {
	if !c.handled {
		return c.writeOwn(p)
	}
	have := len(p)
	if c.held != nil {
		have += len(*c.held)
	}
	switch {
	case int64(have) < c.size && have <= maxHeld:
		c.hold(p)
		return len(p), nil
	case c.held != nil:
		return c.release(p)
	}
	c.size = 0
	return c.TCPConn.Write(p)
}

func (c *joined) hold(p []byte) {
	if c.held == nil {
		var ok bool
		if c.held, ok = c.buffers.Get().(*[]byte); !ok {
			c.held = new([]byte)
		}
	}
	*c.held = append(*c.held, p...)
}

// release sends what is held with p after it.
func (c *joined) release(p []byte) (int, error) {
	held := len(*c.held)
	parts := net.Buffers{*c.held, p}
	n, err := parts.WriteTo(c.TCPConn)
	*c.held = (*c.held)[:0]
	c.buffers.Put(c.held)
	c.held, c.size = nil, 0
	return max(0, int(n)-held), err
}

// writeOwn writes an answer of net/http's own, with the header that all of ours have.
func (c *joined) writeOwn(p []byte) (int, error) {
	status, rest, ok := bytes.Cut(p, []byte("\r\n"))
	if !ok {
		return c.TCPConn.Write(p)
	}
	n, err := c.TCPConn.Write(slices.Concat(status, []byte("\r\n"+nosniffHeader+": "+nosniff+"\r\n"), rest))
	return min(n, len(p)), err
}
