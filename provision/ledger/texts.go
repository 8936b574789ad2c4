package ledger

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/filediff"
)

// These errors say why LastFetched returns no text.
var (
	// ErrNoPhone: the ledger has no such phone.
	ErrNoPhone = errors.New("there is no phone of that MAC")
	// ErrNotFetched: the phone never got the file.
	ErrNotFetched = errors.New("the phone never fetched that file")
	// ErrNotKept: the text of the last fetch was not kept.
	ErrNotKept = errors.New("what the phone got last was not kept")
)

// Key returns the key of all texts. The key changes when the Store loses its content.
func (l *Ledger) Key() filediff.Key {
	l.mu.RLock()
	defer l.mu.RUnlock()
	return l.key
}

func newKey() filediff.Key {
	key := make(filediff.Key, filediff.KeySize)
	rand.Read(key)
	return key
}

// LastFetched returns the text of a file that the phone got last, without its secrets. id may be a MAC in any spelling.
// The error is ErrNoPhone, ErrNotFetched, ErrNotKept, or the Store's.
func (l *Ledger) LastFetched(id, file string) (Text, error) {
	l.mu.RLock()
	p := l.phone(id)
	if p == nil {
		l.mu.RUnlock()
		return Text{}, ErrNoPhone
	}
	f := p.find(file)
	if f == nil || f.fetchedAt == 0 {
		l.mu.RUnlock()
		return Text{}, ErrNotFetched
	}
	etag, why := f.fetched.String(), f.notKept()
	for _, list := range [][]Text{l.unsaved.texts, l.unsaved.committingTexts} {
		for _, t := range list {
			if t.Phone == p.id && t.File == file && t.ETag == etag {
				l.mu.RUnlock()
				return t, nil
			}
		}
	}
	id = p.id
	l.mu.RUnlock()
	t, err := l.store.Text(id, file)
	if err == nil && (t.ETag == "" || t.ETag != etag) {
		return Text{}, why
	}
	return t, err
}

// notKept returns an ErrNotKept that says why the text of the last fetch may be missing.
func (f *file) notKept() error {
	switch {
	case f.bytes > MaxKept:
		return fmt.Errorf("%w: the file had more than %d kB", ErrNotKept, MaxKept>>10)
	case f.is(asked):
		return fmt.Errorf("%w: the file has answers of Asterisk in it", ErrNotKept)
	case f.is(unpredictable):
		return fmt.Errorf("%w: the file is another one each time, as it has the time or chance in it", ErrNotKept)
	case !f.is(textDone):
		return fmt.Errorf("%w yet", ErrNotKept)
	}
	return fmt.Errorf("%w: the configuration or a template changed too soon afterwards", ErrNotKept)
}

// needsText reports whether keepTexts should make the text of the last fetch: it is not kept yet, and the phone would get
// the same file now.
func (f *file) needsText() bool {
	return !f.is(textDone|gone) && f.is(hasWanted) && f.is(compared) && f.fetchedAt != 0 && f.wanted == f.fetched && f.bytes <= MaxKept
}

// wantText queues a phone with a file that needs its text.
func (l *Ledger) wantText(p *phone, f *file) {
	if l.o.Renderer != nil && f.needsText() {
		l.lanes.add(p, texting)
	}
}

// keepTexts keeps the texts of a phone's files. It renders the files again, because an answer to a phone must not wait
// for the masking of secrets. If a file changed meanwhile, keepTexts does not keep its text.
func (l *Ledger) keepTexts(ctx context.Context, p *phone) {
	s := l.o.Snapshots.Load()
	if s == nil {
		return
	}
	for _, j := range l.jobs(p, s) {
		l.mu.RLock()
		f := p.named(j.name)
		wanted := f != nil && j.route != nil && f.needsText()
		t := Text{Phone: p.id}
		if wanted {
			t.File, t.ETag = p.fileName(f), f.fetched.String()
			t.Like = f.name.Value()
			if f.templates != nil {
				t.Like += "\n" + f.templates.names
			}
		}
		key, full := l.key, l.unsaved.textBytes >= maxUnsavedTexts
		l.mu.RUnlock()
		if !wanted || full { // the next comparison tries again
			continue
		}
		had, err := l.store.Text(t.Phone, t.File)
		isKept := err == nil && had.ETag == t.ETag
		if !isKept {
			isKept = l.makeText(ctx, s, &j, &t, key)
		} else {
			t.Kept = filediff.Kept{}
		}
		if ctx.Err() != nil {
			return
		}
		l.mu.Lock()
		if f := p.named(j.name); f != nil && f.fetched.String() == t.ETag && bytes.Equal(key, l.key) { // otherwise a later run makes the text
			f.set(textDone, true)
			if isKept && t.Kept.Sum != "" {
				l.unsaved.text(t)
				l.unsaved.add(p)
			}
		}
		l.mu.Unlock()
	}
}

// makeText renders a file and sets t.Kept. It returns false if the text cannot be kept.
func (l *Ledger) makeText(ctx context.Context, s *provision.Snapshot, j *job, t *Text, key filediff.Key) bool {
	file, etag, err := l.o.Renderer.Both(ctx, s, j.route, j.request)
	if err != nil || etag != t.ETag || len(file.Text) > MaxKept {
		return false
	}
	t.Kept = key.Keep(file)
	return len(t.Kept.Lines) <= MaxKeptLines
}

// text adds a text. If a file has several, the Store keeps the newest.
func (u *unsaved) text(t Text) {
	u.texts = append(u.texts, t)
	u.textBytes += len(t.Kept.Lines)
}

// textsLost makes a new key and queues all phones for new texts. It is called when the Store lost its content.
func (l *Ledger) textsLost() {
	l.key, l.keyUnsaved = newKey(), true
	l.unsaved.texts, l.unsaved.textBytes = nil, 0
	for _, p := range l.order {
		for i := range p.files {
			p.files[i].set(textDone, false)
			l.wantText(p, &p.files[i])
		}
	}
}
