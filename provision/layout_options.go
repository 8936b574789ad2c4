package provision

import (
	"cmp"
	"hash/maphash"
	"slices"
	"strings"
)

// Options are the options of an endpoint. They never change. Asterisk has over a hundred for each endpoint, and most
// endpoints share nearly all of them, so shared and own options are stored separately.
type Options struct {
	shared map[string]string
	own    []Option // sorted by name; an empty value means that the endpoint does not have the option, although shared has it
	print  uint64   // fingerprint of all options, however they are stored
}

// Option is one option of an endpoint. Its name is in lower case, without "_".
type Option struct{ Name, Value string }

// Get returns an option by its name in pjsip.conf or in AMI: "dtmf_mode" is "DtmfMode". It is empty if there is none.
func (o *Options) Get(name string) string {
	if o == nil {
		return ""
	}
	name = optionKey(name)
	if i, ok := slices.BinarySearchFunc(o.own, name, func(o Option, name string) int { return cmp.Compare(o.Name, name) }); ok {
		return o.own[i].Value
	}
	return o.shared[name]
}

// optionKey returns a name in lower case and without "_", which AMI does not have.
func optionKey(name string) string {
	return strings.ToLower(strings.ReplaceAll(name, "_", ""))
}

// OptionSets makes the Options of many endpoints and finds out what they share. The zero OptionSets is ready. One
// goroutine uses it.
type OptionSets struct {
	shared []map[string]string
	keys   map[string]string // optionKey of each name
}

// key is optionKey, computed once for each name. The result is a string of its own.
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
	// maxOwn is how many own options an endpoint may have before it becomes the model of a new shared set. Names,
	// mailboxes and groups are about ten.
	maxOwn = 16
	// maxShared bounds the shared sets. Each endpoint is compared with all of them.
	maxShared = 32
)

// Add makes the Options of an endpoint of all its options, by name.
func (s *OptionSets) Add(options map[string]string) *Options {
	all := make(map[string]string, len(options))
	o := new(Options)
	for name, value := range options {
		if value == "" {
			continue
		}
		name = s.key(name)
		all[name] = value
		o.print += optionPrint(name, value) // in any order
	}
	found := false
	for _, shared := range s.shared {
		if own := differences(shared, all); !found || len(own) < len(o.own) {
			o.shared, o.own, found = shared, own, true
		}
	}
	if !found || len(o.own) > maxOwn && len(s.shared) < maxShared {
		for name, value := range all {
			all[name] = strings.Clone(value) // a copy, so that it does not keep the message in memory
		}
		s.shared = append(s.shared, all)
		o.shared, o.own = all, nil
	}
	return o
}

// differences returns the own options of an endpoint that has shared as its shared set.
func differences(shared, all map[string]string) []Option {
	var own []Option
	for name, value := range all {
		if shared[name] != value {
			own = append(own, Option{name, strings.Clone(value)})
		}
	}
	for name := range shared {
		if _, ok := all[name]; !ok {
			own = append(own, Option{Name: name})
		}
	}
	slices.SortFunc(own, func(a, b Option) int { return cmp.Compare(a.Name, b.Name) })
	return own
}

// optionPrint is the fingerprint of one option. That of several is the sum.
func optionPrint(name, value string) uint64 {
	var h maphash.Hash
	h.SetSeed(fingerprintSeed)
	h.WriteString(name)
	h.WriteByte(0)
	h.WriteString(value)
	return h.Sum64()
}

// Parts are what o shares with other endpoints, and what it has for itself: a value of its own counts, and an empty one means
// that there is none. Endpoints that share options have the same map, which is not to be changed.
func (o *Options) Parts() (shared map[string]string, own []Option) { return o.shared, o.own }

// SharedOptions are options that many endpoints have.
type SharedOptions struct {
	options map[string]string
	print   uint64
}

// NewSharedOptions makes them of the shared part of Options. The map is its own from then on.
func NewSharedOptions(options map[string]string) *SharedOptions {
	s := &SharedOptions{options: options}
	for name, value := range options {
		s.print += optionPrint(name, value)
	}
	return s
}

// With makes the Options of an endpoint: the shared ones and what it has for itself, as Parts tells it.
func (s *SharedOptions) With(own []Option) *Options {
	o := &Options{shared: s.options, own: own, print: s.print}
	for _, option := range own {
		if value := s.options[option.Name]; value != "" {
			o.print -= optionPrint(option.Name, value)
		}
		if option.Value != "" {
			o.print += optionPrint(option.Name, option.Value)
		}
	}
	return o
}
