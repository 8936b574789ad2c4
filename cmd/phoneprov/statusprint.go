package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"

	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
	wording "github.com/phoneprov/phoneprov/provision/words"
)

// statusPrinter prints for people. It prints times as durations until now, and replaces control characters in names.
type statusPrinter struct {
	w   io.Writer // a buffer: writes cannot fail
	now time.Time
}

func (p *statusPrinter) printf(format string, args ...any) { fmt.Fprintf(p.w, format, args...) }

// ago returns a time as people say it: "3 min ago".
func (p *statusPrinter) ago(t *time.Time) string { return wording.English().Ago(t, p.now) }

// plain returns a foreign text for a terminal. It replaces each character that a terminal obeys or hides by "?".
func plain(s string) string {
	return strings.Map(func(c rune) rune {
		if !unicode.IsPrint(c) {
			return '?'
		}
		return c
	}, s)
}

// summary prints the state of the service and the counts of phones.
func (p *statusPrinter) summary(s admin.Summary) {
	p.printf("phoneprov %s", plain(s.Version))
	if s.Ready {
		p.printf(", serving %s with %d lines and %d files, read %s", count(s.Phones, "phone"), s.Lines, s.Files, p.ago(s.BuiltAt))
	} else {
		p.printf(", serving nothing yet")
	}
	p.printf("\n")
	if s.Restored != nil && len(s.PBXs) == 0 {
		p.printf("what is served was kept %s: Asterisk was not read since the start\n", p.ago(s.Restored))
	}
	for _, pbx := range s.PBXs {
		p.pbx(pbx)
	}
	if len(s.PBXs) == 0 {
		p.asterisk("", s.AMI, s.LastSync, s.LastError, s.LastErrorAt, s.Held)
	}
	for _, w := range s.Warnings {
		p.printf("warning: %s\n", plain(w))
	}
	if s.Ledger.StoreFault != "" {
		p.printf("warning: what is known of phones is kept in memory only: %s\n", plain(s.Ledger.StoreFault))
	}
	var counts []string
	for _, d := range ledger.States() {
		if n := s.Counts[d.State]; n > 0 {
			counts = append(counts, fmt.Sprintf("%d %s", n, d.State.Text()))
		}
	}
	if len(counts) > 0 {
		p.printf("phones: %s\n", strings.Join(counts, ", "))
	}
}

// asterisk prints the state of an Asterisk. of begins each line.
func (p *statusPrinter) asterisk(of string, ami admin.AMI, last *admin.Sync, fault string, since *time.Time, h *provision.Held) {
	switch {
	case !ami.Configured:
		p.printf("%sAsterisk: not asked, its files are read\n", of)
	case ami.Connected:
		p.printf("%sAsterisk: %s, connected %s\n", of, plain(ami.AsteriskVersion), p.ago(ami.Since))
	default:
		p.printf("%sAsterisk: not connected, last %s\n", of, p.ago(ami.Since))
	}
	if last != nil {
		p.printf("%slast sync: %s (%s): %d added, %d removed, %d changed\n", of, p.ago(&last.At), plain(last.Trigger), last.Added, last.Removed, last.Changed)
	}
	if fault != "" {
		p.printf("%serror: %s (since %s)\n", of, plain(fault), p.ago(since))
	}
	if h != nil {
		p.printf("%sheld since %s: %s; \"phoneprov confirm\" applies it\n", of, p.ago(&h.Since), plain(h.Reason))
	}
}

// pbx prints the state of one of several Asterisks.
func (p *statusPrinter) pbx(one admin.PBX) {
	of := plain(one.Name) + ": "
	switch {
	case !one.Read:
		p.printf("%sits phones are not served yet\n", of)
	case one.Restored != nil:
		p.printf("%s%s, as it was kept %s\n", of, count(one.Phones, "phone"), p.ago(one.Restored))
	default:
		p.printf("%s%s\n", of, count(one.Phones, "phone"))
	}
	p.asterisk(of, one.AMI, one.LastSync, one.LastError, one.LastErrorAt, one.Held)
}

