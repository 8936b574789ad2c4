package httpapi

import (
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Recorder receives each request with its answer. Many goroutines call it. It must not block.
type Recorder interface {
	Served(ledger.Answer)
}

// served holds the sources of an answer, for the log and the Recorder.
type served struct {
	snapshot *provision.Snapshot // nil: no document was made
	route    *provision.Route    // nil: none, or not looked up
	doc      *provision.Document // may be closed
	asked    provision.Request   // zero: nothing was rendered
}

// rendered returns the document if it was rendered, and nil if it is a static file or there is none.
func (s *served) rendered() *provision.Document {
	if s.doc == nil || s.route.Static() {
		return nil
	}
	return s.doc
}

// record passes a request of Phones to the Recorder. A written last byte does not mean that the phone read the file: if
// the phone left before, e.err is set and the answer is not Whole.
func (a *api) record(r *http.Request, res *responseWriter, e *entry, at time.Time, took time.Duration) {
	if a.Recorder == nil {
		return
	}
	answer := ledger.Answer{
		At: at, Took: took, Method: r.Method, File: e.fileOr(r), Status: res.status, Bytes: res.bytes,
		Addr: e.client.addr, Asked: e.served.asked, MAC: e.mac, Route: e.served.route,
		Reason: e.reason, Refused: e.refusal.reason != "",
	}
	var size int64
	if doc := e.served.doc; doc != nil {
		answer.ETag, size = doc.ETag, doc.Size
	}
	if doc := e.served.rendered(); doc != nil {
		answer.Basis = doc.Basis(e.served.snapshot, e.served.route)
	}
	if answer.Asked == (provision.Request{}) {
		answer.Asked = a.request(r, e.client)
	}
	answer.Over = a.over
	if r.TLS != nil {
		answer.TLS = strings.TrimPrefix(tls.VersionName(r.TLS.Version), "TLS ")
	}
	if e.err != nil {
		answer.Err = e.err.Error()
	}
	answer.Whole = e.err == nil && (res.status == http.StatusNotModified || res.status == http.StatusOK && res.bytes == size)
	a.Recorder.Served(answer)
}
