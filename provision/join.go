package provision

import (
	"hash/maphash"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// Part is one of several Asterisks.
type Part struct {
	PBX      string    // its name, which Build got as Input.PBX; another one for each Part
	Snapshot *Snapshot // nil: it was not read yet
}

// Join returns the snapshot of several Asterisks. It has the phones and files of all parts. If two parts have a phone
// with the same ID, or a file with the same name, the first part's is served, and a diagnostic names both. A route or a
// phone of the joined snapshot is one of a part.
//
// Join copies no phone and no route: it is cheap besides the index of the phones and the search for equal names. The
// parts must not be joined snapshots.
func Join(parts []Part) (*Snapshot, []Diagnostic) {
	s := &Snapshot{content: &content{parts: []*Snapshot{}, vendors: device.OUIs{}}}
	phones := 0
	for _, p := range parts {
		if p.Snapshot == nil {
			s.Missing = append(s.Missing, p.PBX)
			continue
		}
		s.parts = append(s.parts, p.Snapshot)
		phones += len(p.Snapshot.phoneList)
	}
	j := joiner{joined: s}
	s.phonesByID, s.phoneList = newIndex(phones), make([]*Phone, 0, phones)
	var shared maphash.Hash
	shared.SetSeed(fingerprintSeed)
	for _, part := range s.parts {
		s.times(part)
		s.profiles = append(s.profiles, part.profiles...)
		for oui := range part.vendors {
			s.vendors[oui] = struct{}{}
		}
		maphash.WriteComparable(&shared, part.sharedPrint)
		j.phones(part)
	}
	s.sharedPrint = shared.Sum64()
	for i, part := range s.parts {
		j.routes(i, part)
	}
	return s, j.diags
}

// times sets the times of a joined snapshot: it is as old as its oldest part, and restored if one of them is.
func (s *Snapshot) times(part *Snapshot) {
	if s.BuiltAt.IsZero() || part.BuiltAt.Before(s.BuiltAt) {
		s.BuiltAt = part.BuiltAt
	}
	if s.SavedAt.IsZero() || !part.SavedAt.IsZero() && part.SavedAt.Before(s.SavedAt) {
		s.SavedAt = part.SavedAt
	}
}

// maxTwice is how many phones that two parts have are named: where the same phones were copied to another Asterisk,
// these show it.
const maxTwice = 20

// joiner is the state of one Join.
type joiner struct {
	joined *Snapshot
	diags  diagnostics
	twice  int // phones that two parts have
}

// phones adds the phones of a part that no earlier part has.
func (j *joiner) phones(part *Snapshot) {
	s := j.joined
	for i, p := range part.phoneList {
		giveWay(i)
		first := s.phone(p.ID)
		if first == nil {
			s.phonesByID.add(p.ID, len(s.phoneList))
			s.phoneList = append(s.phoneList, p)
			continue
		}
		if j.twice++; j.twice <= maxTwice {
			j.diags.add(Error, p.first.pos(), "phone %s is in %s ([%s] at %s) and in %s ([%s] at %s): it gets the files of %[2]s, and none of %[5]s; remove it from one of them",
				p.ID, first.PBX(), first.first.Section(), first.first.pos(), p.PBX(), p.first.Section(), p.first.pos())
		} else if j.twice == maxTwice+1 {
			j.diags.add(Error, p.first.pos(), "more phones of %s are in an Asterisk before it: only the first %d are named", p.PBX(), maxTwice)
		}
	}
}

// routes counts the routes of a part that are served, and reports the others: the first of each file of a profile.
func (j *joiner) routes(at int, part *Snapshot) {
	reported := map[*file]bool{}
	for number, e := range part.routes.list {
		giveWay(number)
		if !j.joined.ownerServed(part, number) {
			continue // the phone is reported
		}
		first, other := j.joined.firstWith(part.routes.uri(number))
		if first == at {
			j.joined.served++
			continue
		}
		if f := part.routes.files[e.file]; !reported[f] {
			reported[f] = true
			j.sameName(j.joined.parts[first].route(other), part.route(number))
		}
	}
}

// sameName reports a file that is not served because an earlier part has another one of its name. Static files of the
// same path are no surprise: the profiles are equal.
func (j *joiner) sameName(first, rt *Route) {
	switch {
	case first.Static() && rt.Static() && first.file.path == rt.file.path:
		j.diags.add(Info, rt.file.pos, "static file %q is in %s and in %s: the one of %[2]s is served to all phones", rt.URI, first.PBX(), rt.PBX())
	case first.Owner == nil && rt.Owner == nil:
		j.diags.add(Warning, rt.file.pos, "file %q is in %s and in %s, and belongs to no phone: the one of %[2]s is served to all phones; put ${PP_PBX} into its name",
			rt.URI, first.PBX(), rt.PBX())
	default:
		j.diags.add(Error, rt.file.pos, "file %q is %s of %s and %s of %s: the one of %[3]s is served; put ${MAC} or ${PP_PBX} into its name",
			rt.URI, first.whose(), first.PBX(), rt.whose(), rt.PBX())
	}
}

// each returns the snapshots that have the routes: the parts of a joined snapshot, or the snapshot itself.
func (s *Snapshot) each() []*Snapshot {
	if s.parts != nil {
		return s.parts
	}
	return []*Snapshot{s}
}

// partOf returns the part of a joined snapshot that has a profile; else the snapshot itself.
func (s *Snapshot) partOf(p *Profile) *Snapshot {
	for _, part := range s.parts {
		if part.pbx == p.PBX {
			return part
		}
	}
	return s
}

// PBX returns the name of the Asterisk that a route is of.
func (rt *Route) PBX() string { return rt.file.profile.PBX }

// PBX returns the name of the Asterisk that a phone is of.
func (p *Phone) PBX() string { return p.Profile.PBX }

// Joined reports whether the snapshot is one of Join.
func (s *Snapshot) Joined() bool { return s.parts != nil }

// Restored reports whether the snapshot of a phone's Asterisk was restored.
func (s *Snapshot) Restored(p *Phone) bool { return !s.partOf(p.Profile).SavedAt.IsZero() }

// PBXs returns the names of the Asterisks of a joined snapshot that were read, in order; nil: it is of one Asterisk.
func (s *Snapshot) PBXs() (names []string) {
	for _, part := range s.parts {
		names = append(names, part.pbx)
	}
	return names
}

// ownerServed reports whether the owner of a part's route is served with the files of that part. It is true of a route
// without an owner.
func (s *Snapshot) ownerServed(part *Snapshot, number int) bool {
	owner := part.routes.list[number].owner
	return owner == noPhone || s.phone(part.phoneList[owner].ID) == part.phoneList[owner]
}

// firstWith returns the first part that serves a URI, as it is written, and the number of its route; -1: none does. It
// asks every part, so that its duration does not depend on the result.
func (s *Snapshot) firstWith(uri string) (at, number int) {
	at, number = -1, -1
	for i, part := range s.parts {
		if n := part.routes.find(uri); n >= 0 && at < 0 && s.ownerServed(part, n) {
			at, number = i, n
		}
	}
	return at, number
}

// exactly returns the route of a joined snapshot whose URI the configuration writes so, or nil.
func (s *Snapshot) exactly(uri string) *Route {
	at, number := s.firstWith(uri)
	if at < 0 {
		return nil
	}
	rt := s.parts[at].route(number)
	if rt.Static() && rt.Owner == nil { // a phone of another part may own it
		rt.Owner = s.findSpelt(uri).Phone
	}
	return rt
}

// findJoined is Find of a joined snapshot. It takes the same steps for every name.
func (s *Snapshot) findJoined(uri string) Found {
	spelt, at, number := s.findSpelt(uri), 0, 0
	if at, number = s.firstWith(uri); at < 0 {
		return spelt
	}
	f := s.parts[at].atRoute(number)
	if f.Route.Static() && f.Route.Owner == nil && spelt.Phone != nil { // a phone of another part may own it
		f.Route.Owner, f.Phone, f.MAC = spelt.Phone, spelt.Phone, spelt.MAC
	}
	return f
}

// servedOf returns the routes that no earlier part of a joined snapshot hides.
func (s *Snapshot) servedOf(all []*Route) []*Route {
	if s.parts == nil {
		return all
	}
	return slices.DeleteFunc(all, func(rt *Route) bool {
		at, _ := s.firstWith(rt.URI)
		return at < 0 || s.parts[at].pbx != rt.PBX()
	})
}

// JoinRenderers returns the Renderer of a joined snapshot. It has the Renderer of each part, by Part.PBX, and renders
// each route with the one of its part.
func JoinRenderers(parts map[string]*Renderer) *Renderer { return &Renderer{parts: parts} }

// of returns the Renderer and the snapshot of a route: those of its part, if s is joined.
func (r *Renderer) of(s *Snapshot, rt *Route) (*Renderer, *Snapshot) {
	return r.ofPart(rt.PBX()), s.partOf(rt.file.profile)
}

// ofPart returns the Renderer of a part; r itself if it is not joined.
func (r *Renderer) ofPart(pbx string) *Renderer {
	if part := r.parts[pbx]; part != nil {
		return part
	}
	return r
}

// partEnd ends the name of the part in Basis.Templates of a joined snapshot: the parts may have different templates of
// the same names.
const partEnd = "\x00"

// templatesOfPart splits Basis.Templates.
func templatesOfPart(templates string) (pbx, names string) {
	if pbx, names, ok := strings.Cut(templates, partEnd); ok {
		return pbx, names
	}
	return "", templates
}
