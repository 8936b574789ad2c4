package provision

import (
	"context"
	"io/fs"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// depends is what a file is made of besides its snapshot, its route and the renderer. A rendering takes note of it
// wherever it looks at something that may be another one at the next request.
type depends struct {
	// changing: made by chance, of the time itself, or of what nobody tells the changes of.
	changing  bool
	uses      uses
	until     time.Time       // a time zone has it otherwise from then on; zero: never
	templates []*templateFile // that were read
}

// uses are parts of a Request.
type uses uint8

const (
	usesServer    uses = 1 << iota
	usesURL            // Scheme, Host and Prefix
	usesUserAgent      // UserAgent
)

// of is a request without what is not used.
func (u uses) of(q Request) Request {
	var part Request
	if u&usesServer != 0 {
		part.Server = q.Server
	}
	if u&usesURL != 0 {
		part.Scheme, part.Host, part.Prefix = q.Scheme, q.Host, q.Prefix
	}
	if u&usesUserAgent != 0 {
		part.UserAgent = q.UserAgent
	}
	return part
}

func (d *depends) ends(until time.Time) { d.until = earlier(d.until, until) }

func (d *depends) read(t *templateFile) {
	if !slices.Contains(d.templates, t) {
		d.templates = append(d.templates, t)
	}
}

// settled says whether it shows when the file would be another one.
func (d *depends) settled() bool { return !d.changing }

// holds says whether what was made for a request is what would be made for another.
func (d *depends) holds(r *Renderer, made, q Request) bool {
	return d.uses.of(made) == d.uses.of(q) &&
		(d.until.IsZero() || !q.Now.Before(made.Now) && q.Now.Before(d.until)) &&
		!slices.ContainsFunc(d.templates, func(t *templateFile) bool { return !r.Data.current(t) })
}

// part is what of a request must be so again, and when it was.
func (d *depends) part(q Request) Request {
	part := d.uses.of(q)
	part.Now = q.Now
	return part
}

// add is for a part of the file.
func (d *depends) add(part *depends) {
	d.changing = d.changing || part.changing
	d.uses |= part.uses
	d.ends(part.until)
	for _, t := range part.templates {
		d.read(t)
	}
}

// changes, use, askAt, loadZone and stat are the effects of the language of which nobody tells the changes.

func (rd *rendering) changes() {
	rd.depends.changing = true
	rd.differs(dialplan.ByPlace)
}

func (rd *rendering) use(part uses) {
	rd.depends.uses |= part
	rd.differs(dialplan.ByExpansion)
}

func (rd *rendering) askAt(ctx context.Context, q dialplan.Question) (string, error) {
	rd.changes()
	rd.answered = rd.answered || mayBeSecret(q.Call)
	return rd.asking.askAt(ctx, q)
}

func (rd *rendering) loadZone(name string) (*time.Location, bool) {
	rd.changes()
	if rd.zones == nil {
		rd.zones = zones{}
	}
	return rd.zones.load(name)
}

func (rd *rendering) stat(name string) (fs.FileInfo, error) {
	rd.changes()
	return rd.data.stat(name)
}
