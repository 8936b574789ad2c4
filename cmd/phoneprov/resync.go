package main

import (
	"context"
	"sync"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// openNotifier makes what tells phones that their files have changed. Without an Asterisk there is none.
func (v *service) openNotifier(s *settings, store *provision.Store) {
	if !s.asksAsterisk() {
		return
	}
	r := s.resyncPhones
	shared := sharedLines{store: store}
	var several map[string]notify.Asterisk
	if len(v.pbxs) > 1 {
		several = map[string]notify.Asterisk{}
		for _, p := range v.pbxs {
			several[p.label] = p.sync
		}
	}
	v.notifier = notify.New(notify.Options{
		Mode: notify.Mode(r.mode), Spread: r.spread, Rate: r.rate, BusyLimit: r.busyLimit, Limit: r.limit, Table: notify.Table{}.With(r.makes),
		Ledger: v.ledger, Asterisk: v.pbxs[0].sync, PBXs: several, Shared: shared.has, Log: v.log,
	})
}

// runNotifier tells phones until ctx ends.
func (v *service) runNotifier(ctx context.Context) {
	if v.notifier != nil {
		v.notifier.Run(ctx)
	}
}

// notifyWord does what an argument of "phoneprov notify" at the Asterisk CLI says. The log has the answer: the CLI cannot show it.
func (v *service) notifyWord(word string) {
	if v.notifier == nil {
		return
	}
	r := notify.Request{By: "CLI"}
	switch word {
	case amisync.WordConfirm:
		r.Confirm = true
	case amisync.WordStale:
		r.States = []ledger.State{ledger.ChangeWaiting, ledger.NoReaction}
	default:
		r.Phones = []string{word}
	}
	result, err := v.notifier.ByHand(context.Background(), r)
	if err != nil {
		v.log.Warn().Err(err).Str("word", word).Msg("phoneprov notify at the asterisk CLI")
		return
	}
	for _, p := range result.Phones {
		if p.Outcome == notify.NotTold {
			v.log.Warn().Str("phone", p.ID).Msg("resync: the phone was not told: " + p.Why)
		}
	}
}

// sharedLines knows which endpoints are lines of several phones.
type sharedLines struct {
	store *provision.Store
	mu    sync.Mutex
	of    *provision.Snapshot
	some  map[line]bool
}

// line is an endpoint of an Asterisk. The name of the Asterisk is empty if there is one.
type line struct{ pbx, endpoint string }

// has reports whether several of the served phones have the endpoint as a line.
func (l *sharedLines) has(pbx, endpoint string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if s := l.store.Load(); s != l.of {
		l.of, l.some = s, sharedOf(s)
	}
	return l.some[line{pbx, endpoint}]
}

// sharedOf are the endpoints that are lines of several phones.
func sharedOf(s *provision.Snapshot) map[line]bool {
	shared := map[line]bool{}
	if s == nil {
		return shared
	}
	first := make(map[line]*provision.Phone, s.Counts().Lines)
	for _, p := range s.Phones() {
		pbx := ""
		if s.Joined() {
			pbx = p.PBX()
		}
		for _, l := range p.Lines {
			of := line{pbx, l.Endpoint()}
			if other := first[of]; other != nil && other != p {
				shared[of] = true
			}
			first[of] = p
		}
	}
	return shared
}

// checkResync finds phones that cannot be told alone, by what their Asterisk says of their lines now.
func (o *oneShot) checkResync() (found []provision.Diagnostic) {
	if o.settings.resyncPhones.mode == string(notify.Off) {
		return nil
	}
	for _, p := range o.service.pbxs {
		if p.amiAddress == "" || p.failed != nil || p.sync.Outbound() != "" {
			continue
		}
		for _, phone := range o.snapshot.Phones() {
			if p.label == "" || phone.PBX() == p.label {
				found = append(found, provision.OfPBX(p.label, p.toldAlone(phone))...)
			}
		}
	}
	return found
}

// toldAlone finds lines of a phone that have several contacts.
func (p *pbx) toldAlone(phone *provision.Phone) (found []provision.Diagnostic) {
	for _, line := range phone.Lines {
		e, ok := p.sync.Known(line.Endpoint())
		if !ok || len(e.Contacts) < 2 {
			continue
		}
		found = append(found, provision.Diagnostic{Severity: provision.Warning, Message: "phone " + phone.ID + " cannot be told alone that its files have changed: " +
			"endpoint " + e.Name + " has several contacts, and Asterisk reaches a single one only through a default outbound endpoint; name an endpoint in default_outbound_endpoint of " +
			"pjsip.conf's type = global, or set max_contacts = 1 and remove_existing = yes in the AOR"})
	}
	return found
}
