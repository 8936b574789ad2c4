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

// served holds the sources of an answer.
type served struct {
	route *provision.Route  // nil: none, or not looked up
	asked provision.Request // zero: nothing was rendered
	etag  string
	size  int64
	basis provision.Basis
}

// noteDocument records the facts about a document that the Recorder needs.
func (a *api) noteDocument(e *entry, s *provision.Snapshot, doc *provision.Document) {
	if a.Recorder == nil {
		return
	}
	e.served.etag, e.served.size = doc.ETag, doc.Size
	if !e.served.route.Static() {
		e.served.basis = doc.Basis(s, e.served.route)
	}
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
		Reason: e.reason, Refused: e.refusal.reason != "", ETag: e.served.etag, Basis: e.served.basis,
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
	answer.Whole = e.err == nil && (res.status == http.StatusNotModified || res.status == http.StatusOK && res.bytes == e.served.size)
	a.Recorder.Served(answer)
}
