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

// UploadMode says what happens to uploads. The zero UploadMode is UploadsOff.
type UploadMode uint8

// The modes.
const (
	UploadsOff     UploadMode = iota // answered with 405
	UploadsDiscard                   // accepted and discarded: a phone whose PUT fails cannot store its user's settings
	UploadsStore
)

// Uploads says where uploads go.
type Uploads struct {
	Mode  UploadMode
	Store *uploads.Store // for UploadsStore
}

// maxUploads bounds the uploads that are in memory at once, each of at most uploads.MaxFile. Beyond the bound another
// upload is given up (see bySource), and gets 503.
const maxUploads = 64

var (
	errTooLarge = errors.New("upload is too large")
	errHalf     = errors.New("upload ended before its end")
	errPart     = errors.New("upload of a part of a file") // RFC 9110, 14.4
	errMadeRoom = errors.New("upload made room for another: too many are under way")
	errSlowDisk = errors.New("upload was not written in time: the disk is slow")
)

// diskWait bounds the time that an upload waits until it is written. A healthy disk takes a few ms for each upload
// before it.
const diskWait = 10 * time.Second

// uploadsInMemory are the uploads under way.
type uploadsInMemory struct {
	disk chan struct{} // has an element while an upload is written
	mu   sync.Mutex
	held bySource[*uploadInMemory]
}

func newUploadsInMemory() *uploadsInMemory { return &uploadsInMemory{disk: make(chan struct{}, 1)} }

// uploadInMemory is one of them.
type uploadInMemory struct {
	place  node[*uploadInMemory]
	source *holder[*uploadInMemory]
	stop   func()        // ends the reading of its body
	lost   chan struct{} // closed when it is given up for another
}

// add adds an upload of a source, and gives another one up if there are too many.
func (u *uploadsInMemory) add(source access.Source, stop func()) *uploadInMemory {
	t := &uploadInMemory{stop: stop, lost: make(chan struct{})}
	t.place.value = t
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.held.n >= maxUploads {
		victim := u.held.victim().value
		u.drop(victim)
		close(victim.lost)
		victim.stop() // before remove can return for it: after that, the connection is read for the next request
	}
	t.source = u.held.open(source)
	u.held.put(t.source, &t.place)
	return t
}

// remove ends an upload, and reports whether it was not given up.
func (u *uploadsInMemory) remove(t *uploadInMemory) bool {
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

func (u *uploadsInMemory) drop(t *uploadInMemory) {
	u.held.drop(t.source, &t.place)
	u.held.close(t.source)
}

// lockDisk waits until the upload may be written. The caller ends that with unlockDisk. The error says why it may not
// be written.
func (u *uploadsInMemory) lockDisk(ctx context.Context, t *uploadInMemory) error {
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

func (u *uploadsInMemory) unlockDisk() { <-u.disk }

// upload answers PUT and POST of <prefix>/<file>. A client may upload if it may fetch the files of the phone whose MAC
// is in the name.
func (a *api) upload(w http.ResponseWriter, r *http.Request, e *entry) error {
	raw, ok := fileName(chi.URLParam(r, "*"))
	if !ok {
		e.reason = reasonName
		return errNotFound
	}
	if e.link, e.file = cutLink(raw); !isFileName(e.file) {
		e.reason = reasonName
		return errNotFound
	}
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
		return errTooLarge // before the phone sends the body
	}
	created, err := a.store(w, r, access.SourceOf(e.client.addr), f.MAC, f.stored)
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

// uploadOf finds the phone to which an upload belongs: the one whose MAC is in the last part of the name.
func (a *api) uploadOf(s *provision.Snapshot, name string, evenly bool) wanted {
	f := wanted{Found: s.FindUpload(name), own: true}
	var ok bool
	if f.stored, ok = uploads.NameOf(f.Name); ok && f.Phone != nil {
		f.known, f.profile = true, f.Phone.Profile.Name
	}
	return f
}

// store reads the body, and stores or discards it.
func (a *api) store(w http.ResponseWriter, r *http.Request, source access.Source, mac device.MAC, name string) (created bool, err error) {
	body := http.MaxBytesReader(w, r.Body, uploads.MaxFile)
	if a.Uploads.Mode == UploadsDiscard {
		_, err := io.Copy(io.Discard, body)
		return true, uploadError(err)
	}
	upload := a.uploads.add(source, func() {
		_ = http.NewResponseController(w).SetReadDeadline(time.Now()) // only a connection of a test has no deadlines
	})
	data, err := io.ReadAll(body)
	if err == nil {
		err = a.uploads.lockDisk(r.Context(), upload)
	} else {
		err = uploadError(err)
	}
	if err == nil {
		defer a.uploads.unlockDisk()
	}
	if !a.uploads.remove(upload) {
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

// sendStored answers with an upload of the phone.
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
