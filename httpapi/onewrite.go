package httpapi

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"syscall"
	"time"
)

// maxHeld bounds in bytes what of an answer is held back: a header with all of a phone's file, but not of a directory,
// whose larger part is not copied.
const maxHeld = 16 << 10

// joining is a listener whose connections are counted, and on which a phone's file goes out in one call of the system: net/http has a buffer
// of 4 kB, so it would be two, and the second costs as much as all that is done here besides.
type joining struct {
	net.Listener
	bounds  *Connections
	buffers *sync.Pool // of *[]byte, so that connections that wait have none
	tls     bool       // below TLS: what is read and written is no HTTP
}

// acceptPause is how long a connection that was closed may take to give its descriptor back.
const acceptPause = time.Millisecond

// Accept leaves connections of TLS as they are, which net/http must know as such. Where there are no descriptors left, as
// something else took those that are kept free, a connection that waits gives its own: net/http would pause for up to a second.
func (l joining) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	for (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)) && l.bounds.spare() {
		time.Sleep(acceptPause)
		c, err = l.Listener.Accept()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		c := &joined{TCPConn: tcp, buffers: l.buffers}
		if !l.tls {
			c.watch = &watch{}
		}
		return c, err
	}
	return c, err
}

// TLS is a listener for Serve that speaks TLS. What its connections send before they have shaken hands counts there, which it would
// not with a listener of crypto/tls.
func TLS(l net.Listener, config *tls.Config) net.Listener { return secure{l, config} }

type secure struct {
	net.Listener
	config *tls.Config
}

// joined is written to by one goroutine at a time, as net/http does.
type joined struct {
	*net.TCPConn
	*watch  // nil below TLS
	buffers *sync.Pool
	size    int64       // of the body that is sent now: as many bytes come at least, as a header comes before them
	held    *[]byte     // the first of them; nil: none
	of      *connection // that it is counted as; set before it is read from
}

func (c *joined) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 && c.of != nil {
		c.of.received(n)
	}
	if c.watch != nil {
		c.watch.read(p[:n])
	}
	return n, err
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
	if c.watch != nil && c.watch.wrote(p) {
		return writeOwn(c.TCPConn, p)
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
func writeOwn(w io.Writer, p []byte) (int, error) {
	status, rest, ok := bytes.Cut(p, []byte("\r\n"))
	if !ok {
		return w.Write(p)
	}
	n, err := w.Write(slices.Concat(status, []byte("\r\n"+nosniffHeader+": "+nosniff+"\r\n"), rest))
	return min(n, len(p)), err
}
