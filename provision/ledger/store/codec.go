package store

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// errShort means that a value is truncated or malformed.
var errShort = errors.New("a record is damaged")

// encoder appends values. Its methods never fail.
type encoder struct{ b []byte }

func (e *encoder) number(n uint64) { e.b = binary.AppendUvarint(e.b, n) }
func (e *encoder) signed(n int64)  { e.b = binary.AppendVarint(e.b, n) }

func (e *encoder) text(s string) {
	e.number(uint64(len(s)))
	e.b = append(e.b, s...)
}

// time writes milliseconds. Zero stands for the zero time.
func (e *encoder) time(t time.Time) {
	if t.IsZero() {
		e.signed(0)
		return
	}
	e.signed(t.UnixMilli())
}

// tag writes an entity tag. A tag that provision computed takes half of its text's length.
func (e *encoder) tag(etag string) {
	if n := len(etag); n >= 2 && etag[0] == '"' && etag[n-1] == '"' {
		if raw, err := hex.DecodeString(etag[1 : n-1]); err == nil && `"`+hex.EncodeToString(raw)+`"` == etag {
			e.number(uint64(len(raw)) << 1)
			e.b = append(e.b, raw...)
			return
		}
	}
	e.number(uint64(len(etag))<<1 | 1)
	e.b = append(e.b, etag...)
}

// rare writes a value that few records have.
func (e *encoder) rare(v any, is bool) {
	if !is {
		e.number(0)
		return
	}
	text, _ := json.Marshal(v) // cannot fail: plain structs
	e.text(string(text))
}

func (e *encoder) state(s ledger.State) {
	e.number(uint64(slices.IndexFunc(wireStates[:], func(w ledger.State) bool { return w == s }) + 1))
}

// wireStates are the states by their numbers in the file. A new state is appended: an older phoneprov reads it as Unknown.
var wireStates = [...]ledger.State{ledger.NeverFetched, ledger.UpToDate, ledger.ChangeWaiting, ledger.Told, ledger.NoReaction, ledger.Refused,
	ledger.Failing, ledger.Unknown}

// decoder reads what an encoder wrote. After the first error every value is zero.
type decoder struct {
	b   []byte
	err error
}

func (d *decoder) fail() {
	d.b, d.err = nil, errShort
}

func (d *decoder) number() uint64 {
	n, size := binary.Uvarint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) signed() int64 {
	n, size := binary.Varint(d.b)
	if size <= 0 {
		d.fail()
		return 0
	}
	d.b = d.b[size:]
	return n
}

func (d *decoder) bytes(n uint64) string {
	if n > uint64(len(d.b)) {
		d.fail()
		return ""
	}
	s := string(d.b[:n])
	d.b = d.b[n:]
	return s
}

func (d *decoder) text() string { return d.bytes(d.number()) }

