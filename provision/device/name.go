package device

import (
	"slices"
	"strings"
)

// Name is the name of a file that a phone asks for, and the MAC that was found in it.
type Name struct {
	URI      string // without the prefix and the slash after it
	MAC      MAC    // zero: no MAC was found
	from, to int    // the MAC is URI[from:to]
}

// ReadName reads a name without knowing which phones are served. These are the rules for MACs in names, also for
// Snapshot.Find, which knows the phones.
//
// A route says whose file it is, so its name needs no reading. In every other name at most one MAC counts. It is
// searched in the last part of the path first, then in the directories, from left to right.
//
// A name certainly has a MAC if 12 hexadecimal digits stand alone: plain, or in equal groups of 2, 4 or 6 with the same
// separator (":", "-", "." or a blank). No letter or digit touches them, they are not all decimal, and they are not a
// part of a longer grouping (an EUI-64, an IPv6 address, a UUID). The prefixes that vendors use (macPrefixes) may stand
// before them. A prefix may end with hexadecimal letters, as in spa0004f2000001.cfg; the list tells where it ends.
//
// A name possibly has a MAC if letters touch the digits, as in 0004f2000001directory.txt, or if the groups differ, as
// in 00-04f2-000001. A MAC of decimal digits only is unlikely, as in a date or in 3111-48822-001. Such a MAC counts if
// it has the vendor's half (the OUI) of a phone that is served. This does not reveal which phones exist: a MAC that is
// served and its neighbour are read alike. If another digit touches the 12, or they are a part of a longer grouping,
// there is no MAC.
//
// ReadName takes the first MAC that is certain, else the first that is possible. Its callers use it for requests that
// get nothing in any case.
func ReadName(uri string) Name { return ReadNameOf(uri, nil) }

// FindMAC finds the MAC that a name carries for certain, see ReadName. canonical is the name with the MAC in the form
// of MAC.String.
func FindMAC(name string) (m MAC, canonical string, ok bool) {
	n, grade := nameReader{uri: name}.read()
	if grade != certain {
		return MAC{}, "", false
	}
	return n.MAC, n.Canonical(), true
}

// Canonical returns the name with the MAC in the form of MAC.String.
func (n Name) Canonical() string {
	if n.MAC == (MAC{}) {
		return n.URI
	}
	return n.URI[:n.from] + n.MAC.String() + n.URI[n.to:]
}

// InBase reports whether the MAC stands in the last part of the path.
func (n Name) InBase() bool { return n.MAC != (MAC{}) && n.from > strings.LastIndexByte(n.URI, '/') }

// MaxName bounds in bytes the names that are searched for a MAC. No vendor's file name is nearly as long, and the
// search runs for every request whose name is no route.
const MaxName = 256

// macPrefixes are the letters that vendors write before a MAC, in any case: Grandstream and Htek, Panasonic, Cisco's
// SPA, its enterprise phones with their trust lists and SIP firmware, its ATAs, and dev for some DECT bases.
var macPrefixes = [...]string{"cfg", "config", "spa", "sep", "ctlsep", "itlsep", "sip", "ata", "dev"}

// OUIs are the vendor halves of the MACs of the phones that are served.
type OUIs map[[3]byte]struct{}

func (v OUIs) serve(m MAC) bool {
	_, ok := v[[3]byte(m[:3])]
	return ok
}

// grade says how likely it is that digits are a MAC.
type grade uint8

const (
	noMAC    grade = iota
	unlikely       // all digits are decimal, or the first four bytes are zero
	possible
	certain
)

// ReadNameOf reads a name. served are the vendors of the phones that are served; nil: the phones are not known.
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

// read returns the first MAC whose vendor is served. If there is none, it returns the MAC of the highest grade, and of
// equal grades the first.
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

// at reads the MAC that begins at from. The word around it begins at word and has only letters before from.
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
	case size == 0 && end > to: // the last digit would be the c of .cfg
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

// inGrouping reports whether the digits are a part of a longer grouping. size is the size of their groups; 0: the
// groups differ.
func (r nameReader) inGrouping(word, from, to, end, size int) bool {
	before, after := 0, 0 // the number of hexadecimal digits in the group directly before and after
	if from == word && from > 0 {
		before = hexBefore(r.uri, from-1)
	}
	if end == to && to < len(r.uri) {
		after = hexAfter(r.uri, to+1)
	}
	switch size {
	case 12: // it would be the last group of a UUID: at least two groups of four or more digits stand before it, with the same separator
		if before < 4 {
			return false
		}
		second := from - 1 - before - 1
		return second >= 0 && r.uri[second] == r.uri[from-1] && hexBefore(r.uri, second) >= 4
	case 0:
		return before > 0 && isSeparator(r.uri[from-1]) || after > 0 && isSeparator(r.uri[to])
	}
	separator, longest := r.uri[from+size], size
	if size >= 4 { // it may stand in the middle of a UUID
		longest = MaxName
	}
	return size <= before && before <= longest && r.uri[from-1] == separator ||
		size <= after && after <= longest && r.uri[to] == separator
}

// hexBefore is the length of the word that ends at end, if it has only hexadecimal digits; else 0.
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

// hexAfter is the length of the word that begins at from, if it has only hexadecimal digits; else 0.
func hexAfter(s string, from int) int {
	at := from
	for ; at < len(s) && isWord(s[at]); at++ {
		if _, ok := hexDigit(s[at]); !ok {
			return 0
		}
	}
	return at - from
}

// groupSize is the number of digits in each group of a MAC. It is 0 if the groups or the separators differ.
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

// isLetter reports whether c is a letter. Every byte beyond ASCII counts as a part of one.
func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80 }

func isWord(c byte) bool { return isLetter(c) || '0' <= c && c <= '9' }

// AppendRespelt appends the name with each spelling of the MAC in it replaced by the form of MAC.String.
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

// IsRespelt reports whether AppendRespelt would change nothing. Nearly all names have their phone's MAC once in the
// form of MAC.String, or not at all. IsRespelt answers for those without reading each byte as a MAC.
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
