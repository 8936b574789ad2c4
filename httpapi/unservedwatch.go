package httpapi

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// net/http answers what it cannot read by itself (400, 417, 431, 501, 505), without the handler and without a word in any log. A
// watch stands between it and the connection: what is written while no handler has the connection is such an answer.

// maxHead is how many bytes of a request's head are kept until its handler begins: a phone's has some 400. It is for the cause
// in the log, and for clean.
const maxHead = 2 << 10

var heads = sync.Pool{New: func() any { return new([maxHead]byte) }}

// watch follows the requests of a connection. net/http calls it from the goroutine that serves the connection, and reads a
// byte ahead from another one.
type watch struct {
	remote string
	report func(unserved)

	mu      sync.Mutex
	buffer  *[maxHead]byte // nil: nothing is kept
	size    int            // of the head, as far as it was read
	serving bool           // a handler has the request, or what it wrote is not sent yet
	body    bool           // and what is read is the request's body
	over    bool           // the connection's end was reported
}

// unserved is a request that no handler has seen.
type unserved struct {
	remote string
	head   string // its first bytes
	status int    // of net/http's answer; 0: there is none
	bytes  int    // of the answer
	cause  string
	tls    bool // it is a handshake that failed
	fault  bool // the client speaks no TLS at all
}

// watched is a listener whose connections have a watch.
type watched struct {
	net.Listener
	report func(unserved)
}

func (l watched) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if secure, ok := c.(*tls.Conn); ok {
		c = secured{secure, &watch{}}
	}
	if watcher, ok := c.(watcher); ok {
		w := watcher.its()
		w.remote, w.report = c.RemoteAddr().String(), l.report
	}
	return c, err
}

// watcher is a connection with a watch.
type watcher interface{ its() *watch }

func (w *watch) its() *watch { return w }

// head is what was kept of the request.
func (w *watch) head() []byte {
	if w.buffer == nil {
		return nil
	}
	return w.buffer[:min(w.size, maxHead)]
}

// forget drops the first n bytes of what was kept.
func (w *watch) forget(n int) {
	rest := copy(w.head(), w.head()[n:])
	if w.size = rest; rest == 0 && w.buffer != nil {
		heads.Put(w.buffer)
		w.buffer = nil
	}
}

// read notes what was read, and cleans it.
func (w *watch) read(p []byte) {
	if len(p) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.serving && w.body {
		return
	}
	w.clean(p)
	if w.buffer == nil {
		w.buffer, _ = heads.Get().(*[maxHead]byte)
	}
	if w.size < maxHead {
		copy(w.buffer[w.size:], p)
	}
	w.size += len(p)
}

// clean makes control characters in a User-Agent question marks. Avaya's 1200 series sends some; net/http would answer 400,
// and Asterisk answers with the file. No other header, no end of a line and no body is touched, so that all that is
// read after us sees the same request.
func (w *watch) clean(p []byte) {
	if !bytes.ContainsFunc(p, isOdd) || w.size+len(p) > maxHead {
		return
	}
	all := append(bytes.Clone(w.head()), p...)
	end := endOfHead(all)
	if end < 0 {
		end = len(all)
	}
	const field = "user-agent:"
	for at := 0; at < end; {
		line := all[at:end]
		if i := bytes.IndexByte(line, '\n'); i >= 0 {
			line = line[:i+1]
		}
		if at > 0 && len(line) > len(field) && strings.EqualFold(string(line[:len(field)]), field) {
			for i, c := range line {
				if isOdd(rune(c)) && at+i >= w.size {
					p[at+i-w.size] = '?'
				}
			}
		}
		at += len(line)
	}
}

// isOdd reports a control character that ends no line and is no blank.
func isOdd(c rune) bool { return c < ' ' && c != '\r' && c != '\n' && c != '\t' || c == 0x7f }

