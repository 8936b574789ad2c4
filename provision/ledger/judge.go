package ledger

import (
	"fmt"
	"strings"
)

// Reasons of the state Unknown.
const (
	whyNoSnapshot = "Asterisk was not reached since phoneprov started: nothing is known of what the phone would get"
	whyStarting   = "not compared yet since phoneprov started or the configuration changed"
	whyAnswers    = "depends on answers of Asterisk: it is compared when the phone fetches it"
	whyChance     = "depends on the time or on chance: it is another file each time"
)

// judge returns the state of a file. States defines the states.
func (l *Ledger) judge(p *phone, f *file) State {
	waiting := f.is(hasWanted) && f.wanted != f.fetched
	if f.is(unpredictable) {
		waiting = f.is(inputsChanged)
	}
	t := f.trouble
	switch {
	case t != nil && t.failure != nil, t != nil && t.cannot != "":
		return Failing
	case t != nil && t.refusal != nil && t.refusal.Counts:
		return Refused
	case f.fetchedAt == 0:
		return NeverFetched
	case waiting:
		switch {
		case p.told == nil:
			return ChangeWaiting
		case l.now().Before(p.told.Until):
			return Told
		}
		return NoReaction
	case f.is(unpredictable), !f.is(hasWanted):
		return Unknown
	}
	return UpToDate
}

// reason returns why a file is in its state. It returns an empty text if there is nothing to say.
func (l *Ledger) reason(p *phone, f *file) string {
	t := f.trouble
	switch f.shownState() {
	case Failing:
		if t.failure != nil {
			return t.failure.Cause
		}
		return t.cannot
	case Refused:
		if t.refusal.Count == 1 {
			return t.refusal.Reason
		}
		return fmt.Sprintf("%s, %d times", t.refusal.Reason, t.refusal.Count)
	case ChangeWaiting:
		return l.untold[p]
	case Told, NoReaction:
		if p.told == nil {
			return l.untold[p]
		}
		text := strings.TrimSuffix(p.told.How+": "+p.told.Answer, ": ")
		if why := l.untold[p]; why != "" {
			text += "; not told again: " + why
		}
		return text
	case Unknown:
		switch {
		case f.is(unpredictable) && f.is(asked):
			return whyAnswers
		case f.is(unpredictable):
			return whyChance
		case l.unread(p):
			return whyNoSnapshot
		}
		return whyStarting
	}
	return ""
}

// shownState returns the state of a file for display. A file that was not compared since the start is Unknown, unless
// its state is Failing or Refused.
func (f *file) shownState() State {
	if s := f.state.state(); f.is(compared) || f.fetchedAt == 0 || s == Failing || s == Refused {
		return s
	}
	return Unknown
}

// shownState returns the state of the phone for display.
func (p *phone) shownState() State {
	if p.starting {
		return p.worstState()
	}
	return p.state.state()
}

// worstState returns the worst shown state of the files that the phone asks for and that the configuration still has.
func (p *phone) worstState() State {
	worst, known := UpToDate, false
	for i := range p.files {
		f := &p.files[i]
		state := f.shownState()
		if f.is(gone) || state == NeverFetched {
			continue
		}
		if known = true; state.Worse(worst) {
			worst = state
		}
	}
	if !known {
		return NeverFetched
	}
	return worst
}

// phoneReason returns why a phone is in its state: the names of the files in that state, and the reason of the first file
// that has one.
func (l *Ledger) phoneReason(p *phone) string {
	state := p.shownState()
	var names []string
	why := ""
	for i := range p.files {
		if f := &p.files[i]; !f.is(gone) && f.shownState() == state {
			names = append(names, p.fileName(f))
			if why == "" {
				why = l.reason(p, f)
			}
		}
	}
	switch {
	case state == UpToDate || state == NeverFetched || len(names) == 0:
		return ""
	case why == "":
		return strings.Join(names, ", ")
	}
	return strings.Join(names, ", ") + ": " + why
}
