package provision

import (
	"encoding/binary"
	"hash/maphash"
	"strconv"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// fingerprintSeed is the seed of all fingerprints. They can be compared within the process only.
var fingerprintSeed = maphash.MakeSeed()

// print returns a fingerprint of everything that Build reads, except the answers of Interfaces and Ask.
func (in Input) print() uint64 {
	var h maphash.Hash
	h.SetSeed(fingerprintSeed)
	for name := range in.Config.Files() {
		in.Config[name].Hash(&h)
	}
	var about []byte
	for _, given := range []bool{in.Live != nil, in.Interfaces != nil, in.Ask != nil, in.Zone != nil} {
		about = strconv.AppendBool(about, given)
	}
	about = strconv.AppendInt(about, int64(in.Major), 10)
	about = appendText(about, in.PBX)
	if in.Zone != nil {
		about = appendText(about, in.Zone.String())
	}
	h.Write(binary.LittleEndian.AppendUint64(about, in.Live.print()))
	return h.Sum64()
}

// print returns a fingerprint of the endpoints, which have no order.
func (l *Live) print() (sum uint64) {
	if l == nil {
		return 0
	}
	var text []byte
	for id, e := range l.Endpoints {
		text = appendTexts(text[:0], id, e.ID, e.CallerID, e.TransportID, e.Bind, e.Protocol, e.AuthID, e.Username, e.Password.Reveal())
		if e.Options != nil {
			text = binary.LittleEndian.AppendUint64(append(text, 1), e.Options.print)
		}
		sum += maphash.Bytes(fingerprintSeed, text)
	}
	return sum
}

// prints computes fingerprints of phones. It computes what many phones share once.
type prints struct {
	snap     *Snapshot
	text     []byte // the content of one phone; reused
	profiles map[*Profile]uint64
	generals map[*astconf.Category]uint64
}

func newPrints(s *Snapshot) *prints {
	return &prints{snap: s, profiles: map[*Profile]uint64{}, generals: map[*astconf.Category]uint64{nil: 0}}
}

// of returns a fingerprint of what the configuration says of a phone: its lines, its profile and the names of its
// files. It does not depend on the content of templates or on positions in files.
func (f *prints) of(p *Phone) uint64 {
	f.text = binary.LittleEndian.AppendUint64(appendTexts(f.text[:0], p.Provider), f.profile(p.Profile))
	for i := range p.routes.count {
		number := int(p.routes.first + i)
		uri, file := f.snap.routes.uri(number), f.snap.routes.files[f.snap.routes.list[number].file]
		f.text = appendTexts(f.text, uri, file.path, resolveMIME(file, uri))
	}
	for _, l := range p.Lines {
		f.line(l)
	}
	return maphash.Bytes(fingerprintSeed, f.text)
}

func (f *prints) line(l *Line) {
	f.text = binary.LittleEndian.AppendUint64(f.text, l.shape.print)
	for i := range l.record.count() {
		f.text = appendText(f.text, l.record.value(i))
	}
	f.text = binary.LittleEndian.AppendUint64(f.text, f.general(l.general))
	if l.endpoint != nil {
		f.text = binary.LittleEndian.AppendUint64(f.text, l.endpoint.print)
	}
}

func (f *prints) profile(p *Profile) uint64 {
	print, ok := f.profiles[p]
	if !ok {
		text := appendTexts(nil, p.PBX, p.Name)
		for _, v := range p.setvars {
			text = appendTexts(text, v.name, v.text)
		}
		print = maphash.Bytes(fingerprintSeed, text)
		f.profiles[p] = print
	}
	return print
}

func (f *prints) general(c *astconf.Category) uint64 {
	print, ok := f.generals[c]
	if !ok {
		var text []byte
		for v := range c.Vars() {
			text = appendTexts(text, v.Name, v.Value)
		}
		print = maphash.Bytes(fingerprintSeed, text)
		f.generals[c] = print
	}
	return print
}