// endOfHead is where the blank line behind a request's headers ends; -1: it has not come.
func endOfHead(p []byte) int {
	for at := 0; ; {
		i := bytes.IndexByte(p[at:], '\n')
		if i < 0 {
			return -1
		}
		at += i + 1
		rest := p[at:]
		if bytes.HasPrefix(rest, []byte("\n")) {
			return at + 1
		}
		if bytes.HasPrefix(rest, []byte("\r\n")) {
			return at + 2
		}
	}
}

// begin says that a handler has the request.
func (w *watch) begin(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serving, w.body = true, r.Body != nil && r.Body != http.NoBody
	n := endOfHead(w.head())
	if n < 0 || w.body {
		n = len(w.head())
	}
	w.forget(n)
}

// idle says that the answer was sent, and the next request is awaited.
func (w *watch) idle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serving, w.body = false, false
}

// wrote looks at what is written, and reports whether it begins an answer of net/http's own.
func (w *watch) wrote(p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.serving || w.over || w.report == nil {
		return false
	}
	w.over = true
	u := unserved{remote: w.remote, head: string(w.head()), bytes: len(p)}
	answer := string(p[:min(len(p), maxLogged)])
	if _, rest, ok := strings.Cut(answer, " "); ok {
		status, _, _ := strings.Cut(rest, " ")
		u.status, _ = strconv.Atoi(status)
	}
	u.cause = causeOf(u.status, firstLine(answer), u.head)
	w.report(u)
	return true
}

// closed reports a request that was never whole.
func (w *watch) closed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.serving && !w.over && w.size > 0 {
		w.over = true
		w.report(unserved{remote: w.remote, head: string(w.head()), cause: causeHalf})
	}
	w.forget(len(w.head()))
}

// watching tells the connection of a request when its handler begins.
func watching(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			if watcher, ok := c.Conn.(watcher); ok {
				watcher.its().begin(r)
			}
		}
		h.ServeHTTP(w, r)
	})
}

// follow tells the connections of a server of what only it knows.
func follow(s *http.Server) {
	state := s.ConnState
	s.ConnState = func(c net.Conn, now http.ConnState) {
		if watcher, ok := c.(watcher); ok {
			switch now {
			case http.StateIdle:
				watcher.its().idle()
			case http.StateClosed:
				watcher.its().closed()
			}
		}
		state(c, now)
	}
}

// secured is a connection of TLS with a watch. net/http asks it for its state before it reads, and that makes the handshake.
type secured struct {
	*tls.Conn
	*watch
}

func (c secured) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.watch.read(p[:n])
	return n, err
}

func (c secured) Write(p []byte) (int, error) {
	if c.watch.wrote(p) {
		return writeOwn(c.Conn, p)
	}
	return c.Conn.Write(p)
}

// ConnectionState makes the handshake. Where that fails the connection is closed, and net/http has nothing to read.
func (c secured) ConnectionState() tls.ConnectionState {
	_ = c.Conn.SetDeadline(time.Now().Add(headerTimeout))
	if err := c.Conn.Handshake(); err != nil {
		c.failed(err)
	}
	_ = c.Conn.SetDeadline(time.Time{}) // net/http sets its own
	return c.Conn.ConnectionState()
}

// failed reports a handshake, and tells a client that speaks plain HTTP so, as net/http does.
func (c secured) failed(err error) {
	u := unserved{remote: c.remote, tls: true, cause: handshakeCause(err)}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && record.Conn != nil {
		u.fault = true
		if slices.Contains([]string{"GET /", "HEAD ", "POST ", "PUT /", "OPTIO"}, string(record.RecordHeader[:])) {
			u.cause, u.status = "plain HTTP on the port for HTTPS", http.StatusBadRequest
			_, _ = io.WriteString(record.Conn, "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n")
		}
	}
	c.mu.Lock()
	c.over = true
	c.mu.Unlock()
	c.report(u)
	_ = c.Conn.NetConn().Close()
}

// handshakeCause is why a handshake failed, without addresses.
func handshakeCause(err error) string {
	if network, ok := errors.AsType[*net.OpError](err); ok && network.Op != "remote error" {
		if network.Timeout() {
			return "the client did not go on"
		}
		return "the connection was cut"
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return "the client went away"
	}
	return err.Error()
}
