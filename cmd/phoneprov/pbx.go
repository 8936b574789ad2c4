package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// pbx is one Asterisk: what keeps its snapshot current, and what renders the files of its phones. With several, each
// has all of that for itself, and service.join serves their snapshots together.
type pbx struct {
	*asteriskSettings
	label string           // its name where there are several; empty: it is the only one
	sync  *amisync.Service // with a Store of its own where there are several
	store *provision.Store // nil: for oneShot
	data  *datadir.Dir

	config provision.Config // that was read last; for oneShot
	failed error            // why a oneShot could not read it
}

// openPBX opens one Asterisk. v.pbxs has it, so that close closes what was opened before an error.
func (v *service) openPBX(s *settings, a *asteriskSettings, store *provision.Store) (err error) {
	p := &pbx{asteriskSettings: a, store: store}
	v.pbxs = append(v.pbxs, p)
	log := v.log
	if len(s.others) > 0 {
		p.label = a.name
		log = log.With().Str("pbx", a.name).Logger()
		if store != nil {
			p.store = new(provision.Store)
		}
	}
	o := syncOptions(s, a, p.store, log)
	o.Synced = func(c provision.Counts) { v.counted(p, c) }
	o.Failed = p.syncFailed(v)
	o.PeerChanged = func(peer amisync.Peer) { v.ledger.PeerChanged(peerOf(p.label, peer)) }
	o.PeersRead = func() { v.ledger.PeersRead(p.label) }
	o.NotifyWord, o.Ended = v.notifyWord, v.syncEnded
	if store == nil {
		o.Read = func(c provision.Config) { p.config = c }
	}
	if a.amiAstDB {
		o.Show = func() amisync.Shown { return v.shown(p) }
	}
	if p.sync, err = amisync.New(o); err != nil {
		return err
	}
	if p.data, err = datadir.Open(a.dataDir, a.configDir); err != nil {
		return fmt.Errorf("%sasterisk.data_dir: %w", prefixOf(p.label), err)
	}
	p.data.LookEvery = lookEvery
	return nil
}

// prefixOf returns the beginning of a text about one of several Asterisks.
func prefixOf(label string) string {
	if label == "" {
		return ""
	}
	return label + ": "
}

// syncOptions returns the options of amisync that the settings say.
func syncOptions(s *settings, a *asteriskSettings, store *provision.Store, log zerolog.Logger) amisync.Options {
	o := amisync.Options{
		PBX:       a.name,
		Address:   a.amiAddress,
		Username:  a.amiUsername,
		Secret:    a.amiSecret,
		Source:    a.source,
		ConfigDir: a.configDir,
		Resync:    a.resync,
		Store:     store,
		Zone:      serverZone(),
		Log:       log,

		Connections: a.functionConnections,
		FunctionTTL: a.functionTTL,
	}
	o.MaxLoss = s.maxLoss
	if s.stateDir != "" {
		o.Kept = &lastgood.Dir{Path: filepath.Join(s.stateDir, a.keptIn)}
	}
	if a.amiTLS {
		o.Dial = ami.TLS{CA: a.amiCA, ServerName: a.amiName}.Dial
	}
	return o
}

// rendererOptions returns the options of the renderer of an Asterisk's phones.
func (v *service) rendererOptions(s *settings, p *pbx) provision.RendererOptions {
	o := provision.RendererOptions{Data: p.data, Zone: serverZone(), MoveTo: s.moveTo, Profiles: map[string]provision.ProfileOptions{}, PBX: p.label}
	o.SideBySide = max(1, p.functionConnections-1) // no phone takes all connections; a single function could not use more anyway
	for name, of := range s.profiles {
		o.Profiles[name] = provision.ProfileOptions{Escape: of.escape}
	}
	if p.amiAddress != "" {
		o.Ask, o.Knows = v.countedAsk(p.label, p.sync.Ask), p.sync.Knows
	}
	return o
}

// rendererOf makes the renderer of all Asterisks. make returns the options of each one.
func (v *service) rendererOf(make func(*pbx) provision.RendererOptions) *provision.Renderer {
	if len(v.pbxs) == 1 {
		return provision.NewRenderer(make(v.pbxs[0]))
	}
	parts := map[string]*provision.Renderer{}
	for _, p := range v.pbxs {
		parts[p.name] = provision.NewRenderer(make(p))
	}
	return provision.JoinRenderers(parts)
}

