package metrics

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sources are functions that supply the gauges at each scrape. If a function is nil, its metrics are left out.
type Sources struct {
	Version  string
	Several  bool // there are several Asterisks: what is of one of them has a label that says of which
	Snapshot func() Snapshot
	States   func() map[string]int // phones by state; every state has a number
	AMI      func() []AMI          // of each Asterisk
	Ledger   func() Ledger
	Budgets  func() map[string]Budget // by setting
	Log      func() (dropped uint64)  // lines that were dropped because the reader of the log was too slow
	Now      func() time.Time         // nil: time.Now
}

// Snapshot describes the served snapshot. The zero Snapshot means that nothing is served.
type Snapshot struct {
	Generation   uint64
	BuiltAt      time.Time
	Restored     bool // the snapshot was saved by an earlier process, and Asterisk was not read since
	Lines, Files int
	Phones       map[string]int // by PBX; where there is one Asterisk, by any name
}

// pbxLabel is the label with the name of an Asterisk, where there are several.
const pbxLabel = "pbx"

// AMI describes the connection to an Asterisk.
type AMI struct {
	PBX            string
	Configured, Up bool
	Held           bool // a sync waits for an admin's confirmation
	LastSync       time.Time
}

// Ledger describes the ledger.
type Ledger struct {
	Queued, Comparing, Unsaved           int
	Dropped, Commits, CommitErrors, Lost uint64
	StoreBytes                           int64
	LastCommit                           time.Duration
	StoreOK                              bool
}

// Budget describes one budget.
type Budget struct {
	Sources int    // sources that it remembers
	Spent   uint64 // answers 429 since the start
}

// gauges are the metrics that a scrape reads.
type gauges struct {
	s                             Sources
	phones, amiUp, lastSync, held *prometheus.Desc // of one Asterisk
}

func newGauges(s Sources) *gauges {
	of := func(name, help string) *prometheus.Desc { return desc(name, help, withPBX(s.Several)...) }
	return &gauges{
		s:        s,
		phones:   of("phoneprov_phones", "Phones that are served."),
		amiUp:    of("phoneprov_ami_up", "1: the manager interface of Asterisk is connected."),
		lastSync: of("phoneprov_last_sync_timestamp_seconds", "When Asterisk's configuration was read last without an error; 0: never."),
		held:     of("phoneprov_sync_held", "1: a change is held until an admin confirms it."),
	}
}

// The descriptions of the gauges.
var (
	buildInfo   = desc("phoneprov_build_info", "The version of phoneprov; always 1.", "version")
	generation  = desc("phoneprov_snapshot_generation", "Counts the configurations that were served since the start.")
	builtAt     = desc("phoneprov_snapshot_timestamp_seconds", "When the configuration that is served was read.")
	age         = desc("phoneprov_snapshot_age_seconds", "How old the configuration is that is served.")
	restored    = desc("phoneprov_snapshot_restored", "1: what is served was kept from a run before, and Asterisk was not read since.")
	lines       = desc("phoneprov_lines", "Lines of these phones.")
	files       = desc("phoneprov_files", "Files that are served.")
	byState     = desc("phoneprov_phones_by_state", "Phones by state.", "state")
	queued      = desc("phoneprov_ledger_queue_length", "Requests that the ledger has not taken into account yet.")
	comparing   = desc("phoneprov_ledger_comparing", "Phones whose files are to be compared.")
	unsaved     = desc("phoneprov_ledger_unsaved", "Phones that the ledger's store does not have yet.")
	storeBytes  = desc("phoneprov_ledger_store_bytes", "Size of the ledger's store on disk.")
	storeOK     = desc("phoneprov_ledger_store_ok", "1: the ledger is kept on disk.")
	commitTime  = desc("phoneprov_ledger_commit_seconds", "How long the last commit took.")
	dropped     = desc("phoneprov_ledger_dropped_total", "Requests that the ledger's queue had no room for.")
	commits     = desc("phoneprov_ledger_commits_total", "Commits of the ledger's store.")
	commitFails = desc("phoneprov_ledger_commit_errors_total", "Commits of the ledger's store that failed.")
	lost        = desc("phoneprov_ledger_lost_total", "Events that could not be kept.")
	sources     = desc("phoneprov_budget_sources", "Sources that a budget remembers.", "budget")
	spent       = desc("phoneprov_budget_spent_total", "Answers 429 because a budget was spent.", "budget")
	logDropped  = desc("phoneprov_log_dropped_total", "Lines of the log that its reader was too slow for.")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(name, help, labels, nil)
}

// Describe implements prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildInfo, generation, builtAt, age, restored, g.phones, lines, files, byState, g.amiUp, g.lastSync, g.held, queued,
		comparing, unsaved, storeBytes, storeOK, commitTime, dropped, commits, commitFails, lost, sources, spent, logDropped} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (g *gauges) Collect(out chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	counter := func(d *prometheus.Desc, value uint64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	gauge(buildInfo, 1, g.s.Version)
	if g.s.Snapshot != nil {
		s := g.s.Snapshot()
		gauge(generation, float64(s.Generation))
		gauge(restored, number(s.Restored))
		for _, pbx := range slices.Sorted(maps.Keys(s.Phones)) {
			gauge(g.phones, float64(s.Phones[pbx]), g.of(pbx)...)
		}
		gauge(lines, float64(s.Lines))
		gauge(files, float64(s.Files))
		if !s.BuiltAt.IsZero() {
			now := time.Now
			if g.s.Now != nil {
				now = g.s.Now
			}
			gauge(builtAt, seconds(s.BuiltAt))
			gauge(age, now().Sub(s.BuiltAt).Seconds())
		}
	}
	if g.s.States != nil {
		states := g.s.States()
		for _, state := range slices.Sorted(maps.Keys(states)) {
			gauge(byState, float64(states[state]), state)
		}
	}
	if g.s.AMI != nil {
		for _, a := range g.s.AMI() {
			if a.Configured {
				gauge(g.amiUp, number(a.Up), g.of(a.PBX)...)
			}
			gauge(g.lastSync, seconds(a.LastSync), g.of(a.PBX)...)
			gauge(g.held, number(a.Held), g.of(a.PBX)...)
		}
	}
	if g.s.Ledger != nil {
		l := g.s.Ledger()
		gauge(queued, float64(l.Queued))
		gauge(comparing, float64(l.Comparing))
		gauge(unsaved, float64(l.Unsaved))
		gauge(storeBytes, float64(l.StoreBytes))
		gauge(storeOK, number(l.StoreOK))
		gauge(commitTime, l.LastCommit.Seconds())
		counter(dropped, l.Dropped)
		counter(commits, l.Commits)
		counter(commitFails, l.CommitErrors)
		counter(lost, l.Lost)
	}
	if g.s.Budgets != nil {
		budgets := g.s.Budgets()
		for _, name := range slices.Sorted(maps.Keys(budgets)) {
			gauge(sources, float64(budgets[name].Sources), name)
			counter(spent, budgets[name].Spent, name)
		}
	}
	if g.s.Log != nil {
		counter(logDropped, g.s.Log())
	}
}

// of returns the values of the labels of a gauge that is of one Asterisk.
func (g *gauges) of(pbx string) []string {
	if g.s.Several {
		return []string{pbx}
	}
	return nil
}

func number(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func seconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
