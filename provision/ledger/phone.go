package ledger

import (
	"encoding/hex"
	"net/netip"
	"strings"
	"time"
	"unique"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// phone is the record of one phone. There may be 100,000, so phones share common values, and rare values are behind a
// pointer.
type phone struct {
	id            string
	files         []file // in the order of the phone's first requests
	print         uint64 // provision.Phone.Print in the snapshot that look saw last
	secretPrint   uint64
	since         moment // when state began
	secretChanged moment
	registeredAt  moment
	gone          moment // when it left the configuration; zero: it is there
	contacts      string // the endpoints that are registered, and their contacts; see contact
	told          *Notice
	refusal       *Refusal // the last refusal, whether it counts or not
	mac           device.MAC
	state         rank
	counted       rank // rank in counts, plus 1; 0: not counted
	starting      bool // state is from the last run, and some files are not compared yet
	served        bool // the configuration has it
	dirty         bool // unsaved has it
	waits         lane // the lane in which it waits
}

// moment is a time in milliseconds since 1970, in UTC. Zero means none.
type moment int64

func momentOf(t time.Time) moment {
	if t.IsZero() {
		return 0
	}
	return moment(t.UnixMilli())
}

func (m moment) time() time.Time {
	if m == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(m)).UTC()
}

// shown returns the time for display, or nil if there is none.
func (m moment) shown() *time.Time {
	if m == 0 {
		return nil
	}
	t := m.time()
	return &t
}

// tag is an entity tag. Zero means none.
type tag [16]byte

// tagOf parses an entity tag that provision computed. It returns zero for any other text.
func tagOf(etag string) (t tag) {
	if len(etag) == 2*len(t)+2 {
		if _, err := hex.Decode(t[:], []byte(etag[1:len(etag)-1])); err != nil {
			return tag{}
		}
	}
	return t
}

func (t tag) String() string {
	if t == (tag{}) {
		return ""
	}
	return `"` + hex.EncodeToString(t[:]) + `"`
}

// file is the record of a file that a phone asked for.
type file struct {
	name        unique.Handle[string] // without the phone's MAC, see nameOf
	facts       unique.Handle[facts]  // of the last request
	templates   *templates            // wanted was rendered from them; nil: none
	trouble     *trouble
	wanted      tag
	fetched     tag
	address     [16]byte // of the last request, in the form of netip.Addr.As16
	print       uint64   // Basis.Phone of wanted
	templatesAt uint64   // Basis.TemplatesPrint of wanted
	status      uint16   // of the last request
	flags       flags
	state       rank
	until       moment // Basis.Until of wanted; zero: none
	since       moment // when state began
	fetchedAt   moment
	requestedAt moment
	bytes       int64
}

// flags are yes-or-no facts about a file.
type flags uint16

const (
	hasWanted     flags = 1 << iota // wanted is what the phone would get now
	otherPhones                     // the file reads other phones
	unpredictable                   // each rendering may differ
	asked                           // rendering asks Asterisk
	compared                        // compared since the start
	hasAddress                      // address is set
	gone                            // the configuration has no such file any more
	textDone                        // the text of fetched is kept, or cannot be kept
	inputsChanged                   // for an unpredictable file: its known inputs changed since the fetch
)

func (f *file) is(which flags) bool { return f.flags&which != 0 }

func (f *file) set(which flags, on bool) {
	if on {
		f.flags |= which
	} else {
		f.flags &^= which
	}
}

// facts are the values of a request that the Renderer uses, and other values that many phones share.
type facts struct {
	scheme, host, server, userAgent, tls, over string
}

// trouble holds values that few files have.
type trouble struct {
	refusal *Refusal // refusals in a row since the last fetch
	failure *Failure // failures in a row since the last fetch
	cannot  string   // why wanted cannot be computed; empty: it can
}

// nameMark stands for the phone's MAC in a name, so that many phones share the name.
const nameMark = "\x00"

// nameOf returns a file's name without its phone's MAC. So all phones of a profile share the text.
func nameOf(uri, id string) unique.Handle[string] {
	return unique.Make(replaceID(uri, id))
}

