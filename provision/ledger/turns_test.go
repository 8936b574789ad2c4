package ledger

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/background"
	"github.com/phoneprov/phoneprov/provision/filediff"
)

// turnWatch is a Renderer and a Store that note whether they are called in a turn of the background.
type turnWatch struct {
	Renderer
	Store
	mu     sync.Mutex
	inTurn map[string]bool // by what was called; false if one call was outside
}

func (w *turnWatch) called(what string) {
	runs := testkit.TurnRuns(background.Turn)
	w.mu.Lock()
	defer w.mu.Unlock()
	before, known := w.inTurn[what]
	w.inTurn[what] = runs && (before || !known)
}

func (w *turnWatch) Digest(ctx context.Context, s *provision.Snapshot, rt *provision.Route, q provision.Request) (string, provision.Basis, error) {
	w.called("Digest")
	return w.Renderer.Digest(ctx, s, rt, q)
}

func (w *turnWatch) Both(ctx context.Context, s *provision.Snapshot, rt *provision.Route, q provision.Request) (filediff.File, string, error) {
	w.called("Both")
	return w.Renderer.Both(ctx, s, rt, q)
}

func (w *turnWatch) Commit(b Batch) error {
	w.called("Commit")
	return w.Store.Commit(b)
}

// Comparisons, texts and commits run in turns of the background, so that they and a sync do not occupy all CPUs together.
func TestWorkTakesTurns(t *testing.T) {
	w := &turnWatch{inTurn: map[string]bool{}}
	s := newSite(t, twoPhones, func(o *Options) {
		w.Renderer, w.Store = o.Renderer, newCountingStore()
		o.Renderer, o.Store = w, w
	}).settled()
	s.fetch(desk, cfg1)
	s.keptText(mac1, cfg1)
	s.sync(strings.Replace(twoPhones, "secret = first", "secret = third", 1))
	s.wantState(mac1, ChangeWaiting)
	s.stop()
	for _, what := range []string{"Digest", "Both", "Commit"} {
		if in, called := w.inTurn[what]; !called || !in {
			t.Errorf("%s: called %v, in a turn each time %v", what, called, in)
		}
	}
}
