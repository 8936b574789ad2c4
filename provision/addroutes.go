package provision

import (
	"context"
	"fmt"
	"github.com/phoneprov/phoneprov/provision/device"
	"slices"
	"strings"
)

// addRoutes names every file of every profile and phone. A name belongs to whoever comes first, static files before all.
func (b *builder) addRoutes(ctx context.Context) error {
	most := b.mostRoutes()
	b.snap.routes = routes{byURI: newIndex(most), list: make([]routeEntry, 0, most)}
	b.names = b.newNames()
	for _, p := range b.snap.profiles {
		for _, f := range slices.Concat(p.statics, p.files) {
			f.number = len(b.snap.routes.files)
			b.snap.routes.files = append(b.snap.routes.files, f)
		}
	}
	for _, p := range b.snap.profiles {
		for _, f := range p.statics {
			b.addStatic(p, f)
		}
	}
	b.snap.shared = map[int]sharing{}
	c := collisions{builder: b, reported: map[*file]bool{}}
	for i, p := range b.snap.phoneList {
		giveWay(i)
		start := len(b.snap.routes.list)
		for _, f := range p.Profile.files {
			uri, err := b.fileName(ctx, p, f)
			if err != nil {
				return fmt.Errorf("%s: file name %q of phone %s: %w", f.pos, f.name, p.ID, err)
			}
			if uri != "" {
				b.addDynamic(&c, i, p, f, uri)
			}
		}
		p.routes = span{uint32(start), uint32(len(b.snap.routes.list) - start)}
	}
	c.report()
	return nil
}

// addStatic serves a static file. It is the own file of the phone that is served and whose MAC its name has; else nobody's.
func (b *builder) addStatic(p *Profile, f *file) {
	if number := b.snap.routes.find(f.name); number >= 0 {
		if other := b.snap.route(number); other.file.path != f.path {
			b.diags.add(Warning, f.pos, "profile %q: static file %q is already %s of profile %q (%s), which is served",
				p.Name, f.name, other.file.path, other.file.profile.Name, other.file.pos)
		}
		return
	}
	owner := noPhone
	if n := device.ReadNameOf(f.name, b.snap.vendors); n.MAC != (device.MAC{}) {
		owner = b.snap.phoneNumber(n.MAC.String())
	}
	b.snap.routes.add(f.name, noPhone, owner, f.number)
	if owner != noPhone {
		b.snap.routes.addSpelt(f.name, b.snap.phoneList[owner])
	}
}

// addDynamic serves a phone's file, or notes that its name is taken. A name that has nothing of its phone in it is nobody's
// own from the start.
func (b *builder) addDynamic(c *collisions, phone int, p *Phone, f *file, uri string) {
	if number := b.snap.routes.find(uri); number >= 0 {
		c.add(number, phone, f)
		return
	}
	owner := phone
	if b.names.common {
		owner = noPhone
	}
	b.snap.routes.add(uri, phone, owner, f.number)
	if owner != noPhone {
		b.snap.routes.addSpelt(uri, p)
	}
}

// sharing is how phones share a route.
type sharing struct {
	phones int  // how many
	second int  // the second of them; the first is the route's
	common bool // the name has nothing of a phone in it, so that it is meant to be shared
}

// collisions are the names that the files of several phones come to.
type collisions struct {
	*builder
	shared   []int          // routes, in their order
	reported map[*file]bool // that are the files of phones whose name is another file's
}

// add is for a phone's file whose name is that of a route. Where it is the same file the route is nobody's own from then on.
// Another file under that name cannot be served, which is an error, once for each file.
func (c *collisions) add(number, phone int, f *file) {
	e := &c.snap.routes.list[number]
	first := c.snap.routes.files[e.file]
	if e.phone != noPhone && first.path == f.path && first.name == f.name {
		e.owner = noPhone
		s, had := c.snap.shared[number]
		if !had {
			s = sharing{phones: 1, second: phone, common: c.names.common}
			c.shared = append(c.shared, number)
		}
		s.phones++
		c.snap.shared[number] = s
		return
	}
	if c.reported[f] {
		return
	}
	c.reported[f] = true
	c.diags.add(Error, f.pos, "profile %q: file name %q of phone %s is already that of %s: the first one is served",
		f.profile.Name, c.snap.routes.uri(number), c.snap.phoneList[phone].ID, c.snap.route(number).whose())
}

// report notes the files that several phones share, each once with the first of its names.
func (c *collisions) report() {
	noted := map[*file]bool{}
	for _, number := range c.shared {
		rt := c.snap.route(number)
		if noted[rt.file] {
			continue
		}
		noted[rt.file] = true
		c.diags.add(Info, rt.file.pos, "profile %q: %d phones share the file %q: it is nobody's own, and made with the variables of phone %s",
			rt.file.profile.Name, c.snap.shared[number].phones, rt.URI, rt.Phone.ID)
	}
}

// mostRoutes is how many routes there can be: a file whose name has no variable is one whoever it is for.
func (b *builder) mostRoutes() int {
	each := map[*Profile]int{}
	n := 0
	for _, p := range b.snap.profiles {
		n += len(p.statics)
		for _, f := range p.files {
			if strings.Contains(f.name, "$") {
				each[p]++
			} else {
				n++
			}
		}
	}
	for _, p := range b.snap.phoneList {
		n += each[p.Profile]
	}
	return n
}
