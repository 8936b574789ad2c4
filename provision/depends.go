package provision

import (
	"io/fs"
	"slices"
	"time"
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

func (d *depends) changes() { d.changing = true }

func (d *depends) ends(until time.Time) { d.until = earlier(d.until, until) }

func (d *depends) read(t *templateFile) {
	if !slices.Contains(d.templates, t) {
		d.templates = append(d.templates, t)
	}
}

// settled says whether it shows when the file would be another one.
func (d *depends) settled() bool {
	return !d.changing && !slices.ContainsFunc(d.templates, func(t *templateFile) bool { return !t.settled })
}

// loadZone and stat are the effects of the language that read files.

func (rd *rendering) loadZone(name string) (*time.Location, bool) {
	rd.depends.changes()
	return rd.zones.load(name)
}

func (rd *rendering) stat(name string) (fs.FileInfo, error) {
	rd.depends.changes()
	return rd.data.stat(name)
}
