package page

import (
	"net/http"

	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/words"
)

// How many the overview lists. The pages of each have all.
const (
	maxIll       = 10
	maxStrangers = 5
	maxProblems  = 5
)

// overview is the data of the first page.
type overview struct {
	Verdict       string // one sentence: are the phones all right?
	Summary       admin.Summary
	Total         int
	Tiles         []tile
	Ill           []ledger.Phone // not well, the worst first
	IllTotal      int
	IllStates     []ledger.State
	LastSync      *ledger.Sync
	Strangers     []ledger.Stranger
	StrangerCount int
	Problems      []admin.Problem
	ProblemCount  int
	Chart         chart
	Reload        bool // Asterisk can be read again
	Held          []provision.Held
}

// tile is the number of phones in a state.
type tile struct {
	ledger.Definition
	Count int
}

func (s *Site) overview(w http.ResponseWriter, r *http.Request) error {
	l := languageOf(r)
	o := overview{Summary: s.api.Summary(), IllStates: ledger.NotWell(), Reload: s.api.Reload != nil}
	if s.api.Held != nil {
		o.Held = s.api.Held()
	}
	for _, d := range ledger.States() {
		n := o.Summary.Counts[d.State]
		o.Tiles = append(o.Tiles, tile{d, n})
		o.Total += n
	}
	o.Verdict = verdict(l, o.Summary.Counts, o.Total)
	ill, err := s.api.Ledger.Phones(ledger.Query{States: o.IllStates, Sort: "state", Limit: maxIll})
	if err != nil {
		return err
	}
	o.Ill, o.IllTotal = ill.Items, ill.Total
	for _, sync := range s.api.Ledger.Syncs() {
		if sync.Error == "" {
			o.LastSync = &sync
			break
		}
	}
	strangers := s.api.Ledger.Strangers()
	o.Strangers, o.StrangerCount = strangers[:min(len(strangers), maxStrangers)], len(strangers)
	problems := s.currentProblems()
	o.Problems, o.ProblemCount = problems[:min(len(problems), maxProblems)], len(problems)
	o.Chart = chartOf(l, s.api.Ledger.Day())
	return s.show(w, r, shown{template: "overview", title: l.Text("nav.overview"), live: "event,sync,request", data: o})
}

// verdict says in one sentence whether the phones are all right.
func verdict(l *words.Language, counts map[ledger.State]int, total int) string {
	bad := counts[ledger.Failing] + counts[ledger.Refused] + counts[ledger.NoReaction]
	waiting := counts[ledger.ChangeWaiting] + counts[ledger.Told]
	switch {
	case total == 0:
		return l.Text("verdict.none")
	case bad > 0:
		return l.Count("verdict.bad", bad)
	case waiting > 0:
		return l.Count("verdict.waiting", waiting)
	case counts[ledger.Unknown] > 0:
		return l.Count("verdict.unknown", counts[ledger.Unknown])
	case counts[ledger.NeverFetched] == total:
		return l.Text("verdict.new")
	case counts[ledger.NeverFetched] > 0:
		return l.Count("verdict.never", counts[ledger.NeverFetched])
	}
	return l.Count("verdict.good", total)
}

func (s *Site) currentProblems() []admin.Problem {
	if s.api.Problems == nil {
		return nil
	}
	return s.api.Problems()
}
