package store

// block is the length of the shortest text that a delta copies: shorter ones are repeated about as cheaply.
const block = 16

// base is a text that other texts are stored as deltas of.
type base struct {
	id    uint64
	text  string
	index map[[block]byte]int32 // where the blocks of text begin
}

func newBase(id uint64, text string) *base {
	b := &base{id: id, text: text, index: make(map[[block]byte]int32, len(text)/block)}
	for at := 0; at+block <= len(text); at += block {
		key := [block]byte([]byte(text[at : at+block]))
		if _, ok := b.index[key]; !ok {
			b.index[key] = int32(at)
		}
	}
	return b
}

// delta returns a text as parts of the base and what stands between them: for each part the length of the text before
// it, that text, the length of the part, and how far it is from where it is expected.
func (b *base) delta(text string) []byte {
	var e encoder
	begin, expected := 0, 0 // the text from begin is not in e; the base goes on at expected
	for i := 0; i+block <= len(text); {
		at, ok := b.find(text[i:i+block], expected+i-begin)
		if !ok {
			i++
			continue
		}
		for at > 0 && i > begin && b.text[at-1] == text[i-1] {
			at, i = at-1, i-1
		}
		n := block
		for at+n < len(b.text) && i+n < len(text) && b.text[at+n] == text[i+n] {
			n++
		}
		e.text(text[begin:i])
		e.number(uint64(n))
		e.signed(int64(at - (expected + i - begin)))
		i += n
		begin, expected = i, at+n
	}
	e.text(text[begin:])
	return e.b
}

// find returns where a block is in the base. It prefers the expected place.
func (b *base) find(key string, expected int) (at int, ok bool) {
	if expected+block <= len(b.text) && b.text[expected:expected+block] == key {
		return expected, true
	}
	found, ok := b.index[[block]byte([]byte(key))]
	return int(found), ok
}

// apply returns the text of a delta of base. It fails if the result would be longer than most bytes.
func apply(base string, delta []byte, most int) (string, error) {
	d := decoder{b: delta}
	text := make([]byte, 0, min(len(base)+len(delta), most))
	expected := 0
	for {
		literal := d.text()
		text = append(text, literal...)
		if d.err != nil || len(text) > most {
			return "", errShort
		}
		if len(d.b) == 0 {
			return string(text), nil
		}
		n, at := d.number(), int64(expected+len(literal))+d.signed()
		if d.err != nil || at < 0 || n > uint64(len(base)) || at > int64(len(base))-int64(n) || len(text)+int(n) > most {
			return "", errShort
		}
		text = append(text, base[at:at+int64(n)]...)
		expected = int(at) + int(n)
	}
}
