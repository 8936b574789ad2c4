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

// net/http answers requests that it cannot read (400, 417, 431, 501, 505) itself, without the handler and without a log
// line. A requestWatch stands between net/http and the connection: what net/http writes while no handler has the
// request is such an answer.

// maxHead is how many bytes of a request's head are stored until its handler begins: a phone's head has some 400. The
// log's cause and clean need them.
const maxHead = 2 << 10

var heads = sync.Pool{New: func() any { return new([maxHead]byte) }}

// requestWatch follows the requests of a connection. net/http calls it from the goroutine that serves the connection,
// and from another that reads one byte ahead.
type requestWatch struct {
	halfClose
	remote string
	report func(unservedRequest)

	mu      sync.Mutex
	buffer  *[maxHead]byte // nil: nothing is stored
	size    int            // of the head so far
	serving bool           // a handler has the request, or its answer is not sent yet
	body    bool           // while serving: what is read is the body of the request
	over    bool           // the end of the connection was reported
}

// unservedRequest is a request that no handler saw.
type unservedRequest struct {
	remote string
	head   string // its first bytes
	status int    // of net/http's answer; 0: there was none
	bytes  int    // of the answer
	cause  string
	tls    bool // a handshake that failed
	fault  bool // the client does not speak TLS
}

// watchedListener gives each connection a requestWatch.
type watchedListener struct {
	net.Listener
	report func(unservedRequest)
}

func (l watchedListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if secure, ok := c.(*tls.Conn); ok {
		c = watchedTLS{secure, &requestWatch{}}
	}
	if watcher, ok := c.(hasWatch); ok {
		w := watcher.theWatch()
		w.remote, w.report = c.RemoteAddr().String(), l.report
	}
	return c, err
}

// hasWatch is a connection with a requestWatch.
type hasWatch interface{ theWatch() *requestWatch }

func (w *requestWatch) theWatch() *requestWatch { return w }

// head returns the stored part of the head.
func (w *requestWatch) head() []byte {
	if w.buffer == nil {
		return nil
	}
	return w.buffer[:min(w.size, maxHead)]
}

// forget drops the first n stored bytes.
func (w *requestWatch) forget(n int) {
	rest := copy(w.head(), w.head()[n:])
	if w.size = rest; rest == 0 && w.buffer != nil {
		heads.Put(w.buffer)
		w.buffer = nil
	}
}

// read stores what was read, and cleans it.
func (w *requestWatch) read(p []byte) {
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

// clean replaces control characters in a User-Agent by question marks. Avaya's 1200 series sends some. net/http would
// answer 400, while Asterisk answers with the file. No other header, line end or body is changed, so everybody behind
// us reads the same request.
func (w *requestWatch) clean(p []byte) {
	if !hasOdd(p) || w.size+len(p) > maxHead {
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

// isOdd reports a control character other than a tab or a line end.
func isOdd(c rune) bool { return c < ' ' && c != '\r' && c != '\n' && c != '\t' || c == 0x7f }

// hasOdd reports whether isOdd reports a byte of p. It looks at each request, and is some ten times as fast as
// bytes.ContainsFunc.
func hasOdd(p []byte) bool {
	for _, c := range p {
		if isOdd(rune(c)) {
			return true
		}
	}
	return false
}

// endOfHead returns the position after the empty line that ends the head; -1 if it has not arrived.
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

// begin is called when a handler gets the request.
func (w *requestWatch) begin(r *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serving, w.body = true, r.Body != nil && r.Body != http.NoBody
	n := endOfHead(w.head())
	if n < 0 || w.body {
		n = len(w.head())
	}
	w.forget(n)
}

// idle is called when the answer has been sent, and the next request is awaited.
func (w *requestWatch) idle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.serving, w.body = false, false
}

// wrote is called before p is written. It reports whether p begins an answer of net/http's own.
func (w *requestWatch) wrote(p []byte) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.serving || w.over || w.report == nil {
		return false
	}
	w.over = true
	u := unservedRequest{remote: w.remote, head: string(w.head()), bytes: len(p)}
	answer := string(p[:min(len(p), maxLogged)])
	if _, rest, ok := strings.Cut(answer, " "); ok {
		status, _, _ := strings.Cut(rest, " ")
		u.status, _ = strconv.Atoi(status)
	}
	u.cause = causeOf(u.status, firstLine(answer), u.head)
	w.report(u)
	return true
}

// closed reports a request that was incomplete when the connection closed.
func (w *requestWatch) closed() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.serving && !w.over && w.size > 0 {
		w.over = true
		w.report(unservedRequest{remote: w.remote, head: string(w.head()), cause: causeHalf})
	}
	w.forget(len(w.head()))
}

// tellBegin tells the watch of a connection when a handler gets its request.
func tellBegin(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, ok := r.Context().Value(connectionKey{}).(*connection); ok {
			if watcher, ok := c.Conn.(hasWatch); ok {
				watcher.theWatch().begin(r)
			}
		}
		h.ServeHTTP(w, r)
	})
}

// tellStates tells the watches of a server's connections when they are idle and closed.
func tellStates(s *http.Server) {
	state := s.ConnState
	s.ConnState = func(c net.Conn, now http.ConnState) {
		if watcher, ok := c.(hasWatch); ok {
			switch now {
			case http.StateIdle:
				watcher.theWatch().idle()
			case http.StateClosed:
				watcher.theWatch().closed()
			}
		}
		state(c, now)
	}
}

// watchedTLS is a TLS connection with a requestWatch. Before net/http reads from it, it asks for the ConnectionState.
type watchedTLS struct {
	*tls.Conn
	*requestWatch
}

func (c watchedTLS) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.requestWatch.read(p[:n])
	return n, c.end(p, err)
}

func (c watchedTLS) SetReadDeadline(t time.Time) error {
	err := c.Conn.SetReadDeadline(t)
	c.deadline(t)
	return err
}

func (c watchedTLS) Close() error {
	c.stop(net.ErrClosed)
	return c.Conn.Close()
}

func (c watchedTLS) Write(p []byte) (int, error) {
	if c.requestWatch.wrote(p) {
		return writeOwn(c.Conn, p)
	}
	return c.Conn.Write(p)
}

// ConnectionState makes the handshake. If that fails, it closes the connection, so net/http has nothing to read.
func (c watchedTLS) ConnectionState() tls.ConnectionState {
	_ = c.Conn.SetDeadline(time.Now().Add(headerTimeout))
	if err := c.Conn.Handshake(); err != nil {
		c.failed(err)
	}
	_ = c.Conn.SetDeadline(time.Time{}) // net/http sets its own deadline
	return c.Conn.ConnectionState()
}

// failed reports a handshake that failed. It answers a client that speaks plain HTTP as net/http does.
func (c watchedTLS) failed(err error) {
	u := unservedRequest{remote: c.remote, tls: true, cause: handshakeCause(err)}
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

// handshakeCause says why a handshake failed, without addresses.
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
