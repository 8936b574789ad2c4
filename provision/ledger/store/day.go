package store

import "github.com/phoneprov/phoneprov/provision/ledger"

// encodeDay returns the stored form of the last 24 hours: at most 2 kB.
func encodeDay(parts []ledger.DayPart) []byte {
	var e encoder
	e.number(uint64(len(parts)))
	for i := range parts {
		p := &parts[i]
		e.time(p.At)
		for _, n := range []int{p.Fetches, p.Refusals, p.Phones, p.UpToDate} {
			e.number(uint64(n))
		}
	}
	return e.b
}

func decodeDay(b []byte) ([]ledger.DayPart, error) {
	if len(b) == 0 {
		return nil, nil // the file is of a phoneprov that did not count
	}
	d := decoder{b: b}
	parts := make([]ledger.DayPart, d.count())
	for i := range parts {
		p := &parts[i]
		p.At = d.time()
		for _, n := range []*int{&p.Fetches, &p.Refusals, &p.Phones, &p.UpToDate} {
			*n = int(d.number())
		}
	}
	return parts, d.err
}
