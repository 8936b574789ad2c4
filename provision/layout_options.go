package provision

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// Options are the options of an endpoint. Asterisk has over a hundred for each, and most endpoints share nearly all of
// theirs with others: so they are kept as what is shared and what is not. They never change.
type Options struct {
	shared map[string]string
	own    []option // sorted by name; an empty value: there is none, whatever is shared
	print  uint64   // of all of them, however they are kept
}

type option struct{ name, value string }

// Get finds an option by its name in pjsip.conf or in AMI: "dtmf_mode" is "DtmfMode". Empty: there is none.
func (o *Options) Get(name string) string {
	if o == nil {
		return ""
	}
	name = optionKey(name)
	if i, ok := slices.BinarySearchFunc(o.own, name, func(o option, name string) int { return cmp.Compare(o.name, name) }); ok {
		return o.own[i].value
	}
	return o.shared[name]
}

// optionKey is a name in lower case without the "_" that AMI does not have.
func optionKey(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// OptionSets makes the Options of many endpoints, and knows what they share. The zero OptionSets is ready. It is used by
// one goroutine.
type OptionSets struct {
	shared []map[string]string
	keys   map[string]string // optionKey of the names that came
}

// key is optionKey, once for each name, and no part of another text.
func (s *OptionSets) key(name string) string {
	key, ok := s.keys[name]
	if !ok {
		key = strings.Clone(optionKey(name))
		if s.keys == nil {
			s.keys = map[string]string{}
		}
		s.keys[strings.Clone(name)] = key
	}
	return key
}

const (
	// maxOwn is how many options an endpoint may have for itself before it is thought to be of another kind, with
	// whose like it shares more. Names, mailboxes and groups are about ten.
	maxOwn = 16
	// maxShared bounds the kinds, with each of which an endpoint is compared.
	maxShared = 32
)

// Add makes the Options of an endpoint from all that it has, by name.
func (s *OptionSets) Add(options map[string]string) *Options {
	all := make(map[string]string, len(options))
	o := new(Options)
	var h maphash.Hash
	h.SetSeed(fingerprintSeed)
	for name, value := range options {
		if value == "" {
			continue
		}
		name = s.key(name)
		all[name] = value
		h.Reset()
		h.WriteString(name)
		h.WriteByte(0)
		h.WriteString(value)
		o.print += h.Sum64() // in whatever order
	}
	found := false
	for _, shared := range s.shared {
		if own := differences(shared, all); !found || len(own) < len(o.own) {
			o.shared, o.own, found = shared, own, true
		}
	}
	if !found || len(o.own) > maxOwn && len(s.shared) < maxShared {
		for name, value := range all {
			all[name] = strings.Clone(value) // not the message that it came in
		}
		s.shared = append(s.shared, all)
		o.shared, o.own = all, nil
	}
	return o
}

// differences are what makes shared into all.
func differences(shared, all map[string]string) []option {
	var own []option
	for name, value := range all {
		if shared[name] != value {
			own = append(own, option{name, strings.Clone(value)})
		}
	}
	for name := range shared {
		if _, ok := all[name]; !ok {
			own = append(own, option{name: name})
		}
	}
	slices.SortFunc(own, func(a, b option) int { return cmp.Compare(a.name, b.name) })
	return own
}