// phones prints a table of phones.
func (p *statusPrinter) phones(list []ledger.Phone, total int) {
	w := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	head, several := "", slices.ContainsFunc(list, func(one ledger.Phone) bool { return one.PBX != "" })
	if several {
		head = "ASTERISK\t"
	}
	fmt.Fprintln(w, head+"MAC\tNAME\tPROFILE\tSTATE\tSINCE\tLAST FETCH\tADDRESS\tREGISTERED\tREASON")
	for _, one := range list {
		if several {
			fmt.Fprintf(w, "%s\t", orNone(one.PBX))
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", plain(one.ID), plain(one.Name), plain(one.Profile), one.State.Text(),
			p.ago(one.Since), p.ago(one.LastFetch), orNone(one.Address), registered(one), plain(one.Reason))
	}
	_ = w.Flush() // to a buffer: cannot fail
	if more := total - len(list); more > 0 {
		p.printf("and %d more: phoneprov status -state STATE lists all of a state\n", more)
	}
}

func orNone(s string) string {
	if s == "" {
		return "-"
	}
	return plain(s)
}

// registered returns what Asterisk sees of a phone. It is not part of the phone's state.
func registered(p ledger.Phone) string {
	return wording.English().Text("registration." + string(p.Registration()))
}

// phone prints everything about one phone.
func (p *statusPrinter) phone(one ledger.Phone) {
	p.printf("%s %s, profile %s", plain(one.ID), plain(one.Name), orNone(one.Profile))
	if one.PBX != "" {
		p.printf(" of %s", plain(one.PBX))
	}
	p.printf(": %s", one.State.Text())
	if one.Since != nil {
		p.printf(" since %s", p.ago(one.Since))
	}
	p.printf("\n")
	if one.Reason != "" {
		p.printf("reason: %s\n", plain(one.Reason))
	}
	if one.Gone != nil {
		p.printf("gone from the configuration %s\n", p.ago(one.Gone))
	}
	if one.Vendor != "" {
		p.printf("device: %s %s %s, by its last request\n", plain(one.Vendor), plain(one.Model), plain(one.Firmware))
	}
	p.printf("last fetch: %s from %s\n", p.ago(one.LastFetch), orNone(one.Address))
	p.printf("registered: %s\n", registered(one))
	for _, odd := range one.Evidence.Oddities {
		p.printf("odd: %s\n", plain(odd))
	}
	if t := one.Told; t != nil {
		p.printf("told %s, %s: %s; %s\n", p.ago(&t.At), count(t.Tries, "attempt"), plain(t.How), plain(t.Answer))
	}
	p.printf("\n")
	w := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "LINE\tDISPLAY NAME\tREGISTERED\tCONTACT\tSIP USER-AGENT")
	for _, l := range one.Lines {
		at := "no"
		if l.Registered {
			at = p.ago(l.RegisteredAt)
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", plain(l.Name), plain(l.DisplayName), at, orNone(l.Contact), orNone(l.UserAgent))
	}
	fmt.Fprintln(w)
	fmt.Fprintln(w, "FILE\tSTATE\tFETCHED\tSTATUS\tBYTES\tWANTED\tHAS\tREASON")
	for _, f := range one.Files {
		fmt.Fprintf(w, "%s\t%s\t%s\t%d\t%d\t%s\t%s\t%s\n", plain(f.Name), f.State.Text(), p.ago(f.FetchedAt), f.Status, f.Bytes,
			orNone(f.WantedETag), orNone(f.FetchedETag), plain(f.Reason))
	}
	_ = w.Flush() // to a buffer: cannot fail
}

// history prints the events of a phone.
func (p *statusPrinter) history(events []ledger.Event) {
	if len(events) == 0 {
		return
	}
	p.printf("\n")
	w := tabwriter.NewWriter(p.w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHEN\tWHAT\tFILE\tDETAIL")
	for _, e := range events {
		what := wording.English().Text("kind." + string(e.Kind))
		if e.Kind == ledger.StateEvent {
			what = e.From.Text() + " -> " + e.To.Text()
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", p.ago(&e.At), what, orNone(e.File), plain(strings.TrimSpace(e.Detail+" "+e.Address)))
	}
	_ = w.Flush() // to a buffer: cannot fail
}
