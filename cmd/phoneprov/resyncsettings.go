package main

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gopkg.in/ini.v1"

	"github.com/phoneprov/phoneprov/amisync/notify"
)

// Limits of [resync].
const (
	maxRate   = 1000             // phones a second: more than an Asterisk sends
	maxLimit  = 1_000_000        // phones: more than there are
	maxWait   = 24 * time.Hour   // of spread, busy_limit and within: a change is to arrive on the day that it is made
	minWithin = 10 * time.Second // a phone needs some seconds to fetch
)

// resyncSettings are those of [resync] and of the sections [resync MAKE].
type resyncSettings struct {
	mode      string // one of notify's modes
	spread    time.Duration
	rate      int
	busyLimit time.Duration
	limit     int // 0: none
	makes     []notify.Override
}

// resyncTable are the rows of settingsTable for [resync].
func resyncTable() []setting {
	of := func(s *settings) *resyncSettings { return &s.resyncPhones }
	return []setting{
		{section: "resync", key: "mode", value: string(notify.Log), set: oneOf(func(s *settings) *string { return &of(s).mode }, string(notify.Off), string(notify.Log), string(notify.Auto)),
			meaning: "what is done when files of phones have changed. `notify`: the phones are told to fetch them, with SIP NOTIFY through Asterisk. `log`: the log says who would be told, and how. `off`: nothing. `phoneprov notify` tells phones in each mode ([RESYNC.md](RESYNC.md))"},
		{section: "resync", key: "spread", value: "20s", set: atMost(maxWait, func(s *settings) *time.Duration { return &of(s).spread }),
			meaning: "the phones of one change are told at random times within this one"},
		{section: "resync", key: "rate", value: "10", set: number(func(s *settings) *int { return &of(s).rate }, 1, maxRate),
			meaning: "at most so many phones are told in a second"},
		{section: "resync", key: "busy_limit", value: "1h", set: atMost(maxWait, func(s *settings) *time.Duration { return &of(s).busyLimit }),
			meaning: "a phone with a call up is told when the call ends, or after this time; 0: at once"},
		{section: "resync", key: "limit", value: "50", set: number(func(s *settings) *int { return &of(s).limit }, 0, maxLimit),
			meaning: "a change of more phones waits until a person confirms it with `phoneprov notify --confirm`; 0: no change does"},
	}
}

// atMost takes a duration from zero to a limit.
func atMost(most time.Duration, field func(*settings) *time.Duration) func(*settings, string) error {
	return func(s *settings, v string) error {
		if err := duration(field)(s, v); err != nil {
			return err
		}
		if *field(s) > most {
			return fmt.Errorf("%q is more than %s", v, hours(most))
		}
		return nil
	}
}

func hours(d time.Duration) string { return fmt.Sprintf("%dh", int(d.Hours())) }

// makeSetting is one key of [resync MAKE].
type makeSetting struct {
	key, meaning string
	set          func(o *notify.Override, value string) error
}

// makeTable is the one list of the keys of [resync MAKE]. Their defaults are the rows of deploy/doc/RESYNC.md.
func makeTable() []makeSetting {
	return []makeSetting{
		{"event", "what the header `Event` says to phones of this make, and of models that begin so where the section is `[resync MAKE MODEL]`; empty: they are never told", func(o *notify.Override, v string) error {
			o.Event = &v
			return notify.CheckEvent(v)
		}},
		{"reboot_event", "the same with `phoneprov notify --reboot`; empty: there is none", func(o *notify.Override, v string) error {
			o.Reboot = &v
			return notify.CheckEvent(v)
		}},
		{"reboots", "`no`, `yes` or `maybe`: whether they reboot when they are told; it is shown", func(o *notify.Override, v string) error {
			r := notify.Reboots(v)
			o.Reboots = &r
			if !slices.Contains([]notify.Reboots{notify.RebootsNo, notify.RebootsYes, notify.RebootsMaybe}, r) {
				return fmt.Errorf("%q is not one of: no, yes, maybe", v)
			}
			return nil
		}},
		{"within", "a phone that was told and has not fetched after this time is told once more, and is then in the state no reaction", func(o *notify.Override, v string) error {
			d, err := time.ParseDuration(v)
			o.Within = &d
			if err != nil || d < minWithin || d > maxWait {
				return fmt.Errorf("%q is not a duration from %v to %s: want 1m", v, minWithin, hours(maxWait))
			}
			return nil
		}},
	}
}

// resyncMake is the text after "resync" in the name of a section [resync MAKE] or [resync MAKE MODEL].
func resyncMake(section string) (text string, ok bool) {
	text, ok = strings.CutPrefix(section, "resync ")
	text = strings.TrimSpace(text)
	return text, ok && text != ""
}

// loadMake reads a section [resync MAKE].
func (l *loader) loadMake(text string, section *ini.Section) {
	var o notify.Override
	var err error
	if o.Vendor, o.Model, err = notify.ParseVendor(text); err != nil {
		line := l.line(func(f *ini.File, err error) bool { return err == nil && f.HasSection(section.Name()) })
		l.errs = append(l.errs, fmt.Errorf("%s:%d: [%s]: %w", l.path, line, section.Name(), err))
		return
	}
	for _, d := range makeTable() {
		if !section.HasKey(d.key) {
			continue
		}
		if err := d.set(&o, value(section.Key(d.key))); err != nil {
			l.fail(section.Name(), d.key, fmt.Sprintf("%s: %v", d.key, err))
		}
	}
	l.settings.resyncPhones.makes = append(l.settings.resyncPhones.makes, o)
}
