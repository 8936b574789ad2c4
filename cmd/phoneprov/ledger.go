package main

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/httpapi/metrics"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/filediff"
	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/ledger/store"
)

// openLedger opens the ledger with the content of its directory. If the directory cannot be used, it logs that once and
// everything stays in memory.
func (v *service) openLedger(s *settings, snapshots *provision.Store) (err error) {
	o := ledger.Options{Snapshots: snapshots, Renderer: ledgerRenderer{v}, Prefix: s.httpPrefix, Fault: v.storeFault, Compared: v.compared}
	if s.asksAsterisk() {
		o.Peer = v.peer
	}
	switch {
	case s.stateDir == "":
		o.StoreFault = "state.dir is empty"
	default:
		db, err := store.Open(s.stateDir, store.Options{Note: func(text string) { v.log.Error().Msg(text) }})
		if err != nil {
			o.StoreFault = err.Error()
			v.log.Warn().Err(err).Msg("what is known of phones is kept in memory only, and lost with the next restart: set state.dir to a directory that phoneprov may write")
		} else {
			o.Store = db
		}
	}
	v.ledger, err = ledger.New(o)
	return err
}

// peer returns what an Asterisk sees of an endpoint. label is pbx.label.
func (v *service) peer(label, endpoint string) (ledger.Peer, bool) {
	for _, p := range v.pbxs {
		if p.label == label {
			peer, ok := p.sync.Peer(endpoint)
			return peerOf(label, peer), ok
		}
	}
	return ledger.Peer{}, false
}

// storeFault logs when the store begins to fail and when it works again.
func (v *service) storeFault(err error) {
	if err == nil {
		v.log.Info().Msg("what is known of phones is kept on disk again")
		return
	}
	v.log.Error().Err(err).Msg("what is known of phones cannot be written to state.dir: it is kept in memory until that works again")
}

// compared logs how many phones have a waiting change after a sync.
func (v *service) compared(took time.Duration, waiting int) {
	v.log.Info().Dur("duration_ms", took).Int("change_waiting", waiting).Msg("compared")
}

// ledgerRenderer calls the service's renderer, which limitMemory may replace before run.
type ledgerRenderer struct{ v *service }

func (r ledgerRenderer) renderer() *provision.Renderer {
	p, _ := r.v.renderer.(*provision.Renderer)
	return p
}

// Digest implements ledger.Renderer.
func (r ledgerRenderer) Digest(ctx context.Context, s *provision.Snapshot, rt *provision.Route, q provision.Request) (string, provision.Basis, error) {
	return r.renderer().Digest(ctx, s, rt, q)
}

// TemplatesPrint implements ledger.Renderer.
func (r ledgerRenderer) TemplatesPrint(templates string) uint64 {
	return r.renderer().TemplatesPrint(templates)
}

// Both implements ledger.Renderer.
func (r ledgerRenderer) Both(ctx context.Context, s *provision.Snapshot, rt *provision.Route, q provision.Request) (filediff.File, string, error) {
	return r.renderer().Both(ctx, s, rt, q)
}

// ledgerSynced tells the ledger of the last sync.
func (v *service) ledgerSynced(p *pbx) {
	status := p.sync.Status()
	s := status.LastSync
	v.metrics.Synced(p.label, firstOf(s.Trigger), metrics.OK, s.Duration)
	if !status.Restored.IsZero() {
		s = amisync.Sync{At: time.Now(), Trigger: "last good"}
	}
	v.ledger.Synced(ledger.Sync{
		At: s.At, PBX: p.label, Trigger: s.Trigger, DurationMS: milliseconds(s.Duration), Warnings: s.Warnings,
	})
}

// syncFailed returns a function that tells the ledger of a failed sync of the Asterisk.
func (p *pbx) syncFailed(v *service) func(trigger string, took time.Duration, err error) {
	return func(trigger string, took time.Duration, err error) {
		result := metrics.Failed
		if errors.Is(err, amisync.ErrHeld) {
			result = metrics.Held
		}
		v.metrics.Synced(p.label, firstOf(trigger), result, took)
		v.ledger.Synced(ledger.Sync{At: time.Now(), PBX: p.label, Trigger: trigger, DurationMS: milliseconds(took), Error: err.Error()})
	}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// peerOf converts a peer of an Asterisk for the ledger. It takes the contact that registered last, of those that answer if any does.
func peerOf(pbx string, p amisync.Peer) ledger.Peer {
	out := ledger.Peer{PBX: pbx, Endpoint: p.Name, Detail: p.Detail, RoundTrip: -1}
	if p.Kind != amisync.PJSIP {
		out.Registered, out.Address = p.Address != "" && p.State != amisync.Offline, hostOf(p.Address)
		if out.Registered {
			out.Contact, out.RegisteredAt, out.RegisteredSince, out.RoundTrip = p.Address, p.RegisteredAt, p.Since, p.RoundTrip
		}
		return out
	}
	for i, c := range p.Contacts {
		registered := p.Registered(c)
		if i > 0 && (registered == out.Registered && !c.RegisteredAt.After(out.RegisteredAt) || !registered && out.Registered) {
			continue
		}
		out.Registered, out.Contact, out.Address = registered, c.URI, hostOf(contactHost(c.URI))
		out.RegisteredAt, out.RegisteredSince, out.RoundTrip, out.UserAgent = c.RegisteredAt, c.Since, c.RoundTrip, c.UserAgent
	}
	return out
}

// contactHost returns the host and port of a SIP URI: sip:6001@192.0.2.7:5060;transport=udp.
func contactHost(uri string) string {
	_, rest, ok := strings.Cut(uri, ":")
	if !ok {
		return ""
	}
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		rest = rest[at+1:]
	}
	if end := strings.IndexAny(rest, ";?>"); end >= 0 {
		rest = rest[:end]
	}
	return rest
}

// hostOf returns a host without its port.
func hostOf(address string) string {
	if host, _, err := net.SplitHostPort(address); err == nil {
		return host
	}
	address = strings.Trim(address, "[]")
	if a, err := netip.ParseAddr(address); err == nil {
		return a.String()
	}
	return address
}

// runLedger runs the ledger until ctx ends.
func (v *service) runLedger(ctx context.Context) error {
	if err := v.ledger.Run(ctx); err != nil {
		return errors.Join(errors.New("close the ledger's file"), err)
	}
	return nil
}
