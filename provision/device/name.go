package device

import (
	"slices"
	"strings"
)

// Name is the name of a file as a phone asks for it, and the one MAC in it that counts.
type Name struct {
	URI      string // without prefix and the slash before it
	MAC      MAC    // zero: none counts
	from, to int    // where it stands in URI
}

// ReadName reads a name without knowing which phones there are. It is the only reader of MACs in names, with Snapshot.Find,
// which knows more; the rules are here once.
//
// What a file of the configuration is called needs no reading: its route says whose it is. In every other name one MAC
// counts at most. It is looked for in the last part of the path first, then in the directories, from left to right.
//
// A name carries a MAC for certain where 12 hexadecimal digits stand alone, plain or in equal groups of 2, 4 or 6 with one
// kind of separator (":", "-", "." or a blank): no letter or digit touches them, they are not all decimal, and they are not
// a part of a longer grouping (an EUI-64, an IPv6 address, a UUID). Letters in front of them are allowed where a vendor
// writes its names so (macPrefixes): these may be hexadecimal letters, as in spa0004f2000001.cfg, and the list tells where
// they end.
//
// A name may carry a MAC where letters touch the digits, as in 0004f2000001directory.txt, or where the groups differ, as in
// 00-04f2-000001; and that is unlikely where the digits are all decimal, as in a date or 3111-48822-001. Such a MAC counts where
// it has the vendor's half (the OUI) of a phone that is served. That does not tell which phones exist: a MAC that is served and
// its neighbour are read alike. A digit that touches the 12, or a longer grouping, means that there is no MAC.
//
// ReadName knows no phones. It takes the first MAC that is certain, else the first that may be one and is not unlikely: it is
// for those who get nothing in any case.
func ReadName(uri string) Name { return ReadNameOf(uri, nil) }

// FindMAC finds the MAC that a name carries for certain, see ReadName. canonical is the name with the MAC as String writes it.
func FindMAC(name string) (m MAC, canonical string, ok bool) {
	n, grade := nameReader{uri: name}.read()
	if grade != certain {
		return MAC{}, "", false
	}
	return n.MAC, n.Canonical(), true
}

// Canonical is the name with the MAC in it as MAC.String writes it.
func (n Name) Canonical() string {
	if n.MAC == (MAC{}) {
		return n.URI
	}
	return n.URI[:n.from] + n.MAC.String() + n.URI[n.to:]
}

// InBase tells whether the MAC stands in the last part of the path.
func (n Name) InBase() bool { return n.MAC != (MAC{}) && n.from > strings.LastIndexByte(n.URI, '/') }

// MaxName bounds in bytes the names that are searched for a MAC: no vendor's file name comes near, and the search is for
// every request that is not exact.
const MaxName = 256

// macPrefixes are the letters that vendors write in front of a MAC, in any case: Grandstream and Htek, Panasonic, Cisco's SPA,
// its enterprise phones with their trust lists and SIP firmware, its ATAs, and dev as some DECT bases have it.
var macPrefixes = [...]string{"cfg", "config", "spa", "sep", "ctlsep", "itlsep", "sip", "ata", "dev"}

// OUIs are the OUIs of the phones that are served.
type OUIs map[[3]byte]struct{}

func (v OUIs) serve(m MAC) bool {
	_, ok := v[[3]byte(m[:3])]
	return ok
}

// grade is how much speaks for a MAC.
type grade uint8

const (
	noMAC    grade = iota
	unlikely       // all decimal, or its first four bytes are zero
	possible
	certain
)

// ReadNameOf reads a name; served is nil where no phones are known.
func ReadNameOf(uri string, served OUIs) Name {
	n, grade := nameReader{uri: uri, served: served}.read()
	switch {
	case grade == certain, grade != noMAC && served.serve(n.MAC), grade == possible && served == nil:
		return n
	}
	return Name{URI: uri}
}

// nameReader reads one name.
type nameReader struct {
	uri    string
	served OUIs
}

// read finds the first MAC whose vendor is served, else the best of the others, of equal ones the first.
func (r nameReader) read() (best Name, bestGrade grade) {
	best = Name{URI: r.uri}
	if len(r.uri) > MaxName {
		return best, noMAC
	}
	base := strings.LastIndexByte(r.uri, '/') + 1
	for _, part := range [...][2]int{{base, len(r.uri)}, {0, base}} {
		for at := part[0]; at < part[1]; {
			if !isWord(r.uri[at]) {
				at++
				continue
			}
			letters := at
			for letters < part[1] && isLetter(r.uri[letters]) {
				letters++
			}
			for from := at; from <= letters && from < part[1]; from++ {
				n, g := r.at(at, from)
				if g != noMAC && r.served.serve(n.MAC) {
					return n, g
				}
				if g > bestGrade {
					best, bestGrade = n, g
				}
			}
			for at = letters; at < part[1] && isWord(r.uri[at]); at++ {
			}
		}
	}
	return best, bestGrade
}

