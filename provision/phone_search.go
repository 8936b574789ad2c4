package provision

import (
	"iter"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// The variables of a line that name a phone. Names of the account come before names for people.
var (
	accountNames = []string{"USERNAME", "ENDPOINT_ID", "CALLERID"}
	displayNames = []string{"DISPLAY_NAME", "LABEL"}
)

// FindPhones returns the phones that somebody may mean: the one with that MAC in any spelling, else those with that
// extension or user name, else those with that display name or label. Case does not matter. The result is empty if
// there are none.
func (s *Snapshot) FindPhones(what string) []*Phone {
	if p := s.Phone(what); p != nil {
		return []*Phone{p}
	}
	if what = strings.TrimSpace(what); what == "" {
		return nil
	}
	var byAccount, byDisplay []*Phone
	for _, p := range s.phoneList {
		switch {
		case p.called(what, accountNames, true):
			byAccount = append(byAccount, p)
		case p.called(what, displayNames, false):
			byDisplay = append(byDisplay, p)
		}
	}
	if len(byAccount) > 0 {
		return byAccount
	}
	return byDisplay
}

// called reports whether a line of the phone has the name as one of the variables, or as the name of its section.
func (p *Phone) called(what string, variables []string, section bool) bool {
	return slices.ContainsFunc(p.Lines, func(l *Line) bool {
		return section && strings.EqualFold(l.Section(), what) || slices.ContainsFunc(variables, func(name string) bool {
			v, ok := l.own(name)
			return ok && strings.EqualFold(v.value, what)
		})
	})
}

// Near returns a name of a phone or a file that is like an unknown name, or "". phone is the phone of that name; nil:
// it is a file.
func (s *Snapshot) Near(what string) (name string, phone *Phone) {
	_, err := device.ParseMAC(what)
	isMAC := err == nil
	owner := map[string]*Phone{}
	names := func(yield func(string) bool) {
		for name, p := range s.names() {
			if isMAC && p != nil && name == p.ID && editDistance(foldName(name), foldName(what)) > 1 {
				continue // MACs of one vendor differ in a few digits only
			}
			if _, ok := owner[name]; !ok {
				owner[name] = p
			}
			if !yield(name) {
				return
			}
		}
	}
	if name = Nearest(what, names); name != "" {
		return name, owner[name]
	}
	part := foldName(what)
	if len(part) < minPrefix {
		return "", nil
	}
	for name, p := range s.names() {
		if strings.Contains(foldName(name), part) {
			return name, p
		}
	}
	return "", nil
}

// names returns all names of phones, each with its phone, and then the URIs of files with nil.
func (s *Snapshot) names() iter.Seq2[string, *Phone] {
	return func(yield func(string, *Phone) bool) {
		for _, p := range s.phoneList {
			if !yield(p.ID, p) {
				return
			}
			for _, l := range p.Lines {
				for _, name := range slices.Concat(accountNames, displayNames) {
					if v, ok := l.own(name); ok && v.value != "" && !yield(v.value, p) {
						return
					}
				}
			}
		}
		for _, part := range s.each() {
			for number := range part.routes.list {
				if !yield(part.routes.uri(number), nil) {
					return
				}
			}
		}
	}
}
