package provision

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// Route is one file that phones can fetch. It is made of routes when somebody needs it.
type Route struct {
	URI    string // without the prefix and the slash after it
	Phone  *Phone // its variables render the file; nil: the file is static
	Owner  *Phone // the only phone that the file is for; nil: nobody owns it
	file   *file
	number int // index in the snapshot's routes
}

// Static reports whether the file is sent as it is.
func (rt *Route) Static() bool { return rt.Phone == nil }

// File returns the path of the static file or the template under the data directory.
func (rt *Route) File() string { return rt.file.path }

// Profile is the profile that the file belongs to.
func (rt *Route) Profile() *Profile { return rt.file.profile }

// MIME returns the Content-Type.
func (rt *Route) MIME() string { return resolveMIME(rt.file, rt.URI) }

// whose returns for messages whose file it is.
func (rt *Route) whose() string {
	if rt.Static() {
		return fmt.Sprintf("a static file of profile %q (%s)", rt.file.profile.Name, rt.file.pos)
	}
	return "phone " + rt.Phone.ID
}

// routes are the routes of a snapshot in a compact form: first the static ones, then those of each phone. There are
// 100,000s, so they have no pointers, which the garbage collector would follow. The zero routes is empty.
type routes struct {
	uris  []*strings.Builder // chunks with the URIs, one after the other
	list  []routeEntry
	files []*file // the files of all profiles
	byURI index
	// spelt finds routes whose URI has a MAC in another form than MAC.String, by the URI with the MAC in that form.
	spelt index
}

type routeEntry struct {
	chunk, at, size uint32 // where the URI is in uris, in bytes
	phone, owner    int32  // indexes in the snapshot's phones; noPhone: the file is static, or nobody owns it
	file            int32  // index in files
}

// noPhone is the phone of a static file, and the owner of a file that nobody owns.
const noPhone = -1

func (r *routes) uri(number int) string {
	e := r.list[number]
	return r.uris[e.chunk].String()[e.at : e.at+e.size]
}

// find returns the number of the route of a URI, or -1.
func (r *routes) find(uri string) int { return r.byURI.find(uri, r.uri) }

// findSpelt returns the number of the route whose URI equals name once the MAC in both has the form of MAC.String, or
// -1.
func (r *routes) findSpelt(name []byte, mac device.MAC) int {
	if number := r.byURI.findBytes(name, r.uri); number >= 0 {
		return number
	}
	return r.spelt.findHash(maphash.Bytes(indexSeed, name), func(number int) bool {
		var room [device.MaxName]byte
		return bytes.Equal(device.AppendRespelt(room[:0], r.uri(number), mac), name)
	})
}

// add adds the route of a file under a new URI. phone renders it and owner owns it.
func (r *routes) add(uri string, phone, owner, file int) {
	r.byURI.add(uri, len(r.list))
	chunk := r.room(len(uri))
	r.list = append(r.list, routeEntry{uint32(len(r.uris) - 1), uint32(chunk.Len()), uint32(len(uri)), int32(phone), int32(owner), int32(file)})
	chunk.WriteString(uri)
}

// addSpelt makes the last route findable by its URI with the MAC in the form of MAC.String, if that differs from the
// URI.
func (r *routes) addSpelt(uri string, p *Phone) {
	if p.MAC != (device.MAC{}) && len(uri) <= device.MaxName && !device.IsRespelt(uri, p.ID, p.MAC) {
		r.spelt.add(string(device.AppendRespelt(nil, uri, p.MAC)), len(r.list)-1)
	}
}

// room returns a chunk with room for n bytes.
func (r *routes) room(n int) *strings.Builder {
	if last := len(r.uris) - 1; last >= 0 && r.uris[last].Cap()-r.uris[last].Len() >= n {
		return r.uris[last]
	}
	chunk := new(strings.Builder)
	chunk.Grow(chunkSize(n, len(r.uris)))
	r.uris = append(r.uris, chunk)
	return chunk
}

// routeRange is a range of routes.
type routeRange struct{ first, count uint32 }

// route returns the route with a number.
func (s *Snapshot) route(number int) *Route {
	e := s.routes.list[number]
	rt := &Route{URI: s.routes.uri(number), file: s.routes.files[e.file], number: number}
	if e.phone != noPhone {
		rt.Phone = s.phoneList[e.phone]
	}
	if e.owner != noPhone {
		rt.Owner = s.phoneList[e.owner]
	}
	return rt
}
