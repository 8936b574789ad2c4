package provision

import "fmt"

// Route is one file that can be fetched.
type Route struct {
	URI   string // without prefix and the slash before it
	Phone *Phone // nil: static
	file  *file
}

// Routes lists the phone's files in the order of its profile. The slice is the snapshot's own.
func (p *Phone) Routes() []*Route { return p.routes }

// Static reports whether the file is sent as it is.
func (rt *Route) Static() bool { return rt.Phone == nil }

// File is where its content comes from, under the data directory: a static file, or a template.
func (rt *Route) File() string { return rt.file.path }

// Profile is the profile that the file belongs to.
func (rt *Route) Profile() *Profile { return rt.file.profile }

// MIME is the Content-Type that it is sent with.
func (rt *Route) MIME() string { return resolveMIME(rt.file, rt.URI) }

// owner says whose file it is, for messages.
func (rt *Route) owner() string {
	if rt.Static() {
		return fmt.Sprintf("a static file of profile %q (%s)", rt.file.profile.Name, rt.file.pos)
	}
	return "phone " + rt.Phone.ID
}
