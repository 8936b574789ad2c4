package httpapi

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/uploads"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// UploadMode says what becomes of what phones send. The zero UploadMode is UploadsOff.
type UploadMode uint8

// The modes.
const (
	UploadsOff     UploadMode = iota // 405
	UploadsDiscard                   // answered as if it were kept: a phone whose PUT fails cannot keep a user's settings
	UploadsStore
)

// Uploads is where what phones send goes.
type Uploads struct {
	Mode  UploadMode
	Store *uploads.Store // for UploadsStore
}

// maxUploads bounds the uploads in memory at once, each of at most uploads.MaxFile. One more takes the place of another, see
// shares, which gets 503.
const maxUploads = 64

var (
	errTooLarge = errors.New("upload is too large")
	errHalf     = errors.New("upload ended before its end")
	errPart     = errors.New("upload of a part of a file") // RFC 9110, 14.4
	errMadeRoom = errors.New("upload made room for another: too many are under way")
	errSlowDisk = errors.New("upload was not written in time: the disk is slow")
)

// diskWait is how long an upload waits for those before it to be written: each takes a few ms where the disk is well.
const diskWait = 10 * time.Second

// underWay are the uploads that are in memory.
type underWay struct {
	disk chan struct{} // has one while an upload is written
	mu   sync.Mutex
	held shares[*turn]
}

func newUnderWay() *underWay { return &underWay{disk: make(chan struct{}, 1)} }

// turn is an upload's place among them.
type turn struct {
	place  node[*turn]
	source *holder[*turn]
	stop   func()        // ends its reading
	lost   chan struct{} // closed when another has its place
}

// take gives an upload of a source a place, which another loses where there are too many.
func (u *underWay) take(source access.Source, stop func()) *turn {
	t := &turn{stop: stop, lost: make(chan struct{})}
	t.place.value = t
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.held.n >= maxUploads {
		victim := u.held.victim().value
		u.drop(victim)
		close(victim.lost)
		victim.stop() // before it can be through with give: what is read next on its connection is another request
	}
	t.source = u.held.open(source)
	u.held.put(t.source, &t.place)
	return t
}

// give ends a turn, and reports whether the upload still had it.
func (u *underWay) give(t *turn) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	select {
	case <-t.lost:
		return false
	default:
		u.drop(t)
		return true
	}
}

func (u *underWay) drop(t *turn) {
	u.held.drop(t.source, &t.place)
	u.held.close(t.source)
}

// wait ends when the upload may be written, which leave ends; or with the error why it may not.
func (u *underWay) wait(ctx context.Context, t *turn) error {
	late := time.NewTimer(diskWait)
	defer late.Stop()
	select {
	case u.disk <- struct{}{}:
		return nil
	case <-t.lost:
		return errMadeRoom
	case <-ctx.Done():
		return ctx.Err()
	case <-late.C:
		return errSlowDisk
	}
}

func (u *underWay) leave() { <-u.disk }

// upload takes PUT and POST of <prefix>/<file>: from whoever may fetch a file of the phone whose MAC is in the name.
func (a *api) upload(w http.ResponseWriter, r *http.Request, e *entry) error {
	raw, ok := fileName(chi.URLParam(r, "*"))
	if !ok {
		e.reason = reasonName
		return errNotFound
	}
	e.file = raw
	snapshot := a.Store.Load()
	if snapshot == nil {
		return errNoSnapshot
	}
	f, err := a.admit(w, r, e, snapshot, a.uploadOf)
	if err != nil {
		return err
	}
	switch {
	case r.Header.Get("Content-Range") != "":
		return errPart
	case r.ContentLength > uploads.MaxFile:
		return errTooLarge // before the phone has sent it
	}
	created, err := a.keep(w, r, access.SourceOf(e.client.addr), f.MAC, f.stored)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Length", "0")
	if created {
		w.WriteHeader(http.StatusCreated)
	} else {
		w.WriteHeader(http.StatusOK)
	}
	return nil
}

// uploadOf tells whose upload a name is: that of the phone whose MAC is in the last part of it.
func (a *api) uploadOf(s *provision.Snapshot, name string, evenly bool) wanted {
	f := wanted{Found: s.FindUpload(name), own: true}
	var ok bool
	if f.stored, ok = uploads.NameOf(f.Name); ok && f.Phone != nil {
		f.known, f.profile = true, f.Phone.Profile.Name
	}
	return f
}

// keep reads the body and does with it what the mode says.
func (a *api) keep(w http.ResponseWriter, r *http.Request, source access.Source, mac device.MAC, name string) (created bool, err error) {
	body := http.MaxBytesReader(w, r.Body, uploads.MaxFile)
	if a.Uploads.Mode == UploadsDiscard {
		_, err := io.Copy(io.Discard, body)
		return true, uploadError(err)
	}
	turn := a.uploads.take(source, func() {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // a connection without deadlines is a test's
	})
	data, err := io.ReadAll(body)
	if err == nil {
		err = a.uploads.wait(r.Context(), turn)
	} else {
		err = uploadError(err)
	}
	if err == nil {
		defer a.uploads.leave()
	}
	if !a.uploads.give(turn) {
		return false, errMadeRoom
	}
	if err != nil {
		return false, err
	}
	return a.Uploads.Store.Put(mac, name, data)
}

func uploadError(err error) error {
	if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
		return errTooLarge
	}
	if err != nil {
		return errors.Join(errHalf, err)
	}
	return nil
}

// sendStored answers with what a phone sent earlier under that name.
func (a *api) sendStored(w http.ResponseWriter, r *http.Request, mac device.MAC, name string) error {
	f, info, err := a.Uploads.Store.Get(mac, name)
	if errors.Is(err, fs.ErrNotExist) {
		return errNotFound
	}
	if err != nil {
		return err
	}
	defer f.Close()
	send(w, r, &provision.Document{MIME: "text/plain", Content: f, Size: info.Size()}, true)
	return nil
}
