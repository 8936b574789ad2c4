package datadir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

const (
	// MaxTemplate bounds a template in bytes. A larger file is not meant to be a template.
	MaxTemplate = 16 << 20
	// SettleTime is how long a file's size and time must be unchanged before its content counts, because a copy or an
	// editor writes a file in several steps. It is also longer than a tick of any file system's clock, so that every
	// later change shows.
	SettleTime = 250 * time.Millisecond
	// MaxSettle is how long a request waits for a file to settle if there is no older state to serve.
	MaxSettle = 4 * SettleTime
	// settleStep is the pause between two checks of such a file.
	settleStep = 25 * time.Millisecond
)

// ErrNoGoodFile means that a file of the data directory is missing, empty or still being written, and that no good
// state of it was read since the start. It is temporary: the phone should ask again.
var ErrNoGoodFile = errors.New("no good state of the file was read since the start")

// Reasons not to use a file.
var (
	errWriting = &noGoodFile{errors.New("the file is still being written, and no good state of it was read since the start: it is served once it is unchanged for " + SettleTime.String())}
	ErrEmpty   = &noGoodFile{errors.New("the file is empty, and no good state of it was read since the start: write its content, and it is served")}
)

// noGoodFile is an ErrNoGoodFile with its cause.
type noGoodFile struct{ error }

// NoGoodFile returns an ErrNoGoodFile with a cause.
func NoGoodFile(cause error) error { return &noGoodFile{cause} }

func (e *noGoodFile) Is(target error) bool { return target == ErrNoGoodFile }
func (e *noGoodFile) Unwrap() error        { return e.error }

// Template is a template in one state of its file. A text that was made of it is current as long as Dir.Template
// returns the same pointer.
type Template struct {
	*dialplan.Template
	path       string // of the file, beginning with the directory's path
	info       fs.FileInfo
	XML        bool // see isXML
	OnlyBlanks bool // the template has nothing but blanks
	CutAtNUL   bool // a NUL ends the template, and the text after it is left out, as in Asterisk

	looked atomic.Int64 // when the file was last seen unchanged, in nanoseconds since start
}

// start is the moment from which looked counts.
var start = time.Now()

// sighting is a state of a file and when it was first seen.
type sighting struct {
	info  fs.FileInfo
	since time.Time
}

// Template returns a template in the current state of its file, or in its last good state while the file is empty,
// missing, unreadable or being written. If there is no good state, it waits up to MaxSettle for a file that is being
// written.
//
// An error together with a template says why an older state is returned. A file that is being written is no such error.
// An error without a template is an ErrNoGoodFile, fs.ErrNotExist, or a fault of the machine.
func (d *Dir) Template(ctx context.Context, name string) (t *Template, err error) {
	err = d.whenSteady(ctx, func() error {
		t, err = d.look(name)
		return err
	})
	return t, err
}

// whenSteady calls look until it returns another error than errWriting, for MaxSettle at most.
func (d *Dir) whenSteady(ctx context.Context, look func() error) error {
	for began := time.Now(); ; {
		err := look()
		if err != errWriting || time.Since(began) >= MaxSettle {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settleStep):
		}
	}
}

// look is Template without waiting. It returns errWriting only without a template.
func (d *Dir) look(name string) (*Template, error) {
	d.mu.RLock()
	good := d.good[name]
	d.mu.RUnlock()
	if good != nil && d.unchanged(good) {
		return good, nil
	}
	next, err := d.parse(name)
	switch {
	case err == nil:
		return d.keep(next), nil
	case good != nil && err == errWriting:
		return good, nil
	}
	return good, err
}

// Current reports whether Template would return the same template, without an error.
func (d *Dir) Current(t *Template) bool {
	if d.unchanged(t) {
		return true
	}
	now, err := d.look(t.Name())
	return err == nil && now == t
}

// unchanged reports whether a template's file is in the state that was read, or was so at most LookEvery ago.
func (d *Dir) unchanged(t *Template) bool {
	now := time.Since(start)
	if d.LookEvery > 0 && now-time.Duration(t.looked.Load()) < d.LookEvery {
		return true
	}
	if !d.sameOnDisk(t) {
		return false
	}
	t.looked.Store(int64(now))
	return true
}

// sameOnDisk checks the path first, which takes half the system calls. A symbolic link may lead anywhere, but then the
// check compares the file that it leads to with the one that was read.
func (d *Dir) sameOnDisk(t *Template) bool {
	if info, err := os.Stat(t.path); err == nil && sameState(t.info, info) {
		return true
	}
	root, err := d.data.root()
	if err != nil {
		return false
	}
	info, err := root.Stat(LocalName(t.Name()))
	return err == nil && sameState(t.info, info)
}

func sameState(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// parse reads and parses a template. Its file must be steady.
func (d *Dir) parse(name string) (*Template, error) {
	f, info, err := d.openRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !d.steady(name, info) {
		return nil, errWriting
	}
	if info.Size() > MaxTemplate {
		return nil, fmt.Errorf("larger than %d bytes", MaxTemplate)
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxTemplate+1)) // it may grow meanwhile
	if err != nil {
		return nil, err
	}
	if after, err := f.Stat(); err != nil || !sameState(info, after) || after.Size() != int64(len(text)) {
		return nil, errWriting // a steady file has an old time, and a write in between has changed it
	}
	if blank(string(text)) {
		return nil, ErrEmpty
	}
	text, behind, hasNUL := bytes.Cut(text, []byte{0})
	t := &Template{
		Template:   dialplan.Parse(name, string(text)),
		path:       filepath.Join(d.data.path, LocalName(name)),
		info:       info,
		XML:        isXML(string(text)),
		OnlyBlanks: withoutBlanks(string(text)) == "",
		CutAtNUL:   hasNUL && len(behind) > 0,
	}
	t.looked.Store(int64(time.Since(start)))
	return t, nil
}

// blank reports whether a template has no content: it is empty, or has only a byte order mark, or begins with a NUL.
// Asterisk ends a text at a NUL, and a crash of the machine may leave a file of NULs. A template of blanks has content,
// as in Asterisk.
func blank(text string) bool {
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "\ufeff"), "\x00")
	return text == ""
}

// keep stores a template as the good state of its name, unless another request has just stored the same state.
func (d *Dir) keep(t *Template) *Template {
	d.mu.Lock()
	defer d.mu.Unlock()
	if had := d.good[t.Name()]; had != nil && sameState(had.info, t.info) {
		return had
	}
	d.good[t.Name()] = t
	return t
}

// steady reports whether a file has settled: its time is SettleTime ago, or this state was first seen SettleTime ago.
// The second rule is for a time in the future, as the clock of a file server may give.
func (d *Dir) steady(name string, info fs.FileInfo) bool {
	now := time.Now()
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.Sub(info.ModTime()) >= SettleTime {
		delete(d.young, name)
		return true
	}
	seen, ok := d.young[name]
	if !ok || !sameState(seen.info, info) {
		seen = sighting{info, now}
		d.young[name] = seen
	}
	return now.Sub(seen.since) >= SettleTime
}

// Open opens a static file. It waits up to MaxSettle for a file that is being written. There is no older state to
// serve, because static files are not kept in memory.
func (d *Dir) Open(ctx context.Context, name string) (f *os.File, info fs.FileInfo, err error) {
	err = d.whenSteady(ctx, func() error {
		if f, info, err = d.openRegular(name); err == nil && !d.steady(name, info) {
			f.Close()
			return errWriting
		}
		return err
	})
	return f, info, err
}
