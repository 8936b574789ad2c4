package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// addRoutes gives a name to every file of every profile and phone. If two files get the same name, the first one has
// it. Static files come before all others.
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
		p.routes = routeRange{uint32(start), uint32(len(b.snap.routes.list) - start)}
	}
	c.report()
	return nil
}

// addStatic adds the route of a static file. If the file's name has the MAC of a phone that is served, the phone owns
// it; else nobody does.
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

// addDynamic adds the route of a phone's file. If another route has that name, it records the collision. If the name
// has nothing of the phone in it, nobody owns the file.
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

// sharing describes the phones that share a route.
type sharing struct {
	phones int  // the number of phones
	second int  // the second phone; the first is the route's
	common bool // the name has nothing of a phone in it, so the admin meant the phones to share the file
}

// collisions are the names that the files of several phones have.
type collisions struct {
	*builder
	shared   []int          // the numbers of the routes, in order
	reported map[*file]bool // files with a name that another file has, which are reported once
}

// add records a phone's file whose name is that of a route. If it is the same file, nobody owns the route any more.
// Another file of that name cannot be served: add reports an error, once for each file.
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

// report adds a diagnostic for each file that several phones share, with the first of its names.
func (c *collisions) report() {
	noted := map[*file]bool{}
	for _, number := range c.shared {
		rt := c.snap.route(number)
		if noted[rt.file] {
			continue
		}
		noted[rt.file] = true
		c.diags.add(Info, rt.file.pos, "profile %q: %d phones share the file %q: nobody owns it, and it has the variables of phone %s",
			rt.file.profile.Name, c.snap.shared[number].phones, rt.URI, rt.Phone.ID)
	}
}

// mostRoutes is an upper bound of the number of routes. A file whose name has no variable has one route for all phones.
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
