package provision

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/zone"
)

// builder is one run of Build.
type builder struct {
	in       Input
	now      time.Time
	diags    diagnostics
	snap     *Snapshot
	profiles map[string]*Profile
	general  general
	zones    zone.Loader
	pack     packer
	vars     []astconf.Var // room for those of the next section
	draft    draft         // and for the draft made of them
	names    names
	phones   slab[home]
	missing  map[string]string // what noProfile says of a name
}

// home is a phone beside its first line: nearly all have one.
type home struct {
	Phone
	lines [1]*Line
	line  Line
}

// Build makes the snapshot of a configuration as it is at a time. What Asterisk would only log comes back as
// diagnostics, and the rest is served. An error means that no snapshot can be made now: Asterisk was asked for a
// function in a file's name and did not answer, or ctx is done.
//
// Nothing that Build makes depends on anything but its arguments and the time-zone database.
func Build(ctx context.Context, in Input, now time.Time) (*Snapshot, []Diagnostic, error) {
	b := &builder{
		in: in, now: now, zones: zone.Loader{},
		profiles: map[string]*Profile{},
		pack:     packer{shapes: map[string]*shape{}, kinds: map[common]*common{}},
		snap: &Snapshot{BuiltAt: now, content: &content{
			from: in.print(), functions: ownFunctions(), requestVars: requestVariables(), guarded: guardedFunctions(readODBC(in.Config[ODBCFile])), vendors: device.OUIs{},
		}},
	}
	b.readMappings()
	users := b.usersFile()
	most := len(categories(users))
	b.snap.phonesByID, b.snap.phoneList = newIndex(most), make([]*Phone, 0, most)
	maps.Copy(b.snap.functions, b.snap.guarded)
	b.readConfigWarnings()
	b.snap.globals = readGlobals(b.in.Config[GlobalsFile])
	b.readGeneral(b.in.Config["phoneprov.conf"])
	b.readProfiles(b.in.Config["phoneprov.conf"])
	b.readUsers(users)
	b.readPJSIP()
	b.in.Config = nil // all that is needed of it was copied
	for _, p := range b.snap.phoneList {
		sortLines(p, &b.diags)
	}
	if err := b.addRoutes(ctx); err != nil {
		return nil, b.diags, err
	}
	b.snap.volatile, b.snap.loaded = b.names.volatile(), b.zones
	prints := newPrints(b.snap)
	for i, p := range b.snap.phoneList {
		giveWay(i)
		p.print = prints.of(p)
	}
	b.snap.found = slices.Clone(b.diags)
	return b.snap, b.diags, nil
}

// phonesPerTurn is how many phones are built before others have their turn: requests are not to wait for the 10 ms that a
// goroutine may take. They are some 0.4 ms; to change threads, as a sync of many phones must, takes as long as to build one or two.
const phonesPerTurn = 256

func giveWay(i int) {
	if i%phonesPerTurn == 0 {
		runtime.Gosched()
	}
}

// readConfigWarnings passes on what the parser had to say of the files.
func (b *builder) readConfigWarnings() {
	for name := range b.in.Config.Files() {
		if f := b.in.Config[name]; f != nil {
			for _, w := range f.Warnings {
				b.diags.add(Warning, w.Pos, "%s", w.Message)
			}
		}
	}
}

// addLine gives a copy of a line to the phone of its MAC, which the first line of a MAC makes.
func (b *builder) addLine(provider string, l *Line, mac, profile astconf.Var) {
	p := b.profiles[profile.Value]
	if p == nil {
		if profile.Value == "" {
			b.diags.add(Error, l.pos(), "[%s]: no profile, its own or phoneprov.conf's default_profile: its phone is not served", l.Section())
		} else {
			b.diags.add(Error, profile.Pos, "[%s]: profile %q: %s", l.Section(), profile.Value, b.noProfile(profile.Value))
		}
		return
	}
	number, _ := l.own("LINE")
	l.number = leadingInt(number.value)
	b.bindZone(l)
	id := mac.Value
	parsed, err := device.ParseMAC(mac.Value)
	if err == nil {
		id = parsed.String()
	} else {
		b.diags.add(Warning, mac.Pos, "[%s]: %q: %v; it is served under that name", l.Section(), mac.Value, err)
	}
	phone := b.snap.phone(id)
	if phone == nil {
		home := b.phones.next()
		home.line = *l
		phone, l = &home.Phone, &home.line
		*phone = Phone{MAC: parsed, ID: b.pack.texts.keep(id), Provider: provider, Profile: p, Lines: home.lines[:0], first: l}
		b.snap.phonesByID.add(phone.ID, len(b.snap.phoneList))
		b.snap.phoneList = append(b.snap.phoneList, phone)
		if parsed != (device.MAC{}) {
			b.snap.vendors[[3]byte(parsed[:3])] = struct{}{}
		}
	}
	if phone.Provider != provider {
		b.diags.add(Error, mac.Pos, "[%s]: MAC %q is already a phone of [%s] (%s): this line is not served",
			l.Section(), mac.Value, phone.Lines[0].Section(), phone.Lines[0].pos())
		return
	}
	if l != phone.first {
		more := *l
		l = &more
	}
	phone.Lines = append(phone.Lines, l)
}

// noProfile says why there is no profile of a name, and what may be meant.
func (b *builder) noProfile(name string) string {
	if text, ok := b.missing[name]; ok {
		return text
	}
	f := b.in.Config["phoneprov.conf"]
	text := "there is no such section in phoneprov.conf: its phone is not served" + meant(name, slices.Values(profileNames(f)))
	if _, ok := f.Template(name); ok {
		text = fmt.Sprintf("[%s](!) of phoneprov.conf is a template, which is no profile: its phone is not served; leave the (!) away", name)
	}
	if b.missing == nil {
		b.missing = map[string]string{}
	}
	b.missing[name] = text
	return text
}

// bindZone finds the zone that a line's TIMEZONE names; without one it is the server's.
func (b *builder) bindZone(l *Line) {
	v, ok := l.own("TIMEZONE")
	if !ok || v.value == "" {
		b.pack.setZone(l, b.serverZone())
		return
	}
	zone, ok := b.zones.Load(v.value)
	if !ok {
		zone = time.UTC // as Asterisk
		b.diags.add(Error, astconf.Pos{File: v.from, Line: int(v.line)}, "[%s]: time zone %q: no such zone; it gets UTC", l.Section(), v.value)
	}
	b.pack.setZone(l, zone)
}

func (b *builder) serverZone() *time.Location {
	if b.in.Zone == nil {
		return time.UTC
	}
	return b.in.Zone
}

// sortLines orders a phone's lines by number. Of two with one number the first in the configuration stays.
func sortLines(p *Phone, diags *diagnostics) {
	if len(p.Lines) < 2 {
		return
	}
	slices.SortStableFunc(p.Lines, func(a, b *Line) int { return cmp.Compare(a.number, b.number) })
	kept := p.Lines[:1]
	for _, l := range p.Lines[1:] {
		if first := kept[len(kept)-1]; first.number == l.number {
			diags.add(Warning, l.pos(), "[%s]: line number %d of phone %s is already [%s]: this line is not served",
				l.Section(), l.number, p.ID, first.Section())
			continue
		}
		kept = append(kept, l)
	}
	p.Lines = kept
}
