package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// shown is what the Asterisk CLI shows: how many phones are in each state, what is held, and each phone that is not up to date, the
// worst first. It says when something began, and not how long ago that was: what does not change is not written again.
func (v *service) shown() amisync.Shown {
	status, counts := v.sync.Status(), v.ledger.Counts()
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
	page, err := v.ledger.Phones(ledger.Query{States: states, Sort: "state", Limit: ledger.MaxLimit})
	if err != nil {
		return out // the query is right
	}
	for _, p := range page.Items {
		out.Phones = append(out.Phones, amisync.ShownPhone{ID: p.ID, Words: inWords(p)})
	}
	return out
}

// inWords is a phone's state in one line: "change waiting since 2026-11-28 10:00:00: its secret changed (6001)".
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
