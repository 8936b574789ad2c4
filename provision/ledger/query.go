package ledger

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Phones returns one page of the phones that a query selects. An error says what is wrong with the query.
func (l *Ledger) Phones(q Query) (Page, error) {
	if q.Limit == 0 {
		q.Limit = DefaultLimit
	}
	if q.Sort == "" {
		q.Sort = "id"
	}
	after, err := q.check()
	if err != nil {
		return Page{}, err
	}
	l.sortPhones()
	l.mu.RLock()
	defer l.mu.RUnlock()
	devices := devices{}
	found := l.selected(&q, devices)
	page := Page{Items: []Phone{}, Total: len(found), Counts: l.stateCounts()}
	if q.Sort != "id" || q.Desc {
		slices.SortFunc(found, q.compare) // no two rows are equal: their IDs differ
	}
	begin := 0
	if q.After != "" {
		begin, _ = slices.BinarySearchFunc(found, after, func(r, after row) int {
			if c := q.compare(r, after); c != 0 {
				return c
			}
			return -1 // the page begins after the cursor's row
		})
	}
	begin = min(begin+q.Skip, len(found))
	end := min(begin+q.Limit, len(found))
	for _, r := range found[begin:end] {
		page.Items = append(page.Items, l.shown(r.phone))
	}
	if end < len(found) {
		page.Next = found[end-1].cursor()
	}
	return page, nil
}

// row is a selected phone with its sort key.
type row struct {
	key   string
	id    string
	phone *phone
}

func (q *Query) compare(a, b row) int {
	c := cmp.Or(strings.Compare(a.key, b.key), strings.Compare(a.id, b.id))
	if q.Desc {
		return -c
	}
	return c
}

// cursor returns the value of Query.After for a row. The value has the sort key, so that it works after the phone is gone.
func (r row) cursor() string {
	return base64.RawURLEncoding.EncodeToString([]byte(r.key + "\x00" + r.id))
}

func (q *Query) check() (after row, err error) {
	for _, s := range q.States {
		if !s.Valid() {
			return after, fmt.Errorf("state %q is not one of: %s", s, stateNames())
		}
	}
	if !slices.Contains(Sorts(), q.Sort) {
		return after, fmt.Errorf("sort %q is not one of: %s", q.Sort, strings.Join(Sorts(), ", "))
	}
	if q.Limit < 1 || q.Limit > MaxLimit {
		return after, fmt.Errorf("limit %d is not from 1 to %d", q.Limit, MaxLimit)
	}
	if q.Skip < 0 || q.Skip > MaxSkip {
		return after, fmt.Errorf("%d phones are not skipped: want 0 to %d", q.Skip, MaxSkip)
	}
	text, err := base64.RawURLEncoding.DecodeString(q.After)
	if err != nil || q.After != "" && !strings.Contains(string(text), "\x00") {
		return after, fmt.Errorf("cursor %q is none of this list: begin with the first page", clip(q.After))
	}
	at := strings.LastIndex(string(text), "\x00")
	if at >= 0 {
		after = row{key: string(text[:at]), id: string(text[at+1:])}
	}
	return after, nil
}

func stateNames() string {
	var names []string
	for _, d := range definitions {
		names = append(names, string(d.State))
	}
	return strings.Join(names, ", ")
}

