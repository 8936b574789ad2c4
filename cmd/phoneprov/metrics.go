package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/metrics"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// newMetrics makes the service's metrics.
func (v *service) newMetrics() *metrics.Set {
	return metrics.New(metrics.Sources{
		Version: version(), Snapshot: v.snapshotMetrics, AMI: v.amiMetrics, Ledger: v.ledgerMetrics, Budgets: v.budgetMetrics,
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
		return metrics.Snapshot{}
	}
	counts := s.Counts()
	return metrics.Snapshot{Generation: s.Generation, BuiltAt: s.BuiltAt, Phones: counts.Phones, Lines: counts.Lines, Files: counts.Routes,
		Restored: !v.adminStatus().Restored.IsZero()}
}

func (v *service) amiMetrics() metrics.AMI {
	s := v.sync.Status()
	held := v.adminOptions.Held != nil && v.adminOptions.Held() != nil
	return metrics.AMI{Configured: v.ami, Up: s.Connected, LastSync: s.LastSync.At, Held: held}
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

// countedAsk counts what Asterisk is asked for.
func (v *service) countedAsk(ask dialplan.Asker) dialplan.Asker {
	return func(ctx context.Context, call string) (string, error) {
		begun := time.Now()
		text, err := ask(ctx, call)
		if v.metrics != nil && !errors.Is(err, dialplan.ErrPending) {
			function, _, _ := strings.Cut(call, "(")
			v.metrics.Asked(function, askResult(err), time.Since(begun))
		}
		return text, err
	}
}

// askResult is what came of a call, in one word.
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

// firstOf is the first of several triggers of a sync: "connect, reload of All" counts as "connect".
func firstOf(triggers string) string {
	first, _, _ := strings.Cut(triggers, ", ")
	return first
}
