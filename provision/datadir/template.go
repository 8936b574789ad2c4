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
	// MaxTemplate bounds a template in bytes: what is larger is no template, but a file that someone named as one.
	MaxTemplate = 16 << 20
	// SettleTime is how long a file's size and time must be unchanged before its content counts: a copy or an editor writes a file
	// in several steps. It is longer than a step of any clock of a file system too, so that every later change shows.
	SettleTime = 250 * time.Millisecond
	// MaxSettle is how long a request waits for a file to become steady where there is nothing else to serve.
	MaxSettle = 4 * SettleTime
	// settleStep is the pause between two looks at such a file.
	settleStep = 25 * time.Millisecond
)

// ErrNoGoodFile means that a file of the data directory is missing, empty or still being written, and that no good state of it
// was read since the start. It passes: the phone should ask again.
var ErrNoGoodFile = errors.New("no good state of the file was read since the start")

// Reasons for which a file is not used.
var (
	errWriting = &noGoodFile{errors.New("the file is still being written, and no good state of it was read since the start: it is served when it was unchanged for " + SettleTime.String())}
	ErrEmpty   = &noGoodFile{errors.New("the file is empty, and no good state of it was read since the start: write its content, and it is served")}
)

// noGoodFile is an ErrNoGoodFile that says what is wrong.
type noGoodFile struct{ error }

// NoGoodFile makes an ErrNoGoodFile of a cause.
func NoGoodFile(cause error) error { return &noGoodFile{cause} }

func (e *noGoodFile) Is(target error) bool { return target == ErrNoGoodFile }
func (e *noGoodFile) Unwrap() error        { return e.error }

// Template is a template as of one state of its file. What was made of a template holds as long as template returns the same
// pointer.
type Template struct {
	*dialplan.Template
	path       string // of the file, by that of the directory
	info       fs.FileInfo
	XML        bool // see isXML
	OnlyBlanks bool // it has nothing but blanks
	CutAtNUL   bool // a NUL ends it, and what stands behind that is left out, as in Asterisk

	looked atomic.Int64 // when its file was last seen unchanged, in nanoseconds since start
}

// start is a moment to measure from: time.Since of it is monotonic.
var start = time.Now()

// sighting is a state of a file, and when it was first seen.
type sighting struct {
	info  fs.FileInfo
	since time.Time
}

// Template returns the template of a name as its file has it now, or its last good state while the file is empty, missing, not
// readable or being written. Where there is no good state it waits for what is being written, up to MaxSettle. An error beside a
// template says why an older state is served; that an editor is at work is no error. An error without a template is an
// ErrNoGoodFile, fs.ErrNotExist, or a fault of the machine.
func (d *Dir) Template(ctx context.Context, name string) (t *Template, err error) {
	err = d.whenSteady(ctx, func() error {
		t, err = d.look(name)
		return err
	})
	return t, err
}

// whenSteady calls look until it returns something else than errWriting, for MaxSettle at most.
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

// look is template without the wait: errWriting comes without a template only.
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

// Current reports whether a template is what would be read now, and nothing is wrong with its file.
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

// sameOnDisk looks at a template's file by its path first, which is half the calls of the system: a symbolic link may lead
// anywhere, but the file it leads to is the one that was read.
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

// parse reads and parses a template whose file is steady.
func (d *Dir) parse(name string) (*Template, error) {
	f, info, err := d.openRegular(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if !d.steady(name, info) {
		return nil, errWriting
	}
	text, err := io.ReadAll(io.LimitReader(f, MaxTemplate+1))
	if err != nil {
		return nil, err
	}
	if len(text) > MaxTemplate {
		return nil, fmt.Errorf("larger than %d bytes", MaxTemplate)
	}
	if after, err := f.Stat(); err != nil || !sameState(info, after) || after.Size() != int64(len(text)) {
		return nil, errWriting // a steady file has an old time: whoever wrote meanwhile has given it another one
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

// blank reports whether a template has nothing in it, or as good as nothing: a byte order mark; or a NUL at its beginning, at which a
// text ends in Asterisk and which a crash of the machine leaves. Blanks are what Asterisk serves too.
func blank(text string) bool {
	text, _, _ = strings.Cut(strings.TrimPrefix(text, "\ufeff"), "\x00")
	return text == ""
}

// keep makes a template the good state of its name, unless another request has just read the same state.
func (d *Dir) keep(t *Template) *Template {
	d.mu.Lock()
	defer d.mu.Unlock()
	if had := d.good[t.Name()]; had != nil && sameState(had.info, t.info) {
		return had
	}
	d.good[t.Name()] = t
	return t
}

// steady reports whether a state of a file has come to rest: its time is SettleTime ago, or it was first seen so long ago. The
// latter is for a file whose time is still to come, as by the clock of a file server.
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

// Open opens a static file that is steady: it waits for one that is being written, up to MaxSettle. There is no older state
// to serve, as static files are not kept in memory.
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
