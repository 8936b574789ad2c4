package notify

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

// Reboots says whether an event makes a phone reboot.
type Reboots string

// The answers.
const (
	RebootsNo    Reboots = "no"
	RebootsYes   Reboots = "yes"
	RebootsMaybe Reboots = "maybe" // it depends on the phone's settings, on its firmware or on what has changed
)

// Method says how to tell the phones of a make to fetch their files.
type Method struct {
	Vendor  string        // one of device.Vendors; AnyVendor: phones of an unknown make
	Model   string        // the beginning of the model, in upper or lower case; empty: all models
	Event   string        // the value of the header Event; empty: these phones cannot be told
	Reboot  string        // the event that makes them reboot; empty: none is known
	Reboots Reboots       // whether Event makes them reboot
	Within  time.Duration // the time from Event to their first request
	// Source names the origin of the row. If SecondHand is true, we saw the row in no manual.
	Source     string
	SecondHand bool
	// Trap is a setting of the phone that must be right; empty: none is known.
	Trap string
}

// AnyVendor is the vendor of the row for phones of an unknown make.
const AnyVendor = "other"

// The time that a phone has from the NOTIFY to its first request.
const (
	atOnce      = time.Minute     // it fetches without a reboot
	afterReboot = 5 * time.Minute // it reboots first: the manuals speak of "a few minutes"
)

// The events of most makes.
const (
	checkSync         = "check-sync"
	checkSyncNoReboot = "check-sync;reboot=false"
	checkSyncReboot   = "check-sync;reboot=true"
)

// asteriskSample names the files of Asterisk that have the events of some makes.
const asteriskSample = "pjsip_notify.conf and sip_notify.conf, as Asterisk ships them"

// methods returns the table of makes. The first row that fits counts.
func methods() []Method {
	return []Method{
		{Vendor: "Yealink", Event: checkSyncNoReboot, Reboot: checkSyncReboot, Reboots: RebootsMaybe, Within: afterReboot,
			Source: "Yealink, Administrator's Guide for SIP-T5 Series, sip.notify_reboot_enable; User Guide SIP-T2 Series, p. 45",
			Trap:   "set sip.notify_reboot_enable = 0: with 1, the default, the phone reboots on any check-sync, and with 2 it ignores it"},
		{Vendor: "Poly", Event: checkSync, Reboot: "", Reboots: RebootsMaybe, Within: afterReboot,
			Source: asteriskSample + " (polycom-check-cfg); voIpProt.SIP.specialEvent.checkSync.alwaysReboot in two open provisioning projects", SecondHand: true,
			Trap: "voIpProt.SIP.specialEvent.checkSync.alwaysReboot = 0: with 1 the phone reboots each time, and with 0 where what has changed needs it"},
		{Vendor: "Snom", Event: checkSyncNoReboot, Reboot: checkSyncReboot, Reboots: RebootsNo, Within: atOnce,
			Source: asteriskSample + " (snom-check-cfg, snom-reboot); Snom service hub, checksync_action",
			Trap:   "with challenge_checksync = on the phone answers 401, and with allow_check_sync = off it does nothing; checksync_action overrides the event"},
		{Vendor: "Grandstream", Event: checkSync, Reboot: "", Reboots: RebootsMaybe, Within: afterReboot,
			Source: "no manual was seen: lists of other provisioning systems", SecondHand: true,
			Trap: "newer models fetch without a reboot, older ones may reboot; \"Authenticate SIP NOTIFY\" must be off, as Asterisk's NOTIFY carries no credentials"},
		{Vendor: "Cisco", Model: "CP-", Event: "resync", Reboot: "", Reboots: RebootsMaybe, Within: afterReboot,
			Source: "Cisco IP Phone 6800 Series Multiplatform Phones Administration Guide, Resync From SIP",
			Trap:   "Resync_From_SIP must be Yes, and Auth_Resync-Reboot No: else the phone answers 401"},
		{Vendor: "Cisco", Event: "resync", Reboot: "reboot_now", Reboots: RebootsMaybe, Within: afterReboot,
			Source: asteriskSample + " (sipura-check-cfg, linksys-cold-restart); Cisco SPA100 Series Administration Guide, Resync From SIP",
			Trap:   "while a line is active the phone waits, up to Forced_Resync_Delay, which is 4 hours by default: set it to some minutes; Resync_From_SIP must be Yes"},
		{Vendor: "Fanvil", Event: checkSync, Reboot: "", Reboots: RebootsMaybe, Within: afterReboot,
			Source: "no manual was seen: lists of other provisioning systems", SecondHand: true},
		{Vendor: "Mitel", Event: checkSync, Reboot: "", Reboots: RebootsMaybe, Within: afterReboot,
			Source: asteriskSample + " (aastra-check-cfg)", SecondHand: true,
			Trap: "the phone reboots where a changed setting needs it"},
		{Vendor: "Gigaset", Event: checkSyncNoReboot, Reboot: checkSyncReboot, Reboots: RebootsNo, Within: atOnce,
			Source: "Gigaset wiki, SIP: Check-sync message",
			Trap:   "SIP.Checksync.Simple = 1 makes Maxwell phones reboot all the same; N510, N610, N670, N720 and N870 know no reboot= before firmware 2.52"},
		{Vendor: "Htek", Event: "resync", Reboot: "", Reboots: RebootsMaybe, Within: afterReboot,
			Source: "no manual was seen: lists of other provisioning systems", SecondHand: true},
		{Vendor: "Panasonic", Event: checkSync, Reboot: "", Reboots: RebootsMaybe, Within: afterReboot,
			Source: "Panasonic KX-UT and HDV settings, CFG_RESYNC_FROM_SIP, in an open provisioning project", SecondHand: true,
			Trap: "the event is the one that CFG_RESYNC_FROM_SIP names in the phone's file: check-sync"},
		{Vendor: "Sangoma", Event: checkSync, Reboot: "", Reboots: RebootsMaybe, Within: afterReboot,
			Source: asteriskSample + " (digium-check-cfg)", SecondHand: true},
		{Vendor: "Linphone", Reboots: RebootsNo, Within: atOnce,
			Source: "Linphone's settings name no event; it fetches its config-uri when it starts", SecondHand: true,
			Trap: "Linphone fetches its file when it starts"},
		{Vendor: AnyVendor, Event: checkSyncNoReboot, Reboot: checkSyncReboot, Reboots: RebootsMaybe, Within: afterReboot,
			Source: "a guess: most makes know check-sync, and some ignore what follows it", SecondHand: true},
	}
}

