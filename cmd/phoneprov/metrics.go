package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/metrics"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// newMetrics returns the service's metrics.
func (v *service) newMetrics() *metrics.Set {
	return metrics.New(metrics.Sources{
		Version: version(), Several: len(v.pbxs) > 1, Snapshot: v.snapshotMetrics, AMI: v.amiMetrics, Ledger: v.ledgerMetrics, Budgets: v.budgetMetrics,
		Log: func() uint64 { return v.lines.Dropped() },
		States: func() map[string]int {
			states := map[string]int{}
			for state, n := range v.ledger.Counts() {
				states[string(state)] = n
			}
			return states
		},
	})
}

func (v *service) snapshotMetrics() metrics.Snapshot {
	s := v.options.Store.Load()
	if s == nil {
		return metrics.Snapshot{Phones: v.phonesByPBX()}
	}
	counts := s.Counts()
	return metrics.Snapshot{Generation: s.Generation, BuiltAt: s.BuiltAt, Phones: v.phonesByPBX(), Lines: counts.Lines, Files: counts.Routes,
		Restored: !v.adminStatus().Restored.IsZero()}
}

func (v *service) ledgerMetrics() metrics.Ledger {
	s := v.ledger.Stats()
	return metrics.Ledger{
		Queued: s.Queued, Comparing: s.Comparing, Unsaved: s.Unsaved, Dropped: s.Dropped, Commits: s.Commits, CommitErrors: s.CommitErrors,
		Lost: s.Lost, StoreBytes: s.StoreBytes, LastCommit: time.Duration(s.CommitMS * float64(time.Millisecond)), StoreOK: s.StoreFault == "",
	}
}

func (v *service) budgetMetrics() map[string]metrics.Budget {
	budgets := map[string]metrics.Budget{}
	for name, b := range v.budgets() {
		if b != nil {
			sources, spent := b.Stats()
			budgets[name] = metrics.Budget{Sources: sources, Spent: spent}
		}
	}
	return budgets
}

// countedAsk returns an Asker that counts the calls to an Asterisk.
func (v *service) countedAsk(pbx string, ask dialplan.Asker) dialplan.Asker {
	return func(ctx context.Context, call string) (string, error) {
		begun := time.Now()
		text, err := ask(ctx, call)
		if v.metrics != nil && !errors.Is(err, dialplan.ErrPending) {
			function, _, _ := strings.Cut(call, "(")
			v.metrics.Asked(pbx, function, askResult(err), time.Since(begun))
		}
		return text, err
	}
}

// askResult returns the outcome of a call, in one word.
func askResult(err error) string {
	switch {
	case err == nil:
		return "ok"
	case errors.Is(err, dialplan.ErrNoFunction):
		return "no_function"
	case errors.Is(err, context.DeadlineExceeded):
		return "late"
	case errors.Is(err, dialplan.ErrCannotAsk):
		return "cannot_ask"
	case errors.Is(err, context.Canceled):
		return "canceled"
	}
	return "error"
}

// firstOf returns the first trigger of a sync: "connect, reload of All" counts as "connect".
func firstOf(triggers string) string {
	first, _, _ := strings.Cut(triggers, ", ")
	return first
}
