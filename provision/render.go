package provision

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Errors that a caller distinguishes. Any other error is a fault of the configuration or of the machine.
var (
	// ErrNotFound: the route's static file is not there.
	ErrNotFound = errors.New("no such file")
	// ErrNotMasked means that the route is a static file: its secrets cannot be recognised.
	ErrNotMasked = errors.New("a static file cannot be masked")
	// ErrUnavailable: the file needs an answer of Asterisk, and Asterisk cannot be asked or the function is never
	// answered.
	ErrUnavailable = errors.New("asterisk cannot be asked")
)

// Request is what a rendering sees of its request.
type Request struct {
	Server string    // the address at which the phone reached us: SERVER, if the configuration does not set it
	Now    time.Time // the current time

	Scheme    string // of the phone's URL: http or https
	Host      string // of the phone's URL, with its port if it has one; empty: not known
	Prefix    string // the path of the phone's URL before the names of files: "/phoneprov", or empty
	UserAgent string // as the phone sent it

	masked bool // see RenderMasked
}

// RendererOptions are the options of a Renderer. Data is required.
type RendererOptions struct {
	Data *datadir.Dir
	Ask  dialplan.Asker // nil: Asterisk cannot be asked
	// Knows reports whether Asterisk has a function. Check needs it, and a rendering whose call returned an empty
	// value. If nil, Asterisk has no functions. A Renderer does not remember its answers.
	Knows func(ctx context.Context, function string) (bool, error)
	Zone  *time.Location // the server's; nil: UTC
	// SideBySide is how many calls one rendering makes at once; zero: four.
	SideBySide int
	// Profiles are the options of profiles by name. A profile may be missing here.
	Profiles map[string]ProfileOptions
	// MoveTo is what phones are told in PP_URL, PP_SCHEME and PP_HOST in place of what they asked for; zero: nothing else.
	MoveTo Origin
	// Room bounds everything that is remembered, in bytes; zero: maxRoom.
	Room int64
	// PBX is the name of the Asterisk in diagnostics, where there are several; empty: there is one.
	PBX string
}

// Origin is the beginning of a URL.
type Origin struct {
	Scheme string // http or https
	Host   string // with its port if it has one
}

// Renderer makes documents. It is safe for concurrent use.
type Renderer struct {
	options RendererOptions
	buffers buffers
	caches  atomic.Pointer[caches] // of the content that was rendered last
	parts   map[string]*Renderer   // see JoinRenderers; nil: it renders itself
}

// NewRenderer returns a Renderer. Its options never change.
func NewRenderer(o RendererOptions) *Renderer {
	o.Profiles = maps.Clone(o.Profiles)
	return &Renderer{options: o}
}

// WithRoom returns a Renderer with the same options that remembers at most room bytes.
func (r *Renderer) WithRoom(room int64) *Renderer {
	if len(r.parts) > 0 {
		parts := map[string]*Renderer{}
		for name, part := range r.parts {
			parts[name] = part.WithRoom(room / int64(len(r.parts)))
		}
		return JoinRenderers(parts)
	}
	o := r.options
	o.Room = room
	return NewRenderer(o)
}

// CacheStats is how much a Renderer remembers of the content that it rendered last.
type CacheStats struct {
	Files, Lists, Plans int // numbers of entries
	Bytes               int // of all entries together, about
}

// Stats returns the current CacheStats.
func (r *Renderer) Stats() (all CacheStats) {
	for _, part := range r.parts {
		s := part.Stats()
		all = CacheStats{all.Files + s.Files, all.Lists + s.Lists, all.Plans + s.Plans, all.Bytes + s.Bytes}
	}
	if r.parts != nil {
		return all
	}
	c := r.caches.Load()
	if c == nil {
		return CacheStats{}
	}
	var s CacheStats
	var bytes [3]int
	s.Files, bytes[0] = c.files.Stats()
	s.Lists, bytes[1] = c.lists.Stats()
	s.Plans, bytes[2] = c.plans.Stats()
	s.Bytes = bytes[0] + bytes[1] + bytes[2]
	return s
}

// Document is a file for a phone. The caller closes it.
type Document struct {
	MIME        string
	Content     io.ReadSeeker
	Size        int64        // bytes
	ETag        string       // strong, of the bytes
	Diagnostics []Diagnostic // what the templates' author should know
	file        fs.File
	text        []byte    // the text of Content; nil: the file is static
	buffers     *buffers  // where Close puts text; nil: nowhere
	setvars     []*setvar // the setvars that were expanded for it
	inputs      *inputs   // what else it was made of; not changed any more
	asked       bool      // Asterisk was asked for some of it
	reader      bytes.Reader
}

// Templates returns the templates that the document was made of, by their paths under the data directory.
func (d *Document) Templates() []string {
	if d.inputs == nil { // static
		return nil
	}
	var names []string
	for _, t := range d.inputs.templates {
		names = append(names, datadir.LocalName(t.Name()))
	}
	return names
}

// read sets Content to the beginning of the text.
func (d *Document) read() {
	d.reader.Reset(d.text)
	d.Content = &d.reader
}

// Close releases the document. Content is invalid afterwards.
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

// RenderTimeout bounds a rendering that waits for Asterisk or computes for too long. Asterisk has 2 s for each call; a
// phone waits half a minute or more.
const RenderTimeout = 10 * time.Second

