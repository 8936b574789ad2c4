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

// maxHeld bounds the part of an answer that is held back, in bytes: a header with the whole file of a phone, but not of
// a directory, whose larger part is not copied.
const maxHeld = 16 << 10

// phoneListener is a listener whose connections are counted, and on which a header and its file go out in one system
// call. net/http has a buffer of 4 kB, so it would make two calls, and the second costs as much as everything else that
// is done here.
type phoneListener struct {
	net.Listener
	bounds  *Connections
	buffers *sync.Pool // of *[]byte; connections that wait have none
	tls     bool       // TLS runs on top: what is read and written is not HTTP
}

// acceptPause is how long a closed connection may take to return its descriptor.
const acceptPause = time.Millisecond

// Accept leaves TLS connections as they are, because net/http must recognize them. If there are no descriptors left,
// because something else took those that are kept free, a connection that waits loses its own. net/http alone would
// pause for up to a second.
func (l phoneListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	for (errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE)) && l.bounds.spare() {
		time.Sleep(acceptPause)
		c, err = l.Listener.Accept()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		c := &phoneConn{TCPConn: tcp, buffers: l.buffers}
		if !l.tls {
			c.requestWatch = &requestWatch{}
		}
		return c, err
	}
	return c, err
}

// TLS is a listener for Serve that speaks TLS. Unlike with a listener of crypto/tls, what its connections send before
// their handshake ends counts as waiting bytes.
func TLS(l net.Listener, config *tls.Config) net.Listener { return tlsListener{l, config} }

type tlsListener struct {
	net.Listener
	config *tls.Config
}

// phoneConn is a connection to a phone. One goroutine at a time writes to it, as net/http does.
type phoneConn struct {
	*net.TCPConn
	*requestWatch // nil if TLS runs on top
	buffers       *sync.Pool
	size          int64       // of the body that is sent next; at least as many bytes follow, because a header comes first
	held          *[]byte     // the first bytes of the answer; nil: none
	counted       *connection // what it counts as; set before it is read from
}

func (c *phoneConn) Read(p []byte) (int, error) {
	n, err := c.TCPConn.Read(p)
	if n > 0 && c.counted != nil {
		c.counted.received(n)
	}
	if c.requestWatch != nil {
		c.requestWatch.read(p[:n])
		err = c.end(p, err)
	}
	return n, err
}

func (c *phoneConn) SetReadDeadline(t time.Time) error {
	err := c.TCPConn.SetReadDeadline(t)
	if c.requestWatch != nil {
		c.deadline(t)
	}
	return err
}

func (c *phoneConn) Close() error {
	if c.requestWatch != nil {
		c.stop(net.ErrClosed)
	}
	return c.TCPConn.Close()
}

// expectBody announces that an answer with a body of that size is written next, or the connection ends.
func expectBody(r *http.Request, size int64) {
	if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
		if j, ok := c.Conn.(*phoneConn); ok {
			j.size = size
		}
	}
}

// Write holds the beginning of an answer back until the next part comes.
func (c *phoneConn) Write(p []byte) (int, error) {
	if c.requestWatch != nil && c.requestWatch.wrote(p) {
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

func (c *phoneConn) hold(p []byte) {
	if c.held == nil {
		var ok bool
		if c.held, ok = c.buffers.Get().(*[]byte); !ok {
			c.held = new([]byte)
		}
	}
	*c.held = append(*c.held, p...)
}

// release sends what is held, and p behind it.
func (c *phoneConn) release(p []byte) (int, error) {
	held := len(*c.held)
	parts := net.Buffers{*c.held, p}
	n, err := parts.WriteTo(c.TCPConn)
	*c.held = (*c.held)[:0]
	c.buffers.Put(c.held)
	c.held, c.size = nil, 0
	return max(0, int(n)-held), err
}

// writeOwn writes an answer of net/http's own, with the header that all our answers have.
func writeOwn(w io.Writer, p []byte) (int, error) {
	status, rest, ok := bytes.Cut(p, []byte("\r\n"))
	if !ok {
		return w.Write(p)
	}
	n, err := w.Write(slices.Concat(status, []byte("\r\n"+nosniffHeader+": "+nosniff+"\r\n"), rest))
	return min(n, len(p)), err
}
