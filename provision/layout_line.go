package provision

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// draft is a line's variables in the making.
type draft []draftVar

type draftVar struct {
	binding
	option string // that it is the value of; empty: of none
}

func (d *draft) add(b binding, option string) {
	for _, v := range *d {
		if v.name == b.name {
			return
		}
	}
	*d = append(*d, draftVar{b, option})
}

// bind adds a variable that is in no file unless there is one of that name.
func (d *draft) bind(name, value, from string) { d.add(binding{name, value, from, 0}, "") }

// bindVar adds a variable from an option of a file likewise.
func (d *draft) bindVar(name string, v astconf.Var) {
	d.add(binding{name, v.Value, v.Pos.File, int32(v.Pos.Line)}, v.Name)
}

// packer makes lines of drafts: small, and of strings of their own, so that nothing holds the text of the configuration.
type packer struct {
	texts  texts
	shapes map[string]*shape
	kinds  map[common]*common
	made   Line
	key    []byte // of the shape of the line that is being made
	values []value
	record []byte
}

// value is one of a record.
type value struct {
	text string
	line int32
}

// line makes the line of a section from its options and the variables that were made of them; without its time zone. It is
// there until the next one.
func (pk *packer) line(section string, pos astconf.Pos, options []astconf.Var, d draft, general *astconf.Category) *Line {
	pk.key, pk.values = binary.AppendUvarint(pk.key[:0], uint64(len(options))), pk.values[:0]
	for _, v := range options {
		pk.key = appendText(pk.key, v.Name)
		pk.values = append(pk.values, value{v.Value, int32(v.Pos.Line)})
	}
	for _, v := range d {
		at := pk.place(v, options)
		if v.from == pos.File {
			v.from = "" // as it is another's for other lines
		}
		pk.key = appendText(binary.AppendVarint(appendText(pk.key, v.name), int64(at)), v.from)
		if at < 0 {
			pk.key = binary.AppendVarint(appendText(pk.key, v.value), int64(v.line))
		}
	}
	sh := pk.shapes[string(pk.key)]
	if sh == nil {
		sh = pk.shape(pos, options, d)
		pk.shapes[string(pk.key)] = sh
	}
	pk.values = append(pk.values, value{section, int32(pos.Line)})
	pk.made = Line{common: pk.kind(common{shape: sh, general: general, file: pos.File}), record: pk.pack(), line: int32(pos.Line)}
	return &pk.made
}

// kind interns c: equal values become one.
func (pk *packer) kind(c common) *common {
	if known := pk.kinds[c]; known != nil {
		return known
	}
	first := c
	pk.kinds[c] = &first
	return &first
}

// setZone gives a line its time zone.
func (pk *packer) setZone(l *Line, zone *time.Location) {
	c := *l.common
	c.zone = zone
	l.common = pk.kind(c)
}

// place is where the value of a variable is in the record, into which it may have to come; -1: it is the same for all
// lines that have no such option of their own, as a default is.
func (pk *packer) place(v draftVar, options []astconf.Var) int {
	if v.option != "" {
		for i, o := range options {
			if int32(o.Pos.Line) == v.line && o.Name == v.option && o.Value == v.value && o.Pos.File == v.from {
				return i
			}
		}
	}
	if v.from != fromEndpoint && v.from != fromSection {
		return -1
	}
	pk.values = append(pk.values, value{v.value, v.line})
	return len(pk.values) - 1
}

// shape makes the shape of a draft.
func (pk *packer) shape(pos astconf.Pos, options []astconf.Var, d draft) *shape {
	sh := &shape{options: make([]string, len(options)), vars: make([]shapeVar, len(d))}
	for i, v := range options {
		sh.options[i] = strings.Clone(v.Name)
	}
	pk.values = pk.values[:len(options)]
	said := appendTexts(binary.AppendUvarint(nil, uint64(len(options))), sh.options...)
	for i, v := range d {
		at := pk.place(v, options)
		b := binding{name: strings.Clone(v.name), from: strings.Clone(v.from)}
		if v.from == pos.File {
			b.from = ""
		}
		if at < 0 {
			b.value, b.line = strings.Clone(v.value), v.line
		}
		sh.vars[i] = shapeVar{b, at}
		said = appendText(binary.AppendVarint(appendText(said, b.name), int64(at)), b.value)
	}
	sh.print = maphash.Bytes(fingerprintSeed, said)
	return sh
}

// pack makes the record of the values.
func (pk *packer) pack() record {
	pk.record = pk.record[:0]
	at := len(pk.values) * recordEntry
	for _, v := range pk.values {
		pk.record = binary.LittleEndian.AppendUint32(pk.record, uint32(at))
		pk.record = binary.LittleEndian.AppendUint32(pk.record, uint32(v.line))
		at += len(v.text)
	}
	for _, v := range pk.values {
		pk.record = append(pk.record, v.text...)
	}
	return record(pk.texts.keepBytes(pk.record))
}

// copyCategory copies a section, strings and all.
func copyCategory(c *astconf.Category) *astconf.Category {
	if c == nil {
		return nil
	}
	var vars []astconf.Var
	for v := range c.Vars() {
		vars = append(vars, astconf.Var{Name: strings.Clone(v.Name), Value: strings.Clone(v.Value), Pos: v.Pos})
	}
	return astconf.NewCategory(strings.Clone(c.Name), c.Pos, nil, vars)
}

func appendText(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

func appendTexts(b []byte, texts ...string) []byte {
	for _, s := range texts {
		b = appendText(b, s)
	}
	return b
}

// texts keeps strings side by side: few objects for the memory. All of a chunk live as long as one of them does.
type texts struct {
	chunk  strings.Builder
	chunks int // that there were
}

// Sizes of a chunk in bytes: each is twice as large as the one before.
const (
	minTextChunk = 256
	maxTextChunk = 64 << 10
)

func (t *texts) keep(s string) string {
	start := t.room(len(s))
	t.chunk.WriteString(s)
	return t.chunk.String()[start:]
}

func (t *texts) keepBytes(b []byte) string {
	start := t.room(len(b))
	t.chunk.Write(b)
	return t.chunk.String()[start:]
}

// room makes sure that n bytes go into the chunk, and tells where.
func (t *texts) room(n int) (start int) {
	if t.chunk.Len()+n > t.chunk.Cap() {
		t.chunk.Reset()
		t.chunk.Grow(chunkSize(n, t.chunks))
		t.chunks++
	}
	return t.chunk.Len()
}

// chunkSize is for a chunk in which n bytes have room, when there are others already.
func chunkSize(n, others int) int { return max(n, min(minTextChunk<<min(others, 16), maxTextChunk)) }
