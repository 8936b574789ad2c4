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

// phone is what is known of a phone. There are 100,000, so what many have in common is shared, and what few have is behind a
// pointer.
type phone struct {
	id            string
	files         []file // in the order in which it first asked for them
	print         uint64 // provision.Phone.Print in the snapshot that was looked at last
	secretPrint   uint64
	since         moment // of state
	secretChanged moment
	registeredAt  moment
	gone          moment // it is not in the configuration since; zero: it is
	contact       string // that its line registered with last
	told          *Notice
	refusal       *Refusal // the last one, whatever for
	mac           device.MAC
	state         rank
	counted       rank // in counts, and 1; 0: it is not counted
	starting      bool // state is of the run before: it is compared for the first time
	served        bool // it is in the configuration, as far as known
	dirty         bool // it is among the unsaved
	waits         lane // in which it waits to be compared
}

// moment is a time in milliseconds since 1970, in UTC; zero: none.
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

// shown is the time as it is shown; nil: none.
func (m moment) shown() *time.Time {
	if m == 0 {
		return nil
	}
	t := m.time()
	return &t
}

// tag is an entity tag; zero: none.
type tag [16]byte

// tagOf reads an entity tag as provision makes it. Another one is none.
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

// file is what is known of a phone's file that it asked for.
type file struct {
	name        unique.Handle[string] // without the phone's MAC, see nameOf
	facts       unique.Handle[facts]  // of the last request
	templates   *templates            // that wanted was made of; nil: none
	trouble     *trouble
	wanted      tag
	fetched     tag
	address     [16]byte // of the last request, as netip.Addr.As16
	print       uint64   // Basis.Phone that wanted was made of
	templatesAt uint64   // Basis.TemplatesPrint that wanted was made of
	status      uint16   // of the last request
	flags       flags
	state       rank
	until       moment // that wanted holds until; zero: no moment ends it
	since       moment // of state
	fetchedAt   moment
	requestedAt moment
	bytes       int64
}

// flags are what is known of a file.
type flags uint16

const (
	hasWanted     flags = 1 << iota // wanted is what the phone would get now
	otherPhones                     // it reads other phones
	unpredictable                   // it may be another one each time
	asked                           // Asterisk is asked for some of it
	compared                        // since the start
	hasAddress                      // address is one
	gone                            // the configuration has no such file any more
	inputsChanged                   // of an unpredictable one: what is known of it changed since the fetch
)

func (f *file) is(which flags) bool { return f.flags&which != 0 }

func (f *file) set(which flags, on bool) {
	if on {
		f.flags |= which
	} else {
		f.flags &^= which
	}
}

// facts are those of a request that a file is made with, and what else many phones have in common.
type facts struct {
	scheme, host, server, userAgent, tls string
}

// trouble is what few files have.
type trouble struct {
	refusal *Refusal // in a row, since the last fetch
	failure *Failure // in a row, since the last fetch
	cannot  string   // why wanted cannot be made; empty: it can
}

// nameMark stands for the phone's MAC in a name that many phones share.
const nameMark = "\x00"

// nameOf is the name of a file without its phone's MAC: one text for all phones of a profile.
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

// macDigits is how long an ID is that is a MAC.
const macDigits = 12

// isReplaced reports whether text is what replaceID made short of. It allocates nothing where the ID stands in it as it is.
func isReplaced(short, text, id string) bool {
	at := strings.Index(short, nameMark)
	if at < 0 || short[at+1] != '0' {
		return restoreID(short, id) == text
	}
	return len(text) == len(short)-2+len(id) && text[:at] == short[:at] && text[at:at+len(id)] == id && text[at+len(id):] == short[at+2:]
}

// restoreID is what replaceID was given.
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

// spellings are the ways in which names and User-Agents have a phone's MAC.
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

// userAgent is the last one that the phone sent with a file.
func (p *phone) userAgent() string { return restoreID(p.shortUserAgent(), p.id) }

// shortUserAgent is the same without the phone's MAC.
func (p *phone) shortUserAgent() (userAgent string) {
	var last moment
	for i := range p.files {
		if f := &p.files[i]; f.requestedAt >= last && f.facts != (unique.Handle[facts]{}) {
			last, userAgent = f.requestedAt, f.facts.Value().userAgent
		}
	}
	return userAgent
}

// lastFetch is the file that the phone got last; nil: it got none.
func (p *phone) lastFetch() (last *file) {
	for i := range p.files {
		if f := &p.files[i]; f.fetchedAt > 0 && (last == nil || f.fetchedAt > last.fetchedAt) {
			last = f
		}
	}
	return last
}

// find is the file of a URI; nil: the phone never asked for it.
func (p *phone) find(uri string) *file {
	for i := range p.files {
		if isReplaced(p.files[i].name.Value(), uri, p.id) {
			return &p.files[i]
		}
	}
	return nil
}

// named is the file of a name; nil: there is none.
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

// request is the one that wanted is made with.
func (l *Ledger) request(p *phone, f *file, now time.Time) provision.Request {
	k := f.facts.Value()
	return provision.Request{
		Server: k.server, Now: now, Scheme: k.scheme, Host: k.host, Prefix: l.o.Prefix, UserAgent: restoreID(k.userAgent, p.id),
	}
}

// clip bounds a text of a client's or an error.
func clip(s string) string {
	if len(s) > maxText {
		return s[:maxText] + "…"
	}
	return s
}
