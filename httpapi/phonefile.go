package httpapi

import (
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/phoneprov/phoneprov/httpapi/uploads"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// phoneFile answers <prefix>/<file>, which is rendered or static.
func (a *api) phoneFile(w http.ResponseWriter, r *http.Request, e *entry) error {
	name, ok := fileName(chi.URLParam(r, "*"))
	if !ok {
		e.reason = reasonName
		return errNotFound
	}
	if e.link, e.file = cutLink(name); !isFileName(e.file) {
		e.reason = reasonName
		return errNotFound
	}
	snapshot := a.Store.Load()
	if snapshot == nil {
		return errNoSnapshot
	}
	e.restored = !snapshot.SavedAt.IsZero()
	var f wanted
	var err error
	if e.check {
		if f.Found = snapshot.Find(name); f.Route == nil {
			return errNotFound
		}
	} else if f, err = a.admit(w, r, e, snapshot, a.fileOf); err != nil {
		return err
	}
	route := f.Route
	if route == nil {
		return a.sendStored(w, r, f.MAC, f.stored)
	}
	e.served.route = route
	doc, err := a.document(r, e, snapshot, route)
	if err != nil {
		return err
	}
	defer doc.Close()
	e.served.snapshot, e.served.doc = snapshot, doc
	send(w, r, doc, route.Static())
	return nil
}

// document returns the document of a route.
func (a *api) document(r *http.Request, e *entry, s *provision.Snapshot, route *provision.Route) (*provision.Document, error) {
	e.served.asked = a.request(r, e.client)
	return a.Renderer.Render(r.Context(), s, route, e.served.asked)
}

// fileOf finds what a name stands for: a route, or an upload of the phone in the name.
func (a *api) fileOf(s *provision.Snapshot, name string, evenly bool) wanted {
	var f wanted
	if evenly {
		f.Found = s.FindEvenly(name)
	} else {
		f.Found = s.Find(name)
	}
	switch {
	case f.Route != nil:
		f.known, f.own, f.profile = true, f.Route.Owner != nil, f.Route.Profile().Name
	case f.Phone != nil:
		f.profile = f.Phone.Profile.Name
		f.stored = a.storedName(f.Name)
		f.known, f.own = f.stored != "", true
	}
	return f
}

// storedName returns the name under which the phone uploaded the file; "" if it did not.
func (a *api) storedName(n device.Name) string {
	name, ok := uploads.NameOf(n)
	if !ok || a.Uploads.Mode != UploadsStore || !a.Uploads.Store.Has(n.MAC, name) {
		return ""
	}
	return name
}

// send answers with a document, or with 304 or 412 if the request has conditions, or with a range of a static file.
// There is no Last-Modified: a file that is rendered now has no other time, and no phone asks for it.
func send(w http.ResponseWriter, r *http.Request, doc *provision.Document, static bool) {
	h := w.Header()
	h["Content-Type"] = []string{doc.MIME}
	if doc.ETag != "" {
		h["Etag"] = []string{doc.ETag}
	}
	if !static && r.Header["If-Match"] == nil && r.Header["If-None-Match"] == nil { // nearly always
		sendWhole(w, r, doc)
		return
	}
	asked := r.WithContext(r.Context()) // a copy, because the log uses the phone's own headers
	asked.Header = http.Header{}
	for _, name := range conditions {
		asked.Header[name] = r.Header[name]
	}
	if !static { // as Asterisk does
		asked.Header.Del("Range")
	}
	http.ServeContent(w, asked, "", time.Time{}, doc.Content)
}

// sendWhole answers with a whole document that is in memory.
func sendWhole(w http.ResponseWriter, r *http.Request, doc *provision.Document) {
	w.Header()["Content-Length"] = []string{strconv.FormatInt(doc.Size, 10)}
	w.WriteHeader(http.StatusOK)
	if r.Method != http.MethodHead {
		expectBody(r, doc.Size)
		io.Copy(w, doc.Content) // responseWriter keeps an error of this for the log
	}
}

// conditions are the request headers that an answer depends on.
var conditions = [...]string{"Range", "If-Range", "If-Match", "If-None-Match"}

// request returns what a rendering knows of a phone's request.
func (a *api) request(r *http.Request, c client) provision.Request {
	o := originOf(r, c)
	return provision.Request{
		Server: o.host, Now: a.Now(),
		Scheme: o.scheme, Host: o.urlHost(), Prefix: a.Prefix, UserAgent: r.UserAgent(),
	}
}
