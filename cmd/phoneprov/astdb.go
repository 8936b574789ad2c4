package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// shown returns what the CLI of an Asterisk shows of its own phones: the number of phones in each state, the held change, and each phone that
// is not up to date, the worst first. It gives absolute times, so that an unchanged entry is not written again.
func (v *service) shown(p *pbx) amisync.Shown {
	status, counts := p.sync.Status(), v.ledger.Counts()
	if p.label != "" {
		counts = v.ledger.CountsOf(p.label)
	}
	var summary []string
	var states []ledger.State
	total := 0
	for _, d := range ledger.States() {
		if n := counts[d.State]; n > 0 {
			summary = append(summary, fmt.Sprintf("%d %s", n, d.Text))
			total += n
		}
		if d.State != ledger.UpToDate {
			states = append(states, d.State)
		}
	}
	out := amisync.Shown{Summary: count(total, "phone")}
	if total > 0 {
		out.Summary += ": " + strings.Join(summary, ", ")
	}
	if h := status.Held; h != nil {
		out.Summary += fmt.Sprintf("; held: a change that takes away %d of %d, see phoneprov diff, then type phoneprov confirm", h.Lost, h.Before)
	}
	page, err := v.ledger.Phones(ledger.Query{States: states, PBX: p.label, Sort: "state", Limit: ledger.MaxLimit})
	if err != nil {
		return out // cannot happen: the query is valid
	}
	for _, p := range page.Items {
		out.Phones = append(out.Phones, amisync.ShownPhone{ID: p.ID, Words: inWords(p)})
	}
	return out
}

// inWords returns a phone's state in one line: "change waiting since 2026-11-28 10:00:00: its secret changed (6001)".
func inWords(p ledger.Phone) string {
	text := p.State.Text()
	if p.Since != nil {
		text += " since " + p.Since.Local().Format(time.DateTime)
	}
	if p.Reason != "" {
		text += ": " + p.Reason
	}
	if p.Name != "" {
		text += " (" + p.Name + ")"
	}
	return text
}
