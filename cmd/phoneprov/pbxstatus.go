package main

import (
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/httpapi/metrics"
	"github.com/phoneprov/phoneprov/provision"
)

// status translates the status of amisync for httpapi. With several Asterisks, it is as bad as that of the worst.
func (v *service) status() httpapi.Status {
	out := httpapi.Status{Connected: true, LogDropped: v.lines.Dropped()}
	var versions, sources []string
	for i, p := range v.pbxs {
		s := p.sync.Status()
		p.addTo(&out, i == 0, s)
		versions, sources = withNew(versions, s.AsteriskVersion), withNew(sources, s.Source)
	}
	out.Connected = out.Connected && v.asksAsterisk()
	out.AsteriskVersion, out.Source = strings.Join(versions, ", "), strings.Join(sources, ", ")
	return out
}

// withNew appends a text that is not empty and not there yet.
func withNew(all []string, text string) []string {
	if text == "" || slices.Contains(all, text) {
		return all
	}
	return append(all, text)
}

// addTo adds the status of an Asterisk to that of all.
func (p *pbx) addTo(out *httpapi.Status, first bool, s amisync.Status) {
	if p.label == "" || p.amiAddress != "" {
		out.Connected = out.Connected && s.Connected
	}
	if s.LastError != "" && out.LastError == "" {
		out.LastError, out.LastErrorAt = prefixOf(p.label)+s.LastError, s.LastErrorAt
	}
	if at := s.LastSync.At; first || at.Before(out.LastSync) {
		out.LastSync = at
	}
	for _, text := range warningsOf(s) {
		out.Warnings = append(out.Warnings, prefixOf(p.label)+text)
	}
	if out.Held == nil && s.Held != nil {
		held := *s.Held
		held.PBX = p.label
		out.Held = &held
	}
	if s.Lost.Count > out.Lost.Count {
		out.Lost = httpapi.Lost{At: s.Lost.At, Count: s.Lost.Count, Phones: s.Lost.Phones}
	}
	for _, peers := range s.Peers {
		of := httpapi.Peers{Kind: string(peers.Kind), State: string(peers.State), Count: peers.Count}
		if i := slices.IndexFunc(out.Peers, func(o httpapi.Peers) bool { return o.Kind == of.Kind && o.State == of.State }); i >= 0 {
			out.Peers[i].Count += of.Count
		} else {
			out.Peers = append(out.Peers, of)
		}
	}
	if p.label != "" {
		out.PBXs = append(out.PBXs, httpapi.PBX{
			Name: p.label, Read: p.store.Load() != nil, AMIConnected: s.Connected, AsteriskVersion: s.AsteriskVersion, LastError: s.LastError,
			LastSync: knownTime(s.LastSync.At), SavedAt: knownTime(s.Restored), Held: s.Held,
		})
	}
}

// warningsOf returns what an admin should act on, although files are served.
func warningsOf(s amisync.Status) []string {
	all := slices.Clone(s.MissingRights)
	if s.LastSync.Nobody != "" {
		all = append(all, s.LastSync.Nobody)
	}
	if s.NotKept != "" {
		all = append(all, "what is served cannot be kept in state.dir: "+s.NotKept)
	}
	if s.Held != nil {
		all = append(all, s.Held.Reason)
	}
	return all
}

