package notify

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Request says which phones a person wants told, and how.
type Request struct {
	Phones  []string       // IDs, or MACs in any spelling
	Profile string         // the phones of a profile; empty: any
	States  []ledger.State // the phones in one of these states; none: any
	All     bool           // all phones; if false, another field must select phones
	Reboot  bool           // have them reboot
	DryRun  bool           // tell nobody, and report who would be told
	Confirm bool           // permits more phones than the limit; without a selection: confirms the held phones
	By      string         // the name of the person, for the log
}

// The outcomes for one phone.
const (
	Queued    = "queued"     // it is told as soon as the rate and its calls permit
	WouldTell = "would_tell" // without DryRun, it would be told
	NotTold   = "not_told"   // it cannot be told now, for the reason in Why
)

// Result is the result of a Request.
type Result struct {
	Phones    []PhoneResult
	Total     int // selected phones
	Told      int // selected phones that are told, or would be with DryRun
	Confirmed int // held phones that were confirmed
}

// PhoneResult is the result for one phone.
type PhoneResult struct {
	ID, MAC, Name string
	State         ledger.State
	Outcome       string
	Event         string  // the event to send
	Reboots       Reboots // whether the phone reboots
	To            string  // the receiver of the NOTIFY
	Why           string  // the reason for NotTold; otherwise what delays the NOTIFY, or empty
}

// Errors of ByHand.
var (
	ErrNobody   = errors.New("name phones by their MACs, or select them by profile, by state or all")
	ErrNotHeld  = errors.New("nothing is held: there is nothing to confirm")
	ErrNoPhone  = errors.New("there is no such phone")
	ErrTooMany  = errors.New("more phones than resync.limit")
	errOneOrAll = errors.New("name phones or select them, not both")
)

// maxListed bounds the phones that a Result lists.
const maxListed = 1000

// ByHand plans a NOTIFY for each phone that r selects. Run sends it later. If r selects no phone and r.Confirm is set,
// ByHand confirms the held phones. If r selects more than Options.Limit phones, and neither r.Confirm nor r.DryRun is
// set, the error is ErrTooMany.
func (n *Notifier) ByHand(ctx context.Context, r Request) (Result, error) {
	selects := r.All || r.Profile != "" || len(r.States) > 0
	switch {
	case len(r.Phones) > 0 && selects:
		return Result{}, errOneOrAll
	case len(r.Phones) == 0 && !selects && r.Confirm:
		return n.confirmHeld(r)
	case len(r.Phones) == 0 && !selects:
		return Result{}, ErrNobody
	}
	phones, err := n.selected(r)
	if err != nil {
		return Result{}, err
	}
	if n.o.Limit > 0 && len(phones) > n.o.Limit && !r.Confirm && !r.DryRun {
		return Result{}, fmt.Errorf("%w: %d are selected, and resync.limit is %d: confirm that so many are meant", ErrTooMany, len(phones), n.o.Limit)
	}
	result := Result{Total: len(phones), Phones: []PhoneResult{}}
	now := time.Now()
	for i := range phones {
		if err := ctx.Err(); err != nil {
			return result, err
		}
		one := n.byHand(now, &phones[i], r)
		if one.Outcome != NotTold {
			result.Told++
		}
		if len(result.Phones) < maxListed {
			result.Phones = append(result.Phones, one)
		}
	}
	if !r.DryRun {
		n.o.Log.Info().Str("by", r.By).Int("phones", result.Told).Int("not_told", result.Total-result.Told).Bool("reboot", r.Reboot).Msg("resync: phones are told by hand")
		n.poke()
	}
	return result, nil
}

// confirmHeld approves the held phones. The error is ErrNotHeld if there are none.
func (n *Notifier) confirmHeld(r Request) (Result, error) {
	held := n.Held()
	if held == 0 {
		return Result{}, ErrNotHeld
	}
	result := Result{Phones: []PhoneResult{}, Confirmed: held}
	if r.DryRun {
		return result, nil
	}
	n.mu.Lock()
	result.Confirmed = n.plan.confirm(time.Now())
	n.mu.Unlock()
	n.o.Log.Info().Str("by", r.By).Int("phones", result.Confirmed).Msg("resync: the phones that were held are told")
	n.poke()
	return result, nil
}

// selected returns the phones that a Request selects. The error is ErrNoPhone if it names an unknown phone.
func (n *Notifier) selected(r Request) (phones []ledger.Phone, err error) {
	named := map[string]bool{}
	for _, id := range r.Phones {
		p, ok := n.o.Ledger.Phone(id)
		if !ok || p.Gone != nil {
			return nil, fmt.Errorf("%w: %q", ErrNoPhone, id)
		}
		if !named[p.ID] {
			named[p.ID] = true
			phones = append(phones, p)
		}
	}
	if len(r.Phones) > 0 {
		return phones, nil
	}
	q := ledger.Query{States: r.States, Profile: r.Profile, Limit: ledger.MaxLimit}
	for {
		page, err := n.o.Ledger.Phones(q)
		if err != nil {
			return nil, err
		}
		phones = append(phones, page.Items...)
		if q.After = page.Next; q.After == "" {
			return phones, nil
		}
	}
}

// byHand plans a NOTIFY for one phone, unless r.DryRun is set. It asks Asterisk nothing: it uses what Asterisk last
// said of the phone's lines.
func (n *Notifier) byHand(now time.Time, p *ledger.Phone, r Request) PhoneResult {
	m := n.o.Table.Of(vendorOf(p))
	one := PhoneResult{ID: p.ID, MAC: p.MAC, Name: p.Name, State: p.State, Outcome: NotTold, Event: m.Event, Reboots: m.Reboots}
	if r.Reboot {
		one.Event, one.Reboots = m.Reboot, RebootsYes
	}
	if one.Event == "" {
		one.Why = noEvent(p, m, r.Reboot)
		return one
	}
	lines := n.known(p)
	target, why := n.singleOut(p, lines)
	if one.Why = why; why != "" {
		return one
	}
	one.To, one.Outcome = target.String(), Queued
	for _, e := range lines {
		if e.InCall {
			one.Why = "a call is up on " + e.Name
		}
	}
	if r.DryRun {
		one.Outcome = WouldTell
		return one
	}
	n.mu.Lock()
	n.plan.byHand(now, p.ID, p.PBX, r.Reboot)
	n.mu.Unlock()
	return one
}
