package httpapi

import (
	"io"
	"net/http"
	"time"
)

// chunk is how many bytes a phone must receive within writeTimeout. A firmware file of 50 MB may go at 2 kB/s; a client
// that reads nothing is cut off.
const chunk = 128 << 10

// responseWriter notes what is answered, marks every answer as not to be cached or guessed at, and extends the write
// deadline while bytes flow.
type responseWriter struct {
	http.ResponseWriter
	status int // 0 before the header is written
	bytes  int64
	err    error // of the first write that failed
}

// This header on every answer makes browsers believe the Content-Type, so that they do not run a phone's file.
const (
	nosniffHeader = "X-Content-Type-Options"
	nosniff       = "nosniff"
)

func newResponseWriter(w http.ResponseWriter) *responseWriter {
	return &responseWriter{ResponseWriter: w}
}

// Unwrap lets http.ResponseController reach the connection.
func (r *responseWriter) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *responseWriter) WriteHeader(status int) {
	if r.status == 0 {
		r.status = status
		h := r.Header()
		h.Set("Cache-Control", "no-cache, no-store") // set here, because net/http removes it from its own errors
		h.Set(nosniffHeader, nosniff)
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *responseWriter) Write(p []byte) (n int, err error) {
	r.begin()
	for err == nil && len(p) > 0 {
		part := p[:min(len(p), chunk)]
		if r.bytes+int64(n) > 0 { // the server's own deadline covers the first chunk
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

// ReadFrom lets the kernel send a static file, chunk by chunk. It splits the limit that http.ServeContent puts on the
// file instead of wrapping it, because package net finds a file behind one limit only.
func (r *responseWriter) ReadFrom(src io.Reader) (n int64, err error) {
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

func (r *responseWriter) begin() {
	if r.status == 0 {
		r.WriteHeader(http.StatusOK)
	}
}

func (r *responseWriter) extend() {
	// A connection without deadlines keeps the server's own timeout.
	_ = http.NewResponseController(r.ResponseWriter).SetWriteDeadline(time.Now().Add(writeTimeout))
}

func (r *responseWriter) add(n int64, err error) {
	r.bytes += n
	if r.err == nil {
		r.err = err
	}
}