// knownTime returns a time in UTC, or nil if it is zero.
func knownTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// adminStatus converts the status to the API's.
func (v *service) adminStatus() admin.Status {
	all := v.status()
	out := admin.Status{LastError: all.LastError, LastErrorAt: all.LastErrorAt, Warnings: all.Warnings}
	out.AMI = admin.AMI{Configured: v.asksAsterisk(), Connected: all.Connected && v.asksAsterisk(), AsteriskVersion: all.AsteriskVersion}
	phones := v.phonesByPBX()
	for _, p := range v.pbxs {
		s := p.sync.Status()
		if since := knownTime(s.Since); since != nil && (out.AMI.Since == nil || s.Connected == out.AMI.Connected && since.After(*out.AMI.Since)) {
			out.AMI.Since = since
		}
		last := syncOf(s.LastSync)
		if last != nil && (out.LastSync == nil || last.At.After(out.LastSync.At)) {
			out.LastSync = last
		}
		if out.Restored.IsZero() {
			out.Restored = s.Restored
		}
		if p.label == "" {
			continue
		}
		one := admin.PBX{
			Name: p.label, Read: p.store.Load() != nil, Phones: phones[p.label], LastSync: last, LastError: s.LastError, Restored: knownTime(s.Restored), Held: s.Held,
			AMI: admin.AMI{Configured: p.amiAddress != "", Connected: s.Connected, AsteriskVersion: s.AsteriskVersion, Since: knownTime(s.Since)},
		}
		if s.LastError != "" {
			one.LastErrorAt = knownTime(s.LastErrorAt)
		}
		out.PBXs = append(out.PBXs, one)
	}
	return out
}

// syncOf converts the last successful sync; nil: there was none.
func syncOf(last amisync.Sync) *admin.Sync {
	if last.At.IsZero() {
		return nil
	}
	return &admin.Sync{At: last.At.UTC(), Trigger: last.Trigger, Added: last.Changes.Added, Removed: last.Changes.Removed, Changed: last.Changes.Changed}
}

func (v *service) asksAsterisk() bool {
	return slices.ContainsFunc(v.pbxs, func(p *pbx) bool { return p.amiAddress != "" })
}

// phonesByPBX returns how many phones are served of each Asterisk, by label.
func (v *service) phonesByPBX() map[string]int {
	s, phones := v.options.Store.Load(), map[string]int{}
	if s == nil || len(v.pbxs) == 1 {
		phones[""] = 0
		if s != nil {
			phones[""] = s.Counts().Phones
		}
		return phones
	}
	for _, p := range v.pbxs {
		phones[p.label] = 0
	}
	for _, phone := range s.Phones() {
		phones[phone.PBX()]++
	}
	return phones
}

// currentProblems returns everything that is wrong now, from all sources.
func (v *service) currentProblems() []admin.Problem {
	var all []admin.Problem
	add := func(about string, d provision.Diagnostic) {
		all = append(all, admin.Problem{Severity: d.Severity.String(), Message: d.Message, File: d.Pos.File, Line: d.Pos.Line, About: about, PBX: d.PBX})
	}
	for _, p := range v.pbxs {
		s := p.sync.Status()
		if s.LastError != "" {
			all = append(all, admin.Problem{Severity: provision.Error.String(), Message: s.LastError, About: "asterisk", PBX: p.label, Since: s.LastErrorAt.UTC()})
		}
		for _, text := range s.MissingRights {
			add("asterisk", provision.Diagnostic{Severity: provision.Warning, Message: text, PBX: p.label})
		}
		for _, d := range provision.OfPBX(p.label, p.sync.Diagnostics()) {
			add("configuration", d)
		}
	}
	for _, d := range v.foundTogether() {
		add("configuration", d)
	}
	for _, d := range provision.UnknownProfiles(v.options.Store.Load(), v.profiles) {
		add("settings", d)
	}
	for _, d := range v.options.Findings.Current() {
		add("template", d)
	}
	if fault := v.ledger.Stats().StoreFault; fault != "" {
		add("ledger", provision.Diagnostic{Severity: provision.Warning, Message: "what is known of phones is kept in memory only: " + fault})
	}
	return v.problems.Track(all, time.Now())
}

// amiMetrics returns the state of each Asterisk.
func (v *service) amiMetrics() (all []metrics.AMI) {
	for _, p := range v.pbxs {
		s := p.sync.Status()
		all = append(all, metrics.AMI{PBX: p.label, Configured: p.amiAddress != "", Up: s.Connected, LastSync: s.LastSync.At, Held: s.Held != nil})
	}
	return all
}
