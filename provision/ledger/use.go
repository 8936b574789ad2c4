package ledger

import "slices"

// Use counts the phones with one profile and one vendor.
type Use struct {
	Profile string
	PBX     string // Phone.PBX
	Vendor  string // from the User-Agent; empty: not known
	Phones  int
}

// Uses counts the phones of the configuration by profile, Asterisk and vendor, in the order of the profiles' first phones.
func (l *Ledger) Uses() []Use {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.served == nil {
		return nil
	}
	var uses []Use
	known, last := devices{}, -1
	for _, of := range l.served.Phones() {
		vendor, pbx := "", l.pbxOf(of)
		if p := l.phones[of.ID]; p != nil {
			vendor = known.of(p).Vendor
		}
		is := func(u Use) bool { return u.Vendor == vendor && u.Profile == of.Profile.Name && u.PBX == pbx }
		if last < 0 || !is(uses[last]) { // neighbours are mostly alike
			if last = slices.IndexFunc(uses, is); last < 0 {
				last = len(uses)
				uses = append(uses, Use{Profile: of.Profile.Name, PBX: pbx, Vendor: vendor})
			}
		}
		uses[last].Phones++
	}
	return uses
}

// Registration says in one word what Asterisk sees of a phone. It is no part of the phone's state.
type Registration string

// What Asterisk sees of a phone.
const (
	RegistrationUnknown Registration = "unknown"     // Asterisk was not asked for its peers
	NotRegistered       Registration = "no"          // a line is not registered
	RegisteredBefore    Registration = "yes"         // all lines are registered; whether one registered after the last fetch is false or unknown
	RegisteredSince     Registration = "since_fetch" // all lines are registered, and one registered after the last fetch
)

// Registration returns what Asterisk sees of the phone. The page and the CLI show it, with the words of
// provision/words.
func (p Phone) Registration() Registration {
	switch since := p.Evidence.RegisteredSinceFetch; {
	case !p.PeersKnown:
		return RegistrationUnknown
	case !p.Evidence.Registered:
		return NotRegistered
	case since != nil && *since:
		return RegisteredSince
	}
	return RegisteredBefore
}
