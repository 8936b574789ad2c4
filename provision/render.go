package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// What a caller branches on; any other error is a fault of the configuration or of the machine.
var (
	// ErrNotFound: the route's static file is not there.
	ErrNotFound = errors.New("no such file")
	// ErrUnavailable: Asterisk must be asked for something, and cannot be, or it is a function that is not answered.
	ErrUnavailable = errors.New("asterisk cannot be asked")
)

// Request is what one rendering knows of its request.
type Request struct {
	Server string    // the address that the phone reached us by: SERVER where the configuration names none
	Now    time.Time // the time it is

	Scheme    string // of the phone's URL: http or https
	Host      string // of the phone's URL, with its port where it has one; empty: not known
	Prefix    string // of the phone's URL, before the names of the files: "/phoneprov", or empty
	UserAgent string // as the phone sent it
}

// Renderer makes documents. It may be used by many goroutines.
type Renderer struct {
	Data *DataDir
	Ask  dialplan.Asker // nil: Asterisk cannot be asked
	// Knows says whether Asterisk has a function: for Check, and where a value is empty. Nil: it has none but those answered
	// here. Where that is to cost nothing a second time it is who remembers.
	Knows func(ctx context.Context, function string) (bool, error)
	Zone  *time.Location // the server's; nil: UTC
	// SideBySide is how many calls of one rendering are made at once; zero: four.
	SideBySide int
	// Profiles are options of profiles by name; one that is not there has none.
	Profiles map[string]ProfileOptions

	// Room is for all that a snapshot keeps of what it made, in bytes; zero: mostRoom.
	Room int64

	buffers    buffers
	renderings sync.Pool // that are over
}

// mostRoom is what a snapshot keeps of what it made at the most.
const mostRoom = maxKept + maxPlans + maxLists*maxListBytes

// share is the part of Room that something has which has most of mostRoom.
func (r *Renderer) share(most int) int {
	if r.Room <= 0 || r.Room >= mostRoom {
		return most
	}
	return int(int64(most) * r.Room / mostRoom)
}

// Document is what a phone gets. The caller closes it.
type Document struct {
	MIME        string
	Content     io.ReadSeeker
	Size        int64        // bytes
	ETag        string       // strong, of the bytes
	ModTime     time.Time    // of a static file; zero: rendered
	Diagnostics []Diagnostic // what the templates' author should know
	Templates   []string     // the templates that it was made of
	file        fs.File
	text        []byte    // of Content; nil: static
	buffers     *buffers  // where text goes when it is closed; nil: nowhere
	setvars     []*setvar // that it was made of
	depends     *depends  // what else it was made of; nil: static
}

// Close releases the document, whose Content is then no more.
func (d *Document) Close() error {
	if d.buffers != nil {
		d.buffers.put(d.text)
		d.buffers, d.text, d.Content = nil, nil, nil
	}
	if d.file == nil {
		return nil
	}
	return d.file.Close()
}

// Render makes the document of a route of s. The snapshot must be the one that the route comes from. Ask may be called by
// goroutines of the rendering's own; they have ended when it returns, so Ask must return when its context ends.
func (r *Renderer) Render(ctx context.Context, s *Snapshot, rt *Route, q Request) (*Document, error) {
	if rt.Static() {
		return r.static(ctx, rt)
	}
	if d := s.kept.get(r, rt, q); d != nil {
		return d, nil
	}
	b := r.asking(ctx)
	defer b.end()
	d, err := r.render(ctx, s, rt, q, b, &s.lists)
	if err == nil {
		s.kept.put(r, rt, q, d)
	}
	return d, err
}

// render makes the document of a route that is not static. Lists are those that may be used again; nil: none.
func (r *Renderer) render(ctx context.Context, s *Snapshot, rt *Route, q Request, b *asking, l *lists) (*Document, error) {
	var rd *rendering
	text, m := r.buffers.get(), new(made)
	err := b.passes(func() (err error) {
		rd = r.rendering(s, q, b)
		rd.lists, rd.used, rd.depends.templates = l, m.used[:0], m.templates[:0]
		text, err = rd.file(ctx, text[:0], rt, r.escape(rt))
		return err
	})
	if err != nil {
		r.buffers.put(text)
		return nil, rt.failed(err)
	}
	m.content.Reset(text)
	m.depends = rd.depends
	m.Document = Document{
		MIME: rt.MIME(), Content: &m.content, Size: int64(len(text)), ETag: textETag(text), text: text, buffers: &r.buffers,
		Diagnostics: rd.diags, Templates: rd.used, setvars: rd.setvars, depends: &m.depends,
	}
	*rd = rendering{effects: rd.effects} // no snapshot is held by it
	r.renderings.Put(rd)
	return &m.Document, nil
}

