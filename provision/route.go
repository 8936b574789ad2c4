package provision

import (
	"bytes"
	"fmt"
	"github.com/phoneprov/phoneprov/provision/device"
	"hash/maphash"
	"strings"
)

// Route is one file that can be fetched. It is made when it is asked for.
type Route struct {
	URI    string // without prefix and the slash before it
	Phone  *Phone // whose variables it is rendered with; nil: static
	Owner  *Phone // the only phone that it is for; nil: it is nobody's own
	file   *file
	number int // in its snapshot
}

// Static reports whether the file is sent as it is.
func (rt *Route) Static() bool { return rt.Phone == nil }

// File is where its content comes from, under the data directory: a static file, or a template.
func (rt *Route) File() string { return rt.file.path }

// Profile is the profile that the file belongs to.
func (rt *Route) Profile() *Profile { return rt.file.profile }

// MIME is the Content-Type that it is sent with.
func (rt *Route) MIME() string { return resolveMIME(rt.file, rt.URI) }

// whose says whose file it is, for messages.
func (rt *Route) whose() string {
	if rt.Static() {
		return fmt.Sprintf("a static file of profile %q (%s)", rt.file.profile.Name, rt.file.pos)
	}
	return "phone " + rt.Phone.ID
}

// routes are what the routes of a snapshot are made of: static ones first, then by phone. There are 100,000s, so they have no
// pointers, for the collector. The zero routes is empty.
type routes struct {
	uris  []*strings.Builder // chunks of them, one after the other
	list  []routeEntry
	files []*file // of all profiles
	byURI index
	// spelt are those that have a MAC not as String writes it, by their URI with the MAC so.
	spelt index
}

type routeEntry struct {
	chunk, at, size uint32 // of the URI in uris, in bytes
	phone, owner    int32  // in the snapshot's phones: noPhone for a static file, or for one that is nobody's own
	file            int32  // in files
}

// noPhone is the phone of a static file, and the owner of a file that is nobody's own.
const noPhone = -1

func (r *routes) uri(number int) string {
	e := r.list[number]
	return r.uris[e.chunk].String()[e.at : e.at+e.size]
}

// find is the route of a URI; -1: there is none.
func (r *routes) find(uri string) int { return r.byURI.find(uri, r.uri) }

// findSpelt is the route whose URI is the name once its owner's MAC is written in it as in the name; -1: there is none.
func (r *routes) findSpelt(name []byte, mac device.MAC) int {
	if number := r.byURI.findBytes(name, r.uri); number >= 0 {
		return number
	}
	return r.spelt.findHash(maphash.Bytes(indexSeed, name), func(number int) bool {
		var room [device.MaxName]byte
		return bytes.Equal(device.AppendRespelt(room[:0], r.uri(number), mac), name)
	})
}

// add serves a file under a URI that is not taken, rendered for a phone and owned by one, both by their numbers.
func (r *routes) add(uri string, phone, owner, file int) {
	r.byURI.add(uri, len(r.list))
	chunk := r.room(len(uri))
	r.list = append(r.list, routeEntry{uint32(len(r.uris) - 1), uint32(chunk.Len()), uint32(len(uri)), int32(phone), int32(owner), int32(file)})
	chunk.WriteString(uri)
}

// addSpelt has the route that was added last found by its URI with the MAC as String writes it, where that is another one.
func (r *routes) addSpelt(uri string, p *Phone) {
	if p.MAC != (device.MAC{}) && len(uri) <= device.MaxName && !device.IsRespelt(uri, p.ID, p.MAC) {
		r.spelt.add(string(device.AppendRespelt(nil, uri, p.MAC)), len(r.list)-1)
	}
}

// room is a chunk into which so many bytes go.
func (r *routes) room(n int) *strings.Builder {
	if last := len(r.uris) - 1; last >= 0 && r.uris[last].Cap()-r.uris[last].Len() >= n {
		return r.uris[last]
	}
	chunk := new(strings.Builder)
	chunk.Grow(chunkSize(n, len(r.uris)))
	r.uris = append(r.uris, chunk)
	return chunk
}

// span is a part of the routes.
type span struct{ first, count uint32 }

// route makes the route of a number.
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