// join serves the snapshots of all Asterisks as one snapshot, and returns its counts.
func (v *service) join() provision.Counts {
	parts := make([]provision.Part, len(v.pbxs))
	for i, p := range v.pbxs {
		parts[i] = provision.Part{PBX: p.name, Snapshot: p.store.Load()}
	}
	next, found := provision.Join(parts)
	v.options.Store.Swap(next)
	known := map[string]bool{}
	for _, d := range v.together {
		known[d.String()] = true
	}
	for _, d := range found {
		if !known[d.String()] {
			v.logDiagnostic(d)
		}
	}
	v.together = found
	return next.Counts()
}

// logDiagnostic logs what was found in the configuration.
func (v *service) logDiagnostic(d provision.Diagnostic) {
	level := map[provision.Severity]zerolog.Level{provision.Info: zerolog.DebugLevel, provision.Warning: zerolog.WarnLevel, provision.Error: zerolog.ErrorLevel}[d.Severity]
	v.log.WithLevel(level).Msg(d.String())
}

// foundTogether returns what was found in the snapshots of several Asterisks together.
func (v *service) foundTogether() []provision.Diagnostic {
	v.joining.Lock()
	defer v.joining.Unlock()
	return v.together
}

// triggerAll asks for a sync of each Asterisk.
func (v *service) triggerAll(reason string) {
	for _, p := range v.pbxs {
		p.sync.Trigger(reason)
	}
}

// held returns the changes that are held, each with the name of its Asterisk where there are several.
func (v *service) held() (all []provision.Held) {
	for _, p := range v.pbxs {
		if h := p.sync.Held(); h != nil {
			named := *h
			named.PBX = p.label
			all = append(all, named)
		}
	}
	return all
}

// confirm applies every change that is held, or the one with the ID. The error is provision.ErrNothingHeld or
// provision.ErrOtherHeld.
func (v *service) confirm(id, by string) (all []provision.Held, err error) {
	err = provision.ErrNothingHeld
	for _, p := range v.pbxs {
		held, failed := p.sync.Confirm(id, by)
		if failed == nil {
			held.PBX = p.label
			all = append(all, held)
		} else if errors.Is(failed, provision.ErrOtherHeld) {
			err = failed
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	return nil, err
}

// once reads all Asterisks at the same time, for the commands that do not serve. It returns the snapshot of those that
// could be read. The error is not nil if none could; pbx.failed says why one could not.
func (v *service) once(ctx context.Context) (*provision.Snapshot, []provision.Diagnostic, error) {
	if len(v.pbxs) == 1 {
		return v.pbxs[0].sync.Once(ctx)
	}
	parts, of := make([]provision.Part, len(v.pbxs)), make([][]provision.Diagnostic, len(v.pbxs))
	var reading sync.WaitGroup
	for i, p := range v.pbxs {
		reading.Go(func() {
			parts[i].PBX = p.name
			parts[i].Snapshot, of[i], p.failed = p.sync.Once(ctx)
		})
	}
	reading.Wait()
	var found []provision.Diagnostic
	var errs []error
	for i, p := range v.pbxs {
		if found = append(found, provision.OfPBX(p.label, of[i])...); p.failed != nil {
			parts[i].Snapshot = nil
			errs = append(errs, fmt.Errorf("%s: %w", p.label, p.failed))
		}
	}
	if len(errs) == len(v.pbxs) {
		return nil, found, errors.Join(errs...)
	}
	snapshot, together := provision.Join(parts)
	return snapshot, append(found, together...), nil
}

// only returns the settings with one of the Asterisks, as if there were no other; the first, if name is empty.
func (s *settings) only(name string) (*settings, error) {
	for _, a := range s.asterisks() {
		if name == "" || a.name == name {
			one := *s
			one.asteriskSettings, one.others = *a, nil
			return &one, nil
		}
	}
	return nil, fmt.Errorf("-pbx %q: there is no such Asterisk in the settings", name)
}
