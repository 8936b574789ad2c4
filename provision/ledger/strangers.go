package ledger

import (
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// statusTooMany is the answer to a source that requested too many MACs. Its further requests are not recorded.
const statusTooMany = 429

// strangers are the MACs that were requested and belong to no phone.
type strangers struct {
	byMAC map[device.MAC]*Stranger
}

func newStrangers() strangers { return strangers{byMAC: map[device.MAC]*Stranger{}} }

// strange records a request for a MAC that belongs to no phone.
func (l *Ledger) strange(a *Answer) {
	at := a.At.UTC()
	s := l.strangers.byMAC[a.MAC]
	if s == nil {
		if a.Status == statusTooMany {
			return
		}
		if len(l.strangers.byMAC) >= maxStrangers {
			l.leave(l.strangers.oldest())
		}
		s = &Stranger{MAC: a.MAC.String(), First: at}
		l.strangers.byMAC[a.MAC] = s
	}
	s.Last, s.Reason, s.Address = at, a.Reason, ""
	s.Count++
	if a.Addr.IsValid() {
		s.Address = a.Addr.String()
	}
	s.UserAgent, s.File = strings.Clone(clip(a.Asked.UserAgent)), strings.Clone(clip(a.File))
	from := device.ParseUserAgent(a.Asked.UserAgent)
	s.Vendor, s.Model = from.Vendor, from.Model
	if s.Vendor == "" {
		s.Vendor = device.VendorOfMAC(a.MAC)
	}
	l.unsaved.stranger(s.MAC)
}

// leave removes a stranger. The MAC belongs to a phone now, or a new stranger takes its place.
func (l *Ledger) leave(mac device.MAC) {
	if s := l.strangers.byMAC[mac]; s != nil {
		delete(l.strangers.byMAC, mac)
		l.unsaved.left = append(l.unsaved.left, s.MAC)
		delete(l.unsaved.strangers, s.MAC)
	}
}

func (u *unsaved) stranger(mac string) {
	if u.strangers == nil {
		u.strangers = map[string]bool{}
	}
	u.strangers[mac] = true
}

// oldest returns the stranger whose last request is the oldest.
func (s *strangers) oldest() (oldest device.MAC) {
	var last *Stranger
	for mac, stranger := range s.byMAC {
		if last == nil || stranger.Last.Before(last.Last) {
			oldest, last = mac, stranger
		}
	}
	return oldest
}

// Strangers returns the MACs that were requested and belong to no phone. The one with the newest request comes first.
func (l *Ledger) Strangers() []Stranger {
	l.mu.RLock()
	defer l.mu.RUnlock()
	all := make([]Stranger, 0, len(l.strangers.byMAC))
	for _, s := range l.strangers.byMAC {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Stranger) int {
		if c := b.Last.Compare(a.Last); c != 0 {
			return c
		}
		return strings.Compare(a.MAC, b.MAC)
	})
	return all
}