// sortPhones sorts order.
func (l *Ledger) sortPhones() {
	l.mu.RLock()
	unordered := l.unordered
	l.mu.RUnlock()
	if !unordered {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sort()
}

func (l *Ledger) sort() {
	if l.unordered {
		slices.SortFunc(l.order, func(a, b *phone) int { return strings.Compare(a.id, b.id) })
		l.unordered = false
	}
}

// selected returns the phones that a query selects, sorted by ID.
func (l *Ledger) selected(q *Query, known devices) []row {
	var which [len(definitions)]bool
	for _, s := range q.States {
		which[rankOf(s)] = true
	}
	search := newSearch(q.Text)
	var found []row
	if len(q.States) == 0 && search.text == "" { // most phones match: growing the slice would take as long as the search
		found = make([]row, 0, len(l.order))
	}
	for _, p := range l.order {
		if p.counted == 0 || len(q.States) > 0 && !which[p.counted-1] {
			continue
		}
		var of *provision.Phone
		if l.served != nil && (q.Profile != "" || q.PBX != "" || search.text != "" || q.Sort == "name" || q.Sort == "profile") {
			of = l.served.Phone(p.id)
		}
		if q.Profile != "" && (of == nil || of.Profile.Name != q.Profile) || q.PBX != "" && (of == nil || of.PBX() != q.PBX) ||
			q.Vendor != "" && !strings.EqualFold(known.of(p).Vendor, q.Vendor) || search.text != "" && !search.finds(p, of) {
			continue
		}
		found = append(found, row{q.key(p, of, known), p.id, p})
	}
	return found
}

// devices caches devices by the User-Agent without the MAC.
type devices map[string]device.Device

func (d devices) of(p *phone) device.Device {
	short := p.shortUserAgent()
	known, ok := d[short]
	if !ok {
		known = device.ParseUserAgent(restoreID(short, p.id))
		d[short] = known
	}
	return known
}

// key returns a phone's sort key.
func (q *Query) key(p *phone, of *provision.Phone, known devices) string {
	switch q.Sort {
	case "state":
		return string(rune('a' + p.counted))
	case "since":
		return fmt.Sprintf("%020d", p.since)
	case "name":
		if of != nil {
			return strings.ToLower(of.Name())
		}
	case "profile":
		if of != nil {
			return of.Profile.Name
		}
	case "vendor":
		return known.of(p).Vendor
	case "model":
		d := known.of(p)
		return d.Vendor + " " + d.Model
	case "address":
		if last := p.lastFetch(); last != nil && last.is(hasAddress) {
			return string(last.address[:])
		}
	case "last_fetch":
		if last := p.lastFetch(); last != nil {
			return fmt.Sprintf("%020d", last.fetchedAt)
		}
	}
	return ""
}

// search is a text to search for in phones.
type search struct {
	text string // in lower case
	hex  string // hexadecimal digits of the text; empty: the text is no part of a MAC

	address bool // the text may be a part of an address
}

func newSearch(text string) search {
	s := search{text: strings.ToLower(strings.TrimSpace(text))}
	hex := strings.NewReplacer(":", "", "-", "", ".", "", " ", "").Replace(s.text)
	if strings.Trim(hex, "0123456789abcdef") == "" {
		s.hex, s.address = hex, true
	}
	return s
}

func (s search) finds(p *phone, of *provision.Phone) bool {
	if s.hex != "" && strings.Contains(p.id, s.hex) || containsFold(p.id, s.text) {
		return true
	}
	if last := p.lastFetch(); last != nil && s.address && strings.Contains(last.addressText(), s.text) {
		return true
	}
	if of == nil {
		return false
	}
	for _, l := range of.Lines {
		if containsFold(l.Username(), s.text) || containsFold(l.DisplayName(), s.text) || containsFold(l.Endpoint(), s.text) {
			return true
		}
	}
	return false
}

// containsFold reports whether text contains part, in any case. part is in lower case. It does not allocate if both are
// ASCII.
func containsFold(text, part string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return strings.Contains(strings.ToLower(text), part)
		}
	}
	for i := 0; i+len(part) <= len(text); i++ {
		j := 0
		for j < len(part) && lower(text[i+j]) == part[j] {
			j++
		}
		if j == len(part) {
			return true
		}
	}
	return false
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}

// NotWell returns at most limit phones that are neither up to date nor never fetched, the worst first.
func (l *Ledger) NotWell(limit int) []Phone {
	page, err := l.Phones(Query{States: NotWell(), Sort: "state", Limit: min(max(limit, 1), MaxLimit)})
	if err != nil {
		return nil // cannot happen: the query is valid
	}
	return page.Items
}
