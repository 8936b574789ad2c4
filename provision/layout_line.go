package provision

import (
	"encoding/binary"
	"hash/maphash"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// lineVars are the variables of a line while it is being built.
type lineVars []lineVar

type lineVar struct {
	binding
	option int // index of the section's option that the value comes from, or notOption
}

// notOption: the value does not come from an option of the section.
const notOption = -1

// add adds a variable, unless there is one of that name.
func (d *lineVars) add(b binding, option int) {
	for _, v := range *d {
		if v.name == b.name {
			return
		}
	}
	*d = append(*d, lineVar{b, option})
}

// bind adds a variable that is in no file.
func (d *lineVars) bind(name, value, from string) { d.add(binding{name, value, from, 0}, notOption) }

// bindOption adds the value of an option of the line's section.
func (d *lineVars) bindOption(name string, options []astconf.Var, i int) {
	d.add(fromFile(name, options[i]), i)
}

// bindInherited adds the value of an option that is not in the line's section.
func (d *lineVars) bindInherited(name string, v astconf.Var) { d.add(fromFile(name, v), notOption) }

func fromFile(name string, v astconf.Var) binding {
	return binding{name, v.Value, v.Pos.File, int32(v.Pos.Line)}
}

// packer makes small lines of lineVars. It copies all strings, so that a line does not keep the text of the
// configuration in memory.
type packer struct {
	texts   texts
	shapes  map[string]*shape
	commons map[common]*common
	current Line
	key     []byte // of the shape of the current line; reused
	values  []value
	places  []int // for each variable of the current line its index in values, or -1
	record  []byte
}

// value is one value of a record.
type value struct {
	text string
	line int32
}

// line makes the line of a section, of the section's options and the line's variables, without a time zone. The result
// is valid until the next call.
func (pk *packer) line(section string, pos astconf.Pos, options []astconf.Var, d lineVars, general *astconf.Category) *Line {
	pk.key, pk.values = binary.AppendUvarint(pk.key[:0], uint64(len(options))), pk.values[:0]
	for _, v := range options {
		pk.key = appendText(pk.key, v.Name)
		pk.values = append(pk.values, value{v.Value, int32(v.Pos.Line)})
	}
	pk.places = pk.places[:0]
	for _, v := range d {
		at := v.option
		if at == notOption && (v.from == fromEndpoint || v.from == fromSection) { // each line has its own value
			at = len(pk.values)
			pk.values = append(pk.values, value{v.value, v.line})
		}
		pk.places = append(pk.places, at)
		if v.from == pos.File {
			v.from = "" // shared by lines of other files
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
	pk.current = Line{common: pk.intern(common{shape: sh, general: general, file: pos.File}), record: pk.pack(), line: int32(pos.Line)}
	return &pk.current
}

// intern returns the common that equals c and was seen first, so that equal ones are shared.
func (pk *packer) intern(c common) *common {
	if known := pk.commons[c]; known != nil {
		return known
	}
	first := c
	pk.commons[c] = &first
	return &first
}

// setZone sets a line's time zone.
func (pk *packer) setZone(l *Line, zone *time.Location) {
	c := *l.common
	c.zone = zone
	l.common = pk.intern(c)
}

// shape makes a new shape.
func (pk *packer) shape(pos astconf.Pos, options []astconf.Var, d lineVars) *shape {
	sh := &shape{options: make([]string, len(options)), vars: make([]shapeVar, len(d))}
	for i, v := range options {
		sh.options[i] = strings.Clone(v.Name)
	}
	content := appendTexts(binary.AppendUvarint(nil, uint64(len(options))), sh.options...)
	for i, v := range d {
		at := pk.places[i]
		b := binding{name: strings.Clone(v.name), from: strings.Clone(v.from)}
		if v.from == pos.File {
			b.from = ""
		}
		if at < 0 {
			b.value, b.line = strings.Clone(v.value), v.line
		}
		sh.vars[i] = shapeVar{b, at}
		content = appendText(binary.AppendVarint(appendText(content, b.name), int64(at)), b.value)
	}
	sh.print = maphash.Bytes(fingerprintSeed, content)
	return sh
}

// pack makes a record of the values.
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
	return record(pk.texts.addBytes(pk.record))
}

// copyCategory returns a copy of a category with copies of all its strings.
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

// texts stores many strings in few chunks, which takes less memory. A chunk lives as long as one of its strings.
type texts struct {
	chunk  strings.Builder
	chunks int // number of chunks so far
}

// Sizes of chunks in bytes. Each is twice as large as the one before.
const (
	minTextChunk = 256
	maxTextChunk = 64 << 10
)

func (t *texts) add(s string) string {
	start := t.room(len(s))
	t.chunk.WriteString(s)
	return t.chunk.String()[start:]
}

func (t *texts) addBytes(b []byte) string {
	start := t.room(len(b))
	t.chunk.Write(b)
	return t.chunk.String()[start:]
}

// room makes sure that n bytes fit into the chunk, and returns where they will begin.
func (t *texts) room(n int) (start int) {
	if t.chunk.Len()+n > t.chunk.Cap() {
		t.chunk.Reset()
		t.chunk.Grow(chunkSize(n, t.chunks))
		t.chunks++
	}
	return t.chunk.Len()
}

// chunkSize returns the size of the next chunk after others, which must have room for n bytes.
func chunkSize(n, others int) int { return max(n, min(minTextChunk<<min(others, 16), maxTextChunk)) }