func (d *decoder) time() time.Time {
	ms := d.signed()
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func (d *decoder) tag() string {
	n := d.number()
	s := d.bytes(n >> 1)
	if n&1 == 0 && s != "" {
		return `"` + hex.EncodeToString([]byte(s)) + `"`
	}
	return s
}

func rare[T any](d *decoder) *T {
	text := d.text()
	if text == "" {
		return nil
	}
	v := new(T)
	if json.Unmarshal([]byte(text), v) != nil {
		d.fail()
		return nil
	}
	return v
}

func (d *decoder) state() ledger.State {
	n := d.number()
	if n == 0 || n > uint64(len(wireStates)) {
		return ledger.Unknown // none, or one of a newer phoneprov
	}
	return wireStates[n-1]
}

// count reads the number of values that follow. Each takes at least one byte, so a larger number is an error.
func (d *decoder) count() int {
	n := d.number()
	if n > uint64(len(d.b)) {
		d.fail()
		return 0
	}
	return int(n)
}

// client holds the facts that the files of one phone share.
type client struct{ address, tls, scheme, host, server, userAgent string }

func clientOf(f *ledger.FileRecord) client {
	return client{f.Address, f.TLS, f.Scheme, f.Host, f.Server, f.UserAgent}
}

func encodeRecord(r *ledger.Record) []byte {
	var e encoder
	e.state(r.State)
	for _, t := range []time.Time{r.Since, r.Gone, r.SecretChanged, r.RegisteredAt} {
		e.time(t)
	}
	e.text(r.Contact)
	e.rare(r.Told, r.Told != nil)
	e.rare(r.Refusal, r.Refusal != nil)
	var clients []client
	for i := range r.Files {
		if c := clientOf(&r.Files[i]); !slices.Contains(clients, c) {
			clients = append(clients, c)
		}
	}
	e.number(uint64(len(clients)))
	for _, c := range clients {
		for _, s := range []string{c.address, c.tls, c.scheme, c.host, c.server, c.userAgent} {
			e.text(s)
		}
	}
	e.number(uint64(len(r.Files)))
	for i := range r.Files {
		f := &r.Files[i]
		e.text(f.Name)
		e.state(f.State)
		e.tag(f.Fetched)
		for _, t := range []time.Time{f.Since, f.FetchedAt, f.RequestedAt} {
			e.time(t)
		}
		e.number(uint64(f.Status))
		e.signed(f.Bytes)
		e.number(uint64(slices.Index(clients, clientOf(f))))
		e.rare(f.Refusal, f.Refusal != nil)
		e.rare(f.Failure, f.Failure != nil)
	}
	return e.b
}

func decodeRecord(id string, b []byte) (ledger.Record, error) {
	d := decoder{b: b}
	r := ledger.Record{ID: id, State: d.state()}
	for _, t := range []*time.Time{&r.Since, &r.Gone, &r.SecretChanged, &r.RegisteredAt} {
		*t = d.time()
	}
	r.Contact = d.text()
	r.Told, r.Refusal = rare[ledger.Notice](&d), rare[ledger.Refusal](&d)
	clients := make([]client, d.count())
	for i := range clients {
		c := &clients[i]
		for _, s := range []*string{&c.address, &c.tls, &c.scheme, &c.host, &c.server, &c.userAgent} {
			*s = d.text()
		}
	}
	r.Files = make([]ledger.FileRecord, d.count())
	for i := range r.Files {
		f := &r.Files[i]
		f.Name, f.State, f.Fetched = d.text(), d.state(), d.tag()
		for _, t := range []*time.Time{&f.Since, &f.FetchedAt, &f.RequestedAt} {
			*t = d.time()
		}
		f.Status, f.Bytes = int(d.number()), d.signed()
		if n := d.number(); n < uint64(len(clients)) {
			c := clients[n]
			f.Address, f.TLS, f.Scheme, f.Host, f.Server, f.UserAgent = c.address, c.tls, c.scheme, c.host, c.server, c.userAgent
		} else {
			d.fail()
		}
		f.Refusal, f.Failure = rare[ledger.Refusal](&d), rare[ledger.Failure](&d)
	}
	return r, d.err
}

func encodeEvent(ev *ledger.Event) []byte {
	var e encoder
	e.time(ev.At)
	e.number(uint64(slices.Index(kinds, ev.Kind) + 1))
	e.text(ev.File)
	e.tag(ev.ETag)
	e.state(ev.From)
	e.state(ev.To)
	e.text(ev.Address)
	e.text(ev.Detail)
	return e.b
}

// kinds are the kinds of events by their numbers in the file. A new kind is appended: an older phoneprov skips its events.
var kinds = ledger.EventKinds()

// errNewKind means that a newer phoneprov wrote an event of a kind that is not known here.
var errNewKind = errors.New("an event is of a kind that a newer phoneprov has")

func decodeEvent(phone string, b []byte) (ledger.Event, error) {
	d := decoder{b: b}
	ev := ledger.Event{Phone: phone, At: d.time()}
	switch n := d.number(); {
	case n > uint64(len(kinds)):
		return ev, cmp.Or(d.err, errNewKind)
	case n == 0:
		d.fail()
	default:
		ev.Kind = kinds[n-1]
	}
	ev.File, ev.ETag = d.text(), d.tag()
	from, to := d.state(), d.state()
	if ev.Kind == ledger.StateEvent {
		ev.From, ev.To = from, to
	}
	ev.Address, ev.Detail = d.text(), d.text()
	return ev, d.err
}