// Render makes the document of a route, within RenderTimeout. The route must come from the snapshot s. Ask may be called
// by other goroutines. They end before Render returns, so Ask must return when its context ends.
func (r *Renderer) Render(ctx context.Context, s *Snapshot, rt *Route, q Request) (*Document, error) {
	r, s = r.of(s, rt)
	var c *caches
	if !rt.Static() {
		c = r.cachesOf(s)
		if d := c.cached(r.options.Data, rt, q); d != nil {
			return d, nil
		}
	}
	// Only from here on: a timeout costs a tenth of a request for a cached file.
	ctx, cancel := context.WithTimeout(ctx, RenderTimeout)
	defer cancel()
	if rt.Static() {
		return r.static(ctx, rt)
	}
	b := r.newCalls(ctx)
	defer b.end()
	d, err := r.render(ctx, s, c, rt, q, b)
	if err == nil {
		c.remember(rt, d)
	}
	return d, err
}

// render makes the document of a route that is not static. If c is nil, nothing that is remembered is used.
func (r *Renderer) render(ctx context.Context, s *Snapshot, c *caches, rt *Route, q Request, b *asteriskCalls) (*Document, error) {
	var rd *rendering
	var varies dialplan.Varies
	text := r.buffers.get()
	err := b.passes(func() (err error) {
		rd = r.rendering(s, c, q, b)
		text, varies, err = rd.file(ctx, text[:0], rt, r.escape(rt))
		return err
	})
	if err != nil {
		r.buffers.put(text)
		return nil, rt.failed(err)
	}
	if r.options.PBX != "" {
		rd.diags = OfPBX(r.options.PBX, rd.diags)
	}
	d := &Document{
		MIME: rt.MIME(), Size: int64(len(text)), ETag: textETag(text), text: text, buffers: &r.buffers,
		Diagnostics: rd.diags, setvars: rd.setvars, inputs: &inputs{varies, rd.templates, partOf(q, varies.With)}, asked: b.ctx != nil,
	}
	d.read()
	return d, nil
}

func (r *Renderer) rendering(s *Snapshot, c *caches, q Request, b *asteriskCalls) *rendering {
	if to := r.options.MoveTo; to != (Origin{}) {
		q.Scheme, q.Host = to.Scheme, to.Host
	}
	rd := &rendering{renderingInput: renderingInput{snap: s, caches: c, data: r.options.Data, now: q.Now, zone: r.options.Zone, request: q}}
	if r.options.Ask != nil {
		rd.calls = b
	}
	if c != nil {
		rd.facts = c.zones
	} else {
		rd.facts = newZoneFacts()
	}
	return rd
}

// file appends the expanded template of a route to dst.
func (rd *rendering) file(ctx context.Context, dst []byte, rt *Route, escape Escape) ([]byte, dialplan.Varies, error) {
	t, err := rd.template(ctx, rt.file.path)
	if errors.Is(err, fs.ErrNotExist) {
		err = datadir.NoGoodFile(noPath(err))
	}
	if err != nil {
		return dst, dialplan.Varies{}, noPath(err)
	}
	sc := &rd.top
	*sc = scope{rd: rd, phone: rt.Phone, line: rt.Phone.Lines[0], profile: rt.Phone.Profile}
	sc.env = rd.environment(view{sc, len(sc.profile.setvars)})
	sc.env.EscapeXML = escape.escapes(t)
	if rd.caches == nil {
		return t.AppendTo(ctx, dst, &sc.env)
	}
	key := planKey{rt.file, sc.line.shape, sc.line.zone, escape}
	if p := rd.caches.planFor(key, t, rd.now); p != nil {
		return p.AppendTo(ctx, dst, &sc.env, sc)
	}
	dst, newPlan, varies, err := t.AppendPlan(ctx, dst, &sc.env)
	if newPlan != nil {
		rd.caches.rememberPlan(key, &plan{newPlan, t, rd.now})
	}
	return dst, varies, err
}

// failed adds the route's file to the error of its rendering.
func (rt *Route) failed(err error) error {
	return fmt.Errorf("%s: template %q: %w", rt.file.pos, rt.file.path, unavailable(err))
}

func (r *Renderer) static(ctx context.Context, rt *Route) (*Document, error) {
	f, info, err := r.options.Data.Open(ctx, rt.file.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: static file %q: %w", rt.file.pos, rt.file.path, ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: static file %q: %w", rt.file.pos, rt.file.path, noPath(err))
	}
	tag, err := r.options.Data.ETag(rt.file.path, f, info)
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: static file %q: %w", rt.file.pos, rt.file.path, noPath(err))
	}
	return &Document{MIME: rt.MIME(), Content: f, Size: info.Size(), ETag: tag, file: f}, nil
}

// diag records a diagnostic of the language.
func (rd *rendering) diag(d dialplan.Diagnostic) {
	rd.diags.add(Warning, positionOf(d.Template, d.Line), "column %d: %s", d.Col, d.Message)
}

// positionOf returns the position of a line in a template. If the template is an option's value, its name is the
// option's position, and that is returned. Over AMI options have no line.
func positionOf(template string, line int) astconf.Pos {
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

// unavailable wraps ErrUnavailable around an error if Asterisk is missing for the file.
func unavailable(err error) error {
	if errors.Is(err, dialplan.ErrCannotAsk) || errors.Is(err, dialplan.ErrRefused) {
		return fmt.Errorf("%w: %w", ErrUnavailable, err)
	}
	return err
}

// noPath removes the operation and the path from an error. The message around it names the file.
func noPath(err error) error {
	var pe *fs.PathError
	if errors.As(err, &pe) {
		return pe.Err
	}
	return err
}
