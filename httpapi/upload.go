package httpapi

import (
	"errors"
	"io"
	"io/fs"
	"net/http"

	"github.com/go-chi/chi/v5"

	"github.com/phoneprov/phoneprov/httpapi/uploads"
	"github.com/phoneprov/phoneprov/provision"
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

// maxUploads bounds the uploads in memory at once, each of at most uploads.MaxFile; more get 503.
const maxUploads = 64

var (
	errTooLarge = errors.New("upload is too large")
	errHalf     = errors.New("upload ended before its end")
	errPart     = errors.New("upload of a part of a file") // RFC 9110, 14.4
)

// upload takes PUT and POST of <prefix>/<file>: from whoever may fetch a file of the phone whose MAC is in the name.
func (a *api) upload(w http.ResponseWriter, r *http.Request, e *entry) error {
	raw, ok := fileName(chi.URLParam(r, "*"))
	if !ok {
		return errNotFound
	}
	e.file = raw
	snapshot := a.Store.Load()
	if snapshot == nil {
		return errNoSnapshot
	}
	mac, name, ok := uploads.Name(raw)
	f := wanted{mac: mac, own: true}
	if f.phone = snapshot.Phone(mac.String()); ok && f.phone != nil {
		f.known, f.profile = true, f.phone.Profile.Name
	}
	if err := a.admit(w, r, e, snapshot, f); err != nil {
		return err
	}
	switch {
	case r.Header.Get("Content-Range") != "":
		return errPart
	case r.ContentLength > uploads.MaxFile:
		return errTooLarge // before the phone has sent it
	}
	created, err := a.take(w, r, mac, name)
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

// take reads the body and does with it what the mode says.
func (a *api) take(w http.ResponseWriter, r *http.Request, mac provision.MAC, name string) (created bool, err error) {
	body := http.MaxBytesReader(w, r.Body, uploads.MaxFile)
	if a.Uploads.Mode == UploadsDiscard {
		_, err := io.Copy(io.Discard, body)
		return true, uploadError(err)
	}
	select {
	case a.turns <- struct{}{}:
		defer func() { <-a.turns }()
	default:
		return false, errBusy
	}
	data, err := io.ReadAll(body)
	if err != nil {
		return false, uploadError(err)
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
func (a *api) sendStored(w http.ResponseWriter, r *http.Request, mac provision.MAC, name string) error {
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
