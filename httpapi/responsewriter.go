package httpapi

import (
	"io"
	"net/http"
	"time"
)

// chunk is how many bytes a phone must take in writeTimeout: a firmware file of 50 MB may go at 2 kB/s, and a client
// that reads nothing is let go.
const chunk = 128 << 10

// response remembers what was answered, says on every answer that it must not be kept or guessed at, and puts the write deadline off
// as long as bytes flow.
type response struct {
	http.ResponseWriter
	status int // 0 before the header
	bytes  int64
	err    error // the first failure to write
}

// Every answer of every listener tells browsers to take it for what its Content-Type says, and not to run a phone's file.
const (
	nosniffHeader = "X-Content-Type-Options"
	nosniff       = "nosniff"
)

func newResponse(w http.ResponseWriter) *response {
	return &response{ResponseWriter: w}
}

// Unwrap lets http.ResponseController reach the connection.
func (r *response) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *response) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
		h := r.Header()
		h.Set("Cache-Control", "no-cache, no-store") // here, since net/http takes it off its own errors
		h.Set(nosniffHeader, nosniff)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *response) Write(p []byte) (n int, err error) {
	r.begin()
	for err == nil && len(p) > 0 {
		part := p[:min(len(p), chunk)]
		if r.bytes+int64(n) > 0 { // the server's own deadline is for the first
			r.extend()
		}
		var m int
		m, err = r.ResponseWriter.Write(part)
		n += m
		p = p[m:]
	}
	r.add(int64(n), err)
	return n, err
}

// ReadFrom lets the kernel send a static file, a chunk at a time. The limit that http.ServeContent puts on the file is
// split rather than wrapped: net finds the file behind one limit only.
func (r *response) ReadFrom(src io.Reader) (n int64, err error) {
	limited, ok := src.(*io.LimitedReader)
	from, isReaderFrom := r.ResponseWriter.(io.ReaderFrom)
	if !ok || !isReaderFrom {
		return io.Copy(struct{ io.Writer }{r}, src)
	}
	r.begin()
	for err == nil && limited.N > 0 {
		part := io.LimitedReader{R: limited.R, N: min(limited.N, chunk)}
		want := part.N
		r.extend()
		var m int64
		m, err = from.ReadFrom(&part)
		n += m
		limited.N -= m
		if m < want {
			break // the file is shorter than its size said
		}
	}
	r.add(n, err)
	return n, err
}

func (r *response) begin() {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
}

func (r *response) extend() {
	// Not every connection has deadlines; the server's own timeout then stays.
	_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTimeout))
}

func (r *response) add(n int64, err error) {
	r.bytes += n
	if r.err == nil {
		r.err = err
	}
}
