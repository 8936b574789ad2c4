package provision

import (
	"fmt"
	"strings"
)

// Route is one file that can be fetched. It is made when it is asked for.
type Route struct {
	URI    string // without prefix and the slash before it
	Phone  *Phone // nil: static
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

// owner says whose file it is, for messages.
func (rt *Route) owner() string {
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
}

type routeEntry struct {
	chunk, at, size uint32 // of the URI in uris, in bytes
	phone, file     int32  // in the snapshot's phones, -1: static; in files
}

// noPhone is the phone of a static file.
const noPhone = -1

func (r *routes) uri(number int) string {
	e := r.list[number]
	return r.uris[e.chunk].String()[e.at : e.at+e.size]
}

// find is the route of a URI; -1: there is none.
func (r *routes) find(uri string) int { return r.byURI.find(uri, r.uri) }

// add serves a file under a URI that is not taken, for a phone by its number.
func (r *routes) add(uri string, phone, file int) {
	r.byURI.add(uri, len(r.list))
	chunk := r.room(len(uri))
	r.list = append(r.list, routeEntry{uint32(len(r.uris) - 1), uint32(chunk.Len()), uint32(len(uri)), int32(phone), int32(file)})
	chunk.WriteString(uri)
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
	return rt
}