func replaceID(text, id string) string {
	if at := strings.Index(text, id); at >= 0 && id != "" {
		return text[:at] + nameMark + "0" + text[at+len(id):]
	}
	if len(id) != macDigits || strings.IndexByte(text, id[len(id)-1]|0x20) < 0 && strings.IndexByte(text, id[len(id)-1]&^0x20) < 0 {
		return text
	}
	for i, spelt := range spellings(id) {
		if at := strings.Index(text, spelt); at >= 0 {
			return text[:at] + nameMark + string(rune('0'+i)) + text[at+len(spelt):]
		}
	}
	return text
}

// macDigits is the length of an ID that is a MAC.
const macDigits = 12

// isReplaced reports whether short is replaceID(text, id). It does not allocate if text spells the ID as it is.
func isReplaced(short, text, id string) bool {
	at := strings.Index(short, nameMark)
	if at < 0 || short[at+1] != '0' {
		return restoreID(short, id) == text
	}
	return len(text) == len(short)-2+len(id) && text[:at] == short[:at] && text[at:at+len(id)] == id && text[at+len(id):] == short[at+2:]
}

// restoreID reverts replaceID.
func restoreID(text, id string) string {
	at := strings.Index(text, nameMark)
	if at < 0 || at+1 >= len(text) {
		return text
	}
	i := int(text[at+1]) - '0'
	if s := spellings(id); i >= 0 && i < len(s) {
		return text[:at] + s[i] + text[at+2:]
	}
	return text
}

// spellings returns the spellings of a phone's MAC in names and User-Agents.
func spellings(id string) [4]string {
	upper := strings.ToUpper(id)
	return [...]string{id, upper, separated(id), separated(upper)}
}

func separated(digits string) string {
	var b strings.Builder
	for i := 0; i+1 < len(digits); i += 2 {
		if i > 0 {
			b.WriteByte(':')
		}
		b.WriteString(digits[i : i+2])
	}
	return b.String()
}

func (p *phone) fileName(f *file) string { return restoreID(f.name.Value(), p.id) }

// userAgent returns the User-Agent of the phone's last request for a file.
func (p *phone) userAgent() string { return restoreID(p.shortUserAgent(), p.id) }

// shortUserAgent returns userAgent without the phone's MAC.
func (p *phone) shortUserAgent() (userAgent string) {
	var last moment
	for i := range p.files {
		if f := &p.files[i]; f.requestedAt >= last && f.facts != (unique.Handle[facts]{}) {
			last, userAgent = f.requestedAt, f.facts.Value().userAgent
		}
	}
	return userAgent
}

// lastFetch returns the file that the phone fetched last, or nil if it fetched none.
func (p *phone) lastFetch() (last *file) {
	for i := range p.files {
		if f := &p.files[i]; f.fetchedAt > 0 && (last == nil || f.fetchedAt > last.fetchedAt) {
			last = f
		}
	}
	return last
}

// addFile adds a file and returns it. It leaves no room for more, because files are rarely added and a phone has few.
func (p *phone) addFile(f file) *file {
	files := make([]file, len(p.files)+1)
	copy(files, p.files)
	files[len(p.files)] = f
	p.files = files
	return &files[len(files)-1]
}

// find returns the file of a URI, or nil if the phone never asked for it.
func (p *phone) find(uri string) *file {
	for i := range p.files {
		if isReplaced(p.files[i].name.Value(), uri, p.id) {
			return &p.files[i]
		}
	}
	return nil
}

// named returns the file of a name, or nil if there is none.
func (p *phone) named(name unique.Handle[string]) *file {
	for i := range p.files {
		if p.files[i].name == name {
			return &p.files[i]
		}
	}
	return nil
}

func (f *file) addr() netip.Addr {
	if !f.is(hasAddress) {
		return netip.Addr{}
	}
	return netip.AddrFrom16(f.address).Unmap()
}

func (f *file) addressText() string {
	if a := f.addr(); a.IsValid() {
		return a.String()
	}
	return ""
}

func (f *file) setAddress(a netip.Addr) {
	f.set(hasAddress, a.IsValid())
	if a.IsValid() {
		f.address = a.As16()
	}
}

// request returns the request for which compare computes wanted.
func (l *Ledger) request(p *phone, f *file, now time.Time) provision.Request {
	k := f.facts.Value()
	return provision.Request{
		Server: k.server, Now: now, Scheme: k.scheme, Host: k.host, Prefix: l.o.Prefix, UserAgent: restoreID(k.userAgent, p.id),
	}
}

// clip bounds the length of a client's text or an error.
func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "…"
	}
	return s
}
