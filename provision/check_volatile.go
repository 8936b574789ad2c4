package provision

import (
	"context"
	"io"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// betweenFetches is how far apart the two fetches are that volatile compares: enough for another minute, so that a date
// stays what it is.
const betweenFetches = time.Minute + time.Second

// volatile reports what makes a file another one at every fetch. Chance may be without effect, and a time may well come
// out the same: so a file with a place that could differ is made once more, at the same time for chance, and where that
// does not differ as of a minute later.
func (c *checker) volatile(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request, doc *Document) {
	chance, times := c.volatilePlaces(ctx, r, rt, doc)
	if len(chance) > 0 && c.differs(ctx, s, r, rt, q, doc) {
		times = nil // whether they would differ does not show
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

// differs says whether a document is another one when it is made again.
func (c *checker) differs(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request, doc *Document) bool {
	again, err := r.Render(ctx, s, rt, q)
	if err != nil {
		return false // the first went well: it is Asterisk that has gone, or the time that is over
	}
	defer again.Close()
	return !same(doc, again)
}

// volatilePlaces are the warnings for a document, should it differ: by chance, or with the time.
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

// same compares two documents and leaves them at their beginning.
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
