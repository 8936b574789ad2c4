package provision

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/filediff"
)

// Basis says what a rendered document depends on. A later comparison tells whether the same request could get another
// document. A Basis is comparable within the process only.
type Basis struct {
	Phone          uint64    // Phone.Print of the phone
	Shared         uint64    // Snapshot.SharedPrint
	Templates      string    // the data directory's names of the templates that were read, one per line
	TemplatesPrint uint64    // print of their state, see Renderer.TemplatesPrint
	Until          time.Time // the document holds until then; zero: no end
	OtherPhones    bool      // the document reads other phones, as a directory does
	Asked          bool      // rendering asked Asterisk
	Unpredictable  bool      // the document may differ each time: it has an answer of Asterisk, chance or the time in it
}

// byOtherPhones marks a value that comes from other phones than the file's own.
const byOtherPhones = bySecretAnswer << 1

// Print changes when the phone's configuration changes: its lines, its profile and the names of its files. It is
// comparable within the process only.
func (p *Phone) Print() uint64 { return p.print }

// SecretPrint changes when a SECRET of the phone's lines changes. It is comparable within the process only.
func (p *Phone) SecretPrint() uint64 {
	var h maphash.Hash
	h.SetSeed(fingerprintSeed)
	for _, l := range p.Lines {
		v, _ := l.own("SECRET")
		h.WriteString(v.value)
		h.WriteByte(0)
	}
	return h.Sum64()
}

// Endpoint returns Asterisk's name for the line: the name of its endpoint, or of its section if it has no endpoint.
func (l *Line) Endpoint() string {
	if v, ok := l.own("ENDPOINT_ID"); ok && v.value != "" {
		return v.value
	}
	return l.Section()
}

// DisplayName returns the line's name for people, or "" if it has none.
func (l *Line) DisplayName() string {
	v, _ := l.own("DISPLAY_NAME")
	return v.value
}

// Username returns the account's name, or "" if it has none.
func (l *Line) Username() string {
	v, _ := l.own("USERNAME")
	return v.value
}

// SharedPrint changes when something changes that all phones share: the global variables. It is comparable within the
// process only.
func (s *Snapshot) SharedPrint() uint64 { return s.sharedPrint }

func (g globals) print() uint64 {
	var text []byte
	for _, v := range g.vars {
		text = appendTexts(text, v.name, v.text)
	}
	return maphash.Bytes(fingerprintSeed, text)
}

// SameContent reports whether two snapshots come from the same configuration. If so, all of their documents are the
// same.
func (s *Snapshot) SameContent(other *Snapshot) bool {
	if s == nil || other == nil || s.parts == nil || other.parts == nil {
		return s != nil && other != nil && s.content == other.content
	}
	return slices.EqualFunc(s.parts, other.parts, (*Snapshot).SameContent)
}

// RouteOf returns the route whose URI the configuration writes exactly so, or nil if there is none.
func (s *Snapshot) RouteOf(uri string) *Route {
	if s.parts != nil {
		return s.exactly(uri)
	}
	if number := s.routes.find(uri); number >= 0 {
		return s.route(number)
	}
	return nil
}

// Basis returns what the document of a rendered route depends on.
func (d *Document) Basis(s *Snapshot, rt *Route) Basis {
	b := Basis{Shared: s.sharedPrint}
	if rt.Phone != nil {
		b.Phone = rt.Phone.print
	}
	if d.inputs != nil {
		d.inputs.describe(&b)
	}
	if s.parts != nil {
		b.Templates = rt.PBX() + partEnd + b.Templates
	}
	b.Asked = d.asked
	return b
}

func (in *inputs) describe(b *Basis) {
	b.Until = in.varies.Until
	b.OtherPhones = in.varies.With&byOtherPhones != 0
	b.Unpredictable = !in.cacheable()
	if len(in.templates) == 1 { // nearly every document has one template: skip the join
		b.Templates, b.TemplatesPrint = in.templates[0].Name(), in.templates[0].Print()
		return
	}
	var names []string
	for _, t := range in.templates {
		if !slices.Contains(names, t.Name()) {
			names = append(names, t.Name())
			b.TemplatesPrint += t.Print()
		}
	}
	slices.Sort(names)
	b.Templates = strings.Join(names, "\n")
}

// TemplatesPrint computes Basis.TemplatesPrint for the templates as they are now. The argument is Basis.Templates.
func (r *Renderer) TemplatesPrint(templates string) (sum uint64) {
	if r.parts != nil {
		pbx, names := templatesOfPart(templates)
		if r = r.parts[pbx]; r == nil {
			return 0
		}
		templates = names
	}
	for name := range strings.SplitSeq(templates, "\n") {
		if t := r.options.Data.Served(name); t != nil {
			sum += t.Print()
		}
	}
	return sum
}

// Digest returns the entity tag of the document that Render would make, and what the document depends on. It never asks
// Asterisk: if the document needs an answer, the error is an ErrUnavailable. It does not evict anything from Render's
// cache.
func (r *Renderer) Digest(ctx context.Context, s *Snapshot, rt *Route, q Request) (etag string, basis Basis, err error) {
	r, part := r.of(s, rt)
	if rt.Static() {
		d, err := r.static(ctx, rt)
		if err != nil {
			return "", Basis{}, err
		}
		defer d.Close()
		return d.ETag, Basis{}, nil
	}
	c := r.cachesOf(part)
	if d := c.cached(r.options.Data, rt, q); d != nil {
		return d.ETag, d.Basis(s, rt), nil
	}
	buffer := r.buffers.get()
	text, in, err := r.withoutAsking(ctx, part, c, rt, q, buffer[:0])
	d := Document{inputs: &in}
	basis = d.Basis(s, rt)
	if err == nil {
		etag = textETag(text)
	}
	r.buffers.put(text)
	return etag, basis, err
}

// withoutAsking appends the document of a rendered route to dst. It never asks Asterisk. A panic is an error.
func (r *Renderer) withoutAsking(ctx context.Context, s *Snapshot, c *caches, rt *Route, q Request, dst []byte) (text []byte, in inputs, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = PanicError(v)
		}
	}()
	rd := r.rendering(s, c, q, nil)
	rd.calls = nil
	text, varies, err := rd.file(ctx, dst, rt, r.escape(rt))
	in = inputs{varies: varies, templates: rd.templates}
	if err != nil {
		err = rt.failed(err)
	}
	return text, in, err
}

// Both returns a rendered file as the phone gets it, and masked as RenderMasked does it, with the entity tag of the
// first. It never asks Asterisk. The error is ErrUnavailable if the file needs an answer, errUnpredictable if each
// rendering may be another, and ErrNotMasked if the file is static.
func (r *Renderer) Both(ctx context.Context, s *Snapshot, rt *Route, q Request) (f filediff.File, etag string, err error) {
	if rt.Static() {
		return f, "", ErrNotMasked
	}
	r, s = r.of(s, rt)
	hidden := q
	hidden.masked = true
	masked, _, err := r.withoutAsking(ctx, s, nil, rt, hidden, nil)
	if err != nil {
		return f, "", err
	}
	// The plain one comes second. If a template changed meanwhile, its entity tag is another one than the caller knows.
	text, in, err := r.withoutAsking(ctx, s, r.cachesOf(s), rt, q, nil)
	if err == nil && !in.cacheable() {
		err = errUnpredictable
	}
	if err != nil {
		return f, "", err
	}
	return filediff.File{Text: string(text), Masked: string(masked)}, textETag(text), nil
}

var errUnpredictable = errors.New("each rendering may be another")