// Table has a Method for each make and model. The zero Table has our own rows.
type Table struct {
	own []Override
}

// Override replaces parts of a row. A nil field replaces nothing.
type Override struct {
	Vendor, Model string
	Event, Reboot *string
	Reboots       *Reboots
	Within        *time.Duration
}

// With returns a table in which the overrides o count before our own rows. An override of a model counts before one of
// its make.
func (t Table) With(o []Override) Table {
	own := slices.Clone(o)
	slices.SortStableFunc(own, func(a, b Override) int { return len(b.Model) - len(a.Model) })
	return Table{own}
}

// Of returns the Method for a phone.
func (t Table) Of(vendor, model string) Method {
	all := methods()
	m := all[len(all)-1]
	for _, row := range all {
		if row.fits(vendor, model) {
			m = row
			break
		}
	}
	if vendor == "" {
		vendor = AnyVendor
	}
	for _, o := range t.own {
		if (Method{Vendor: o.Vendor, Model: o.Model}).fits(vendor, model) {
			return o.over(m)
		}
	}
	return m
}

// Methods returns the overrides and then our own rows, for the documentation and for check.
func (t Table) Methods() []Method {
	var all []Method
	for _, o := range t.own {
		m := Table{}.Of(o.Vendor, o.Model)
		m.Model = o.Model
		all = append(all, o.over(m))
	}
	return append(all, methods()...)
}

func (m Method) fits(vendor, model string) bool {
	return strings.EqualFold(m.Vendor, vendor) && len(model) >= len(m.Model) && strings.EqualFold(model[:len(m.Model)], m.Model)
}

func (o Override) over(m Method) Method {
	if o.Event != nil {
		m.Event = *o.Event
	}
	if o.Reboot != nil {
		m.Reboot = *o.Reboot
	}
	if o.Reboots != nil {
		m.Reboots = *o.Reboots
	}
	if o.Within != nil {
		m.Within = *o.Within
	}
	m.Source, m.SecondHand = "phoneprov.ini", false
	return m
}

// ParseVendor parses the name of a section of phoneprov.ini after "resync": a make, and the beginning of a model if the
// section is only for some models. The error says that the make is unknown.
func ParseVendor(text string) (vendor, model string, err error) {
	vendor, model, _ = strings.Cut(strings.TrimSpace(text), " ")
	for _, known := range append(device.Vendors(), AnyVendor) {
		if strings.EqualFold(vendor, known) {
			return known, strings.TrimSpace(model), nil
		}
	}
	return "", "", fmt.Errorf("%q is no make of phones: want %s, or %s", vendor, strings.Join(device.Vendors(), ", "), AnyVendor)
}

// maxEvent bounds the length of an event in bytes. The longest known event has 23.
const maxEvent = 64

// CheckEvent returns an error if text cannot be the value of the header Event. Asterisk ends the header at a ",", and
// reads what follows as another header.
func CheckEvent(text string) error {
	if len(text) > maxEvent {
		return fmt.Errorf("an event has at most %d characters", maxEvent)
	}
	for i := range len(text) {
		if c := text[i]; c <= ' ' || c >= 0x7f || strings.IndexByte(`,"\<>`, c) >= 0 {
			return fmt.Errorf("%q is no event: want check-sync, check-sync;reboot=false or the like", text)
		}
	}
	return nil
}
