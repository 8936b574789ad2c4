package httpapi

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Door answers phones that ask for their files by another protocol than HTTP. The policy decides as for HTTP without
// credentials and certificates, which such a protocol does not have. The Renderer, the log and the Recorder are those of
// Phones.
type Door struct {
	api       *api
	transfers transfers
}

// NewDoor returns a Door for the protocol that the log calls over. At most most answers are sent at once, and a quarter
// of them to one source.
func NewDoor(o Options, over string, most int) *Door {
	a := newAPI(o)
	a.over = over
	return &Door{api: a, transfers: transfers{most: most, ofSource: max(most/4, 1), open: map[access.Source]int{}}}
}

// DoorRequest asks for a file.
type DoorRequest struct {
	Name   string // without a prefix
	Remote netip.AddrPort
	// Scheme and Host are those of our HTTP, as the phone reaches it: they are for PP_URL in the file.
	Scheme, Host string
}

// ErrNotWanted says that the client did not want the answer, because it has another one to the same request.
var ErrNotWanted = errors.New("the client has another answer")

// maxDoorFile bounds a file in bytes: phones' firmware has some 100 MB.
const maxDoorFile = 256 << 20

var errTransfers = errors.New("too many transfers at once")

// Get finds the file that a client asks for. If the client may have it, send sends the content and returns when the
// client has all of it. Get logs and records the request, and returns its HTTP status.
func (d *Door) Get(ctx context.Context, q DoorRequest, send func(content io.ReadSeeker, size int64) error) int {
	return d.handle(ctx, http.MethodGet, q, func(res *responseWriter, r *http.Request, e *entry) error {
		content, size, done, err := d.open(res, r, e)
		if err != nil {
			return err
		}
		defer done()
		counted := &countingReader{ReadSeeker: content}
		defer func() { res.status, res.bytes = http.StatusOK, counted.read }()
		return send(counted, size)
	})
}

// Put refuses an upload. It logs and records the request, and returns its HTTP status.
func (d *Door) Put(ctx context.Context, q DoorRequest) int {
	return d.handle(ctx, http.MethodPut, q, func(_ *responseWriter, _ *http.Request, e *entry) error {
		e.reason = reasonMethod
		e.mac, _, _ = device.FindMAC(e.file)
		return errMethod
	})
}

// handle runs a handler, and logs and records the request. It returns the HTTP status.
func (d *Door) handle(ctx context.Context, method string, q DoorRequest, h func(*responseWriter, *http.Request, *entry) error) int {
	a, start := d.api, time.Now()
	r := (&http.Request{
		Method: method, URL: &url.URL{Path: q.Name}, Header: http.Header{}, Host: q.Host, RemoteAddr: q.Remote.String(),
	}).WithContext(ctx)
	res := newResponseWriter(noResponse{})
	e := entry{client: a.client(r), file: q.Name}
	e.client.scheme = q.Scheme
	e.err = call(func(_ http.ResponseWriter, r *http.Request, e *entry) error { return h(res, r, e) }, res, r, &e)
	if errors.Is(e.err, ErrNotWanted) {
		return res.status
	}
	if res.status == 0 {
		res.status = statusOf(e.err, r)
	}
	took := time.Since(start)
	a.logRequest(zerolog.InfoLevel, r, res, &e, took)
	a.record(r, res, &e, start, took)
	return res.status
}

// open opens the file that a client may have. The caller calls done after it has sent the content.
func (d *Door) open(w http.ResponseWriter, r *http.Request, e *entry) (content io.ReadSeeker, size int64, done func(), err error) {
	a := d.api
	if !isFileName(e.file) {
		e.reason = reasonName
		return nil, 0, nil, errNotFound
	}
	snapshot := a.Store.Load()
	if snapshot == nil {
		return nil, 0, nil, errNoSnapshot
	}
	e.restored = !snapshot.SavedAt.IsZero()
	f, err := a.admit(w, r, e, snapshot, a.fileOf)
	if err != nil {
		return nil, 0, nil, err
	}
	source := access.SourceOf(e.client.addr)
	if !d.transfers.begin(source) {
		return nil, 0, nil, errTransfers
	}
	var closer io.Closer
	if f.Route != nil {
		content, size, closer, err = d.document(r, e, snapshot, f.Route)
	} else {
		content, size, closer, err = a.stored(f)
	}
	if err == nil && size > maxDoorFile {
		err = errors.Join(errTooLarge, closer.Close())
	}
	if err != nil {
		d.transfers.end(source)
		return nil, 0, nil, err
	}
	return content, size, func() {
		closer.Close() // it was read only
		d.transfers.end(source)
	}, nil
}

// document makes the document of a route.
func (d *Door) document(r *http.Request, e *entry, s *provision.Snapshot, route *provision.Route) (io.ReadSeeker, int64, io.Closer, error) {
	a := d.api
	e.served.route = route
	doc, err := a.document(r, e, s, route)
	if err != nil {
		return nil, 0, nil, err
	}
	e.served.snapshot, e.served.doc = s, doc
	return doc.Content, doc.Size, doc, nil
}

// stored opens an upload of the phone.
func (a *api) stored(f wanted) (io.ReadSeeker, int64, io.Closer, error) {
	file, info, err := a.Uploads.Store.Get(f.MAC, f.stored)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil, errNotFound
	}
	if err != nil {
		return nil, 0, nil, err
	}
	return file, info.Size(), file, nil
}

// End logs the counts of refusals that have no line yet. It is called after the last Get.
func (d *Door) End() { d.api.volume.end(d.api.counter(zerolog.InfoLevel)) }

// noResponse is the http.ResponseWriter of a request that is not HTTP.
type noResponse struct{}

func (noResponse) Header() http.Header         { return http.Header{} }
func (noResponse) Write(p []byte) (int, error) { return len(p), nil }
func (noResponse) WriteHeader(int)             {}

// countingReader counts the bytes that were read.
type countingReader struct {
	io.ReadSeeker
	read int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.ReadSeeker.Read(p)
	c.read += int64(n)
	return n, err
}