// at reads the MAC that begins at from, in the word that begins at word with nothing but letters before from.
func (r nameReader) at(word, from int) (Name, grade) {
	mac, rest, ok := cutMAC(r.uri[from:])
	if !ok || mac == (MAC{}) {
		return Name{}, noMAC
	}
	to := len(r.uri) - len(rest)
	end := to
	for end < len(r.uri) && isLetter(r.uri[end]) {
		end++
	}
	size := groupSize(r.uri[from:to])
	switch {
	case end < len(r.uri) && isWord(r.uri[end]), r.inGrouping(word, from, to, end, size):
		return Name{}, noMAC
	case size == 0 && end > to: // it would take the c of .cfg
		return Name{}, noMAC
	}
	n := Name{r.uri, mac, from, to}
	switch {
	case [4]byte(mac[:4]) == [4]byte{}, allDecimal(r.uri[from:to]):
		return n, unlikely
	case end > to, from > word && !isPrefix(r.uri[word:from]), size < 2 || size == 3:
		return n, possible
	}
	return n, certain
}

// inGrouping tells whether the digits are a part of a longer grouping. size is that of their groups; 0: they differ.
func (r nameReader) inGrouping(word, from, to, end, size int) bool {
	before, after := 0, 0 // digits of the group that is joined to them there
	if from == word && from > 0 {
		before = hexBefore(r.uri, from-1)
	}
	if end == to && to < len(r.uri) {
		after = hexAfter(r.uri, to+1)
	}
	switch size {
	case 12: // the last group of a UUID: two or more of at least four digits come before it, each joined in the same way
		if before < 4 {
			return false
		}
		second := from - 1 - before - 1
		return second >= 0 && r.uri[second] == r.uri[from-1] && hexBefore(r.uri, second) >= 4
	case 0:
		return before > 0 && isSeparator(r.uri[from-1]) || after > 0 && isSeparator(r.uri[to])
	}
	separator, longest := r.uri[from+size], size
	if size >= 4 { // as in the middle of a UUID
		longest = MaxName
	}
	return size <= before && before <= longest && r.uri[from-1] == separator ||
		size <= after && after <= longest && r.uri[to] == separator
}

// hexBefore is the length of the word that ends at end, if it is all hexadecimal digits; else 0.
func hexBefore(s string, end int) int {
	at := end
	for at > 0 && isWord(s[at-1]) {
		at--
		if _, ok := hexDigit(s[at]); !ok {
			return 0
		}
	}
	return end - at
}

// hexAfter is the length of the word that begins at from, if it is all hexadecimal digits; else 0.
func hexAfter(s string, from int) int {
	at := from
	for ; at < len(s) && isWord(s[at]); at++ {
		if _, ok := hexDigit(s[at]); !ok {
			return 0
		}
	}
	return at - from
}

// groupSize is how many digits each group of a MAC has, where that is the same for all and so is what stands between them;
// else 0.
func groupSize(text string) int {
	size := 0
	for size < len(text) && !isSeparator(text[size]) {
		size++
	}
	if 12%size != 0 || len(text) != 12+12/size-1 {
		return 0
	}
	for i := size; i < len(text); i += size + 1 {
		if text[i] != text[size] {
			return 0
		}
	}
	return size
}

func isPrefix(letters string) bool {
	return slices.ContainsFunc(macPrefixes[:], func(p string) bool { return strings.EqualFold(p, letters) })
}

func allDecimal(text string) bool {
	for i := range len(text) {
		if isLetter(text[i]) {
			return false
		}
	}
	return true
}

func isSeparator(c byte) bool { return c == ':' || c == '-' || c == '.' || c == ' ' }

// isLetter takes every byte beyond ASCII for a part of a letter.
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80 }

func isWord(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

// AppendRespelt appends the name with the MAC as String writes it, wherever and however it is spelt in it.
func AppendRespelt(dst []byte, uri string, mac MAC) []byte {
	for at := 0; at < len(uri); {
		if m, rest, ok := cutMAC(uri[at:]); ok && m == mac {
			dst = mac.AppendTo(dst)
			at = len(uri) - len(rest)
			continue
		}
		dst = append(dst, uri[at])
		at++
	}
	return dst
}

// IsRespelt tells whether appendRespelt changes nothing. Nearly all names have their phone's MAC once, as String writes it, or
// not at all: that is found out without reading each byte as a MAC.
func IsRespelt(uri, id string, mac MAC) bool {
	at := strings.Index(uri, id)
	if at < 0 {
		return hexDigits(uri) < len(id) || string(AppendRespelt(nil, uri, mac)) == uri
	}
	return hexDigits(uri[:at]) == 0 && hexDigits(uri[at+len(id):]) < len(id) || string(AppendRespelt(nil, uri, mac)) == uri
}

func hexDigits(s string) (n int) {
	for i := range len(s) {
		if _, ok := hexDigit(s[i]); ok {
			n++
		}
	}
	return n
}
