package provision

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// betweenFetches is the time between the two fetches that volatile compares. It is long enough for another minute and
// short enough for the same date.
const betweenFetches = time.Minute + time.Second

// volatile reports what makes a file differ at every fetch. A random value may have no effect on the file, and a time
// may give the same text again. So a file with such a call is rendered again: at the same time for chance, and if that
// does not differ, a minute later for times.
func (c *checker) volatile(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request, doc *Document) {
	chance, times := c.volatilePlaces(ctx, r, rt, doc)
	if len(chance) > 0 && c.differs(ctx, s, r, rt, q, doc) {
		times = nil // a difference of chance hides a difference of time
	} else {
		chance = nil
	}
	if q.Now = q.Now.Add(betweenFetches); len(times) > 0 && !c.differs(ctx, s, r, rt, q, doc) {
		times = nil
	}
	for _, d := range append(chance, times...) {
		c.report(d)
	}
}

// differs reports whether a document differs when it is rendered again.
func (c *checker) differs(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request, doc *Document) bool {
	second, err := r.Render(ctx, s, rt, q)
	if err != nil {
		return false // the first rendering succeeded, so Asterisk is gone or the time is over
	}
	defer second.Close()
	return !same(doc, second)
}

// volatilePlaces returns the warnings for a document that differs: by chance, or with the time.
func (c *checker) volatilePlaces(ctx context.Context, r *Renderer, rt *Route, doc *Document) (chance, times []Diagnostic) {
	add := func(t *dialplan.Template, pos func(dialplan.CallSite) astconf.Pos) {
		for _, site := range t.Volatile() {
			d := Diagnostic{Pos: pos(site), Severity: Warning,
				Message: site.Name + " makes a file that differs at every fetch: phones that compare files load it anew each time"}
			if dialplan.Volatile(site.Name) {
				chance = append(chance, d)
			} else {
				times = append(times, d)
			}
		}
	}
	seen := map[string]bool{}
	for _, name := range doc.Templates() {
		if t, err := r.options.Data.Template(ctx, name); err == nil && !seen[name] {
			seen[name] = true
			add(t.Template, func(site dialplan.CallSite) astconf.Pos { return astconf.Pos{File: name, Line: site.Line} })
		}
	}
	if rt.Phone == nil {
		return chance, times
	}
	for i := range rt.Phone.Profile.setvars {
		if v := &rt.Phone.Profile.setvars[i]; slices.Contains(doc.setvars, v) {
			add(v.value, func(dialplan.CallSite) astconf.Pos { return v.pos })
		}
	}
	return chance, times
}

// same compares two documents and leaves both at their beginning.
func same(a, b *Document) bool {
	var texts [2]string
	for i, doc := range []*Document{a, b} {
		text, err := io.ReadAll(doc.Content)
		if err != nil {
			return true
		}
		if _, err := doc.Content.Seek(0, io.SeekStart); err != nil {
			return true
		}
		texts[i] = string(text)
	}
	return texts[0] == texts[1]
}
