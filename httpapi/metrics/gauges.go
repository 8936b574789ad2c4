package metrics

import (
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Sources are what the gauges read, each at a scrape. A nil function: its metrics are left out.
type Sources struct {
	Version  string
	Snapshot func() Snapshot
	States   func() map[string]int // phones by state, every state
	AMI      func() AMI
	Ledger   func() Ledger
	Budgets  func() map[string]Budget // by the setting
	Log      func() (dropped uint64)  // lines that the reader of the log was too slow for
	Now      func() time.Time         // nil: time.Now
}

// Snapshot is what is served. The zero Snapshot: nothing is.
type Snapshot struct {
	Generation           uint64
	BuiltAt              time.Time
	Restored             bool // it was kept from a run before, and Asterisk was not read since
	Phones, Lines, Files int
}

// AMI is the connection to Asterisk.
type AMI struct {
	Configured, Up bool
	Held           bool // a sync is held until an admin confirms it
	LastSync       time.Time
}

// Ledger is how the ledger is.
type Ledger struct {
	Queued, Comparing, Unsaved           int
	Dropped, Commits, CommitErrors, Lost uint64
	StoreBytes                           int64
	LastCommit                           time.Duration
	StoreOK                              bool
}

// Budget is how one of the budgets is.
type Budget struct {
	Sources int    // that are remembered
	Spent   uint64 // answers 429, since the start
}

// gauges are the metrics that are read at a scrape.
type gauges struct{ s Sources }

// The descriptions of the gauges.
var (
	buildInfo   = desc("phoneprov_build_info", "The version of phoneprov; always 1.", "version")
	generation  = desc("phoneprov_snapshot_generation", "Counts the configurations that were served since the start.")
	builtAt     = desc("phoneprov_snapshot_timestamp_seconds", "When the configuration that is served was read.")
	age         = desc("phoneprov_snapshot_age_seconds", "How old the configuration is that is served.")
	restored    = desc("phoneprov_snapshot_restored", "1: what is served was kept from a run before, and Asterisk was not read since.")
	phones      = desc("phoneprov_phones", "Phones that are served.")
	lines       = desc("phoneprov_lines", "Lines of these phones.")
	files       = desc("phoneprov_files", "Files that are served.")
	byState     = desc("phoneprov_phones_by_state", "Phones by state.", "state")
	amiUp       = desc("phoneprov_ami_up", "1: the manager interface of Asterisk is connected.")
	lastSync    = desc("phoneprov_last_sync_timestamp_seconds", "When Asterisk's configuration was read last without an error; 0: never.")
	held        = desc("phoneprov_sync_held", "1: a change is held until an admin confirms it.")
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

// Describe makes gauges a prometheus.Collector.
func (g *gauges) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{buildInfo, generation, builtAt, age, restored, phones, lines, files, byState, amiUp, lastSync, held, queued,
		comparing, unsaved, storeBytes, storeOK, commitTime, dropped, commits, commitFails, lost, sources, spent, logDropped} {
		out <- d
	}
}

// Collect makes gauges a prometheus.Collector.
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
		gauge(phones, float64(s.Phones))
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
		a := g.s.AMI()
		if a.Configured {
			gauge(amiUp, number(a.Up))
		}
		gauge(lastSync, seconds(a.LastSync))
		gauge(held, number(a.Held))
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