// made is a rendered document in one piece of memory, with room for the one template that most are made of.
type made struct {
	Document
	content   bytes.Reader
	depends   depends
	templates [1]*templateFile
	used      [1]string
}

func (r *Renderer) rendering(s *Snapshot, q Request, b *asking) *rendering {
	rd, ok := r.renderings.Get().(*rendering)
	if !ok {
		rd = new(rendering)
	}
	rd.by, rd.snap, rd.data, rd.server, rd.now, rd.zone, rd.request = r, s, r.Data, q.Server, q.Now, r.Zone, q
	if r.Ask != nil {
		rd.asking = b
	}
	return rd
}

// file appends the expanded template of a route to dst.
func (rd *rendering) file(ctx context.Context, dst []byte, rt *Route, escape Escape) ([]byte, error) {
	t, err := rd.template(ctx, rt.file.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = &noGoodFile{noPath(err)}
	}
	if err != nil {
		return dst, noPath(err)
	}
	rd.top = scope{rd: rd, phone: rt.Phone, line: rt.Phone.Lines[0], profile: rt.Phone.Profile}
	sc := &rd.top
	env := sc.env()
	env.EscapeXML = escape.escapes(t)
	if rd.lists != nil {
		return sc.planned(ctx, dst, t, env, planKey{rd.by, rt.file, sc.line.shape, sc.line.zone, escape})
	}
	return t.AppendTo(ctx, dst, env)
}

// failed says why a route's file cannot be made.
func (rt *Route) failed(err error) error {
	return fmt.Errorf("%s: template %q: %w", rt.file.pos, rt.file.path, unavailable(err))
}

func (r *Renderer) static(ctx context.Context, rt *Route) (*Document, error) {
	f, info, err := r.Data.openSteady(ctx, rt.file.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: static file %q: %w", rt.file.pos, rt.file.path, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: static file %q: %w", rt.file.pos, rt.file.path, noPath(err))
	}
	tag, err := r.Data.etags.of(rt.file.path, f, info)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: static file %q: %w", rt.file.pos, rt.file.path, noPath(err))
	}
	return &Document{MIME: rt.MIME(), Content: f, Size: info.Size(), ETag: tag, ModTime: info.ModTime(), file: f}, nil
}

// template reads a template and remembers that it was used. Where an older state of it is served a diagnostic says why.
func (rd *rendering) template(ctx context.Context, name string) (*templateFile, error) {
	rd.used = append(rd.used, localName(name))
	rd.differs(dialplan.ByPlace)
	t, err := rd.data.template(ctx, name)
	if t == nil {
		return nil, err
	}
	rd.depends.read(t)
	if err != nil {
		rd.changes() // so that it is said again when the trouble was over and comes back
		rd.diags.add(Error, astconf.Pos{File: localName(name)}, "%s: its last good state is served", fault(err))
	}
	return t, nil
}

// fault says what is wrong with a file of which an older state is served.
func fault(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "the template is gone"
	case err == errEmpty:
		return "the template is empty"
	}
	return fmt.Sprintf("the template cannot be read (%v)", noPath(err))
}

// diag turns what the language has to say into a diagnostic of the template.
func (rd *rendering) diag(d dialplan.Diagnostic) {
	rd.differs(dialplan.ByPlace)
	rd.diags.add(Warning, placeOf(d.Template, d.Line), "column %d: %s", d.Col, d.Message)
}

// placeOf is a line of a template. One that an option gave is called by the place of the option, and is a line of it; over
// AMI none has a line.
func placeOf(template string, line int) astconf.Pos {
	if i := strings.LastIndexByte(template, ':'); i >= 0 {
		if n, err := strconv.Atoi(template[i+1:]); err == nil {
			return astconf.Pos{File: template[:i], Line: n}
		}
	}
	if slices.Contains(ConfigFiles[:], template) {
		return astconf.Pos{File: template}
	}
	return astconf.Pos{File: template, Line: line}
}

// unavailable gives an error its cause for the phone.
func unavailable(err error) error {
	if errors.Is(err, dialplan.ErrCannotAsk) || errors.Is(err, dialplan.ErrRefused) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// noPath drops the operation and the path from an error whose message names the file itself.
func noPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
