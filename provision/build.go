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

// builder is the state of one Build.
type builder struct {
	in       Input
	now      time.Time
	diags    diagnostics
	snap     *Snapshot
	profiles map[string]*Profile
	general  general
	zones    zone.Loader
	pack     packer
	vars     []astconf.Var // the variables of the current section; reused
	lineVars lineVars      // the variables of the current line; reused
	names    nameExpander
	phones   slab[phoneBlock]
	missing  map[string]string // the results of noProfile, by the profile's name
}

// phoneBlock allocates a phone together with its first line. Nearly all phones have one line.
type phoneBlock struct {
	Phone
	lines [1]*Line
	line  Line
}

// Build makes the snapshot of a configuration at a time. What Asterisk would only log is a diagnostic, and the rest is
// served. An error means that Build cannot make a snapshot now: Asterisk did not answer a function in a file's name, or
// ctx is done.
//
// The result depends on nothing but the arguments and the time-zone database.
func Build(ctx context.Context, in Input, now time.Time) (*Snapshot, []Diagnostic, error) {
	b := &builder{
		in: in, now: now, zones: zone.Loader{},
		profiles: map[string]*Profile{},
		pack:     packer{shapes: map[string]*shape{}, commons: map[common]*common{}},
		snap: &Snapshot{BuiltAt: now, content: &content{
			pbx: in.PBX, from: in.print(), functions: ownFunctions(), requestVars: requestVariables(), guarded: guardedFunctions(readODBC(in.Config[ODBCFile])), vendors: device.OUIs{},
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
	b.in.Config = nil // everything that is needed of it was copied
	for _, p := range b.snap.phoneList {
		sortLines(p, &b.diags)
	}
	if err := b.addRoutes(ctx); err != nil {
		return nil, b.diags, err
	}
	b.snap.volatile, b.snap.loaded = b.names.volatile(), b.zones
	b.snap.sharedPrint = b.snap.globals.print()
	prints := newPrints(b.snap)
	for i, p := range b.snap.phoneList {
		giveWay(i)
		p.print = prints.of(p)
	}
	b.snap.found = slices.Clone(b.diags)
	return b.snap, b.diags, nil
}

// phonesPerTurn is how many phones are built before the goroutine yields: requests must not wait for its whole time
// slice of 10 ms. So many phones take about 0.4 ms. A switch of threads, which a sync of many phones needs here, takes
// as long as one or two phones.
const phonesPerTurn = 256

func giveWay(i int) {
	if i%phonesPerTurn == 0 {
		runtime.Gosched()
	}
}

// readConfigWarnings turns the parser's warnings into diagnostics.
func (b *builder) readConfigWarnings() {
	for name := range b.in.Config.Files() {
		if f := b.in.Config[name]; f != nil {
			for _, w := range f.Warnings {
				b.diags.add(Warning, w.Pos, "%s", w.Message)
			}
		}
	}
}

// addLine adds a copy of a line to the phone of its MAC. The first line of a MAC creates the phone.
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
		block := b.phones.next()
		block.line = *l
		phone, l = &block.Phone, &block.line
		*phone = Phone{MAC: parsed, ID: b.pack.texts.add(id), Provider: provider, Profile: p, Lines: block.lines[:0], first: l}
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

// noProfile returns why there is no profile of a name, and which one may be meant.
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

// bindZone sets a line's time zone to the one that its TIMEZONE names. Without a TIMEZONE it is the server's.
func (b *builder) bindZone(l *Line) {
	v, ok := l.own("TIMEZONE")
	if !ok || v.value == "" {
		b.pack.setZone(l, b.serverZone())
		return
	}
	zone, ok := b.zones.Load(v.value)
	if !ok {
		zone = time.UTC // as in Asterisk
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

// sortLines sorts a phone's lines by number. If two have the same number, the first in the configuration stays.
func sortLines(p *Phone, diags *diagnostics) {
	if len(p.Lines) < 2 {
		return
	}
	slices.SortStableFunc(p.Lines, func(a, b *Line) int { return cmp.Compare(a.number, b.number) })
	lines := p.Lines[:1]
	for _, l := range p.Lines[1:] {
		if first := lines[len(lines)-1]; first.number == l.number {
			diags.add(Warning, l.pos(), "[%s]: line number %d of phone %s is already [%s]: this line is not served",
				l.Section(), l.number, p.ID, first.Section())
			continue
		}
		lines = append(lines, l)
	}
	p.Lines = lines
}
