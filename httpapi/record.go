package httpapi

import (
	"crypto/tls"
	"net/http"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Recorder is told how requests were answered. It is called by many goroutines, and must not wait.
type Recorder interface {
	Served(ledger.Answer)
}

// served is what an answer was made of.
type served struct {
	route *provision.Route  // nil: there was none, or it was not looked for
	asked provision.Request // the zero Request: nothing was rendered
	etag  string
	size  int64
	basis provision.Basis
}

// noteDocument keeps what the Recorder has to know of a document.
func (a *api) noteDocument(e *entry, s *provision.Snapshot, doc *provision.Document) {
	if a.Recorder == nil {
		return
	}
	e.served.etag, e.served.size = doc.ETag, doc.Size
	if !e.served.route.Static() {
		e.served.basis = doc.Basis(s, e.served.route)
	}
}

// record tells the Recorder of a request of Phones. To be given a file's last byte is not to have read it: a phone that went away
// before that has not got the file.
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
	if r.TLS != nil {
		answer.TLS = strings.TrimPrefix(tls.VersionName(r.TLS.Version), "TLS ")
	}
	if e.err != nil {
		answer.Err = e.err.Error()
	}
	answer.Whole = e.err == nil && (res.status == http.StatusNotModified || res.status == http.StatusOK && res.bytes == e.served.size)
	a.Recorder.Served(answer)
}
