package main

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/provision"
)

// Times of the simulation.
const (
	// simulatedWithin is how long the phone that does not react has after it is told, twice. A real one needs longer, but
	// nobody wants to wait for the demo.
	simulatedWithin = 3 * time.Second
	// simulatedLong is the same for the phone that was told a moment ago: it stays so.
	simulatedLong = 12 * time.Hour
	// simulatedSpread is how long the phones of a change are told at most.
	simulatedSpread = time.Second
	// simulatedEvery is about how often a simulated phone asks, so that the page lives.
	simulatedEvery = 20 * time.Second
	// simulatedExpiry is how long a simulated registration lasts.
	simulatedExpiry = time.Hour
	// simulatedTimeout bounds a request of a simulated phone.
	simulatedTimeout = 10 * time.Second
)

// simulation is the simulated phones of a demo: HTTP clients in this process.
type simulation struct {
	d    *demo
	told map[string]chan struct{} // by user; a NOTIFY came
}

func newSimulation(d *demo) *simulation {
	s := &simulation{d: d, told: map[string]chan struct{}{}}
	for _, p := range simulatedPhones() {
		s.told[p.user] = make(chan struct{}, 1)
	}
	return s
}

// simulate sets what the simulated phones need.
func (s *settings) simulate() {
	s.deny = append(s.deny, simulatedDenied()...)
	within, long := simulatedWithin, simulatedLong
	s.resyncPhones.mode, s.resyncPhones.spread = string(notify.Auto), simulatedSpread
	s.resyncPhones.makes = append(s.resyncPhones.makes, notify.Override{Vendor: "Gigaset", Within: &within}, notify.Override{Vendor: "Grandstream", Within: &long})
}

// simulates reports whether the configuration has the simulated phones. The directory of an older demo has none.
func simulates(snapshot *provision.Snapshot) bool {
	return snapshot != nil && slices.ContainsFunc(snapshot.Phones(), isSimulated)
}

// contacts are the registrations of the simulated phones, for amiserver.
func (s *simulation) contacts(endpoint string) []amiserver.Contact {
	for _, p := range simulatedPhones() {
		if p.user == endpoint && p.contact {
			return []amiserver.Contact{{URI: "sip:" + p.user + "@127.0.0.1:5060", UserAgent: p.agent, Expires: time.Now().Add(simulatedExpiry)}}
		}
	}
	return nil
}

// notified is called when a phone is sent NOTIFY.
func (s *simulation) notified(endpoint string) {
	select {
	case s.told[endpoint] <- struct{}{}:
	default:
	}
}

// run simulates until ctx ends: every phone asks once, some of them change, and then they go on asking.
func (s *simulation) run(ctx context.Context) {
	if !simulates(s.d.service.options.Store.Load()) {
		return
	}
	client := http.Client{Timeout: simulatedTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	var all sync.WaitGroup
	defer all.Wait()
	for _, p := range simulatedPhones() {
		if p.agent != "" {
			s.fetch(ctx, &client, p)
		}
	}
	if s.d.service.ledger.Settle(ctx) != nil {
		return
	}
	if err := writeSimulated(s.d.dir, simulatedNewLabel); err != nil {
		s.d.service.log.Warn().Err(err).Msg("the simulated phones do not change")
	}
	s.d.server.Reload("All")
	for _, p := range simulatedPhones() {
		if p.agent != "" {
			all.Go(func() { s.keepAsking(ctx, &client, p) })
		}
	}
}

// keepAsking asks from time to time, and when the phone is told. A phone that a change waits for asks no more.
func (s *simulation) keepAsking(ctx context.Context, client *http.Client, p simulated) {
	for {
		var next <-chan time.Time
		if !p.changes {
			next = time.After(simulatedEvery/2 + rand.N(simulatedEvery))
		}
		select {
		case <-ctx.Done():
			return
		case <-next:
			s.fetch(ctx, client, p)
		case <-s.told[p.user]:
			if p.reacts {
				s.fetch(ctx, client, p)
			}
		}
	}
}

// fetch asks for the phone's file. Its outcome is on the page.
func (s *simulation) fetch(ctx context.Context, client *http.Client, p simulated) {
	where := "http://" + reachable(s.d.service.phones.Addr().String()) + s.d.prefix + "/" + p.file()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, where, nil)
	if err != nil {
		return
	}
	r.Header.Set("User-Agent", p.agent)
	resp, err := client.Do(r)
	if err != nil {
		return // the demo ends
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // to its end, or it is no fetch
}
