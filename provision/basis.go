package provision

import (
	"context"
	"hash/maphash"
	"slices"
	"strings"
	"time"
)

// Basis says what a rendered document depends on, so that it can be told later whether the same request could get another one. It is
// comparable within the process only.
type Basis struct {
	Phone          uint64    // Phone.Print of the phone
	Shared         uint64    // Snapshot.SharedPrint
	Templates      string    // the templates that were read, by their names in the data directory, a line each
	TemplatesPrint uint64    // of their state, see Renderer.TemplatesPrint
	Until          time.Time // the document holds until then; zero: no moment ends it
	OtherPhones    bool      // it reads other phones, as a directory does
	Asked          bool      // Asterisk was asked for some of it
	Unpredictable  bool      // it may be another one at any time: it has an answer of Asterisk, chance or the time in it
}

// byOtherPhones is of a value that is made of other phones than the one that the file is for.
const byOtherPhones = bySecretAnswer << 1

// Print tells whether what the configuration says of a phone has changed: its lines, its profile and the names of its files. It is
// comparable within the process only.
func (p *Phone) Print() uint64 { return p.print }

// SecretPrint tells whether a SECRET of the phone's lines has changed. It is comparable within the process only.
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

// Endpoint is the name under which Asterisk knows the line: its endpoint's, else its section's.
func (l *Line) Endpoint() string {
	if v, ok := l.own("ENDPOINT_ID"); ok && v.value != "" {
		return v.value
	}
	return l.Section()
}

// DisplayName is what people call the line; empty: nothing.
func (l *Line) DisplayName() string {
	v, _ := l.own("DISPLAY_NAME")
	return v.value
}

// Username is the account's name; empty: it has none.
func (l *Line) Username() string {
	v, _ := l.own("USERNAME")
	return v.value
}

// SharedPrint tells whether what all phones share has changed: the global variables. It is comparable within the process only.
func (s *Snapshot) SharedPrint() uint64 { return s.sharedPrint }

func (g globals) print() uint64 {
	var text []byte
	for _, v := range g.vars {
		text = appendTexts(text, v.name, v.text)
	}
	return maphash.Bytes(fingerprintSeed, text)
}

// SameContent reports whether two snapshots were built of the same configuration: then all of their documents are the same.
func (s *Snapshot) SameContent(other *Snapshot) bool {
	return s != nil && other != nil && s.content == other.content
}

// RouteOf finds the file of a URI exactly as the configuration writes it; nil: there is none.
func (s *Snapshot) RouteOf(uri string) *Route {
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
	d.inputs.describe(&b)
	b.Asked = d.asked
	return b
}

func (in *inputs) describe(b *Basis) {
	b.Until = in.varies.Until
	b.OtherPhones = in.varies.With&byOtherPhones != 0
	b.Unpredictable = !in.cacheable()
	if len(in.templates) == 1 { // as nearly always, and at each request
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

// TemplatesPrint is Basis.TemplatesPrint of the templates that Basis.Templates names, as they are served now.
func (r *Renderer) TemplatesPrint(templates string) (sum uint64) {
	for name := range strings.SplitSeq(templates, "\n") {
		if t := r.options.Data.Served(name); t != nil {
			sum += t.Print()
		}
	}
	return sum
}

// Digest returns the entity tag of the document that Render would make, and what it depends on. Asterisk is asked nothing: where
// something must be asked the error is an ErrUnavailable. Nothing that it makes drives out what Render remembers of files.
func (r *Renderer) Digest(ctx context.Context, s *Snapshot, rt *Route, q Request) (etag string, basis Basis, err error) {
	if rt.Static() {
		d, err := r.static(ctx, rt)
		if err != nil {
			return "", Basis{}, err
		}
		defer d.Close()
		return d.ETag, Basis{}, nil
	}
	c := r.cachesOf(s)
	if d := c.cached(r.options.Data, rt, q); d != nil {
		return d.ETag, d.Basis(s, rt), nil
	}
	defer func() {
		if v := recover(); v != nil {
			err = PanicError(v)
		}
	}()
	rd := r.rendering(s, c, q, nil)
	rd.calls = nil
	buffer := r.buffers.get()
	text, varies, err := rd.file(ctx, buffer[:0], rt, r.escape(rt))
	d := Document{inputs: inputs{varies: varies, templates: rd.templates}}
	basis = d.Basis(s, rt)
	if err != nil {
		r.buffers.put(text)
		return "", basis, rt.failed(err)
	}
	etag = textETag(text)
	r.buffers.put(text)
	return etag, basis, nil
}
