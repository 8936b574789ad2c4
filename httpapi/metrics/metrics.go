package metrics

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Limits of labels that come from the configuration. Each value is a time series, and some are histograms.
const (
	maxProfiles  = 100
	maxReasons   = 64 // httpapi has some thirty
	maxTriggers  = 32 // amisync has some ten
	maxFunctions = 100
)

// renderBuckets are in seconds. A cached file takes microseconds, a directory of 5,000 users some 50 ms. If Asterisk
// does not answer, a rendering ends after seconds.
var renderBuckets = []float64{.00001, .0001, .001, .005, .02, .1, .5, 2, 10}

// Set has all metrics of one service.
type Set struct {
	registry *prometheus.Registry
	several  bool // see Sources.Several

	requests  *prometheus.CounterVec
	refusals  *prometheus.CounterVec
	rendering *prometheus.HistogramVec
	syncs     *prometheus.CounterVec
	syncTime  prometheus.Histogram
	asked     *prometheus.CounterVec
	askedTime prometheus.Histogram

	profiles, reasons, triggers, functions bounded

	answered series[answer, answerSeries]
	rendered series[string, prometheus.Observer]
}

// answer is what Request counts.
type answer struct {
	profile, reason string
	status          int
	refused         bool
}

// answerSeries are the counters of an answer.
type answerSeries struct{ requests, refusals prometheus.Counter }

// New returns a Set whose gauges read s.
func New(s Sources) *Set {
	m := &Set{
		registry: prometheus.NewRegistry(), several: s.Several,
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "phoneprov_requests_total",
			Help: "Requests of the phones' listeners, by the profile of the file, the status, and why it was given or refused."}, []string{"profile", "status", "reason"}),
		refusals: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "phoneprov_refusals_total",
			Help: "Requests that were refused, by reason."}, []string{"reason"}),
		rendering: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "phoneprov_render_seconds",
			Help: "How long it took to make a file, by profile.", Buckets: renderBuckets}, []string{"profile"}),
		syncs: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "phoneprov_syncs_total",
			Help: "Reads of Asterisk's configuration, by trigger and by result: ok, held or failed."}, withPBX(s.Several, "trigger", "result")),
		syncTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "phoneprov_sync_seconds",
			Help: "How long a read of Asterisk's configuration took.", Buckets: prometheus.ExponentialBuckets(.01, 4, 8)}),
		asked: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "phoneprov_function_calls_total",
			Help: "Calls of functions that Asterisk was asked for, by the function's name and the result."}, withPBX(s.Several, "function", "result")),
		askedTime: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "phoneprov_function_seconds",
			Help: "How long a call of a function took.", Buckets: prometheus.ExponentialBuckets(.0005, 4, 8)}),
		profiles: newBounded(maxProfiles), reasons: newBounded(maxReasons), triggers: newBounded(maxTriggers), functions: newBounded(maxFunctions),
	}
	m.registry.MustRegister(m.requests, m.refusals, m.rendering, m.syncs, m.syncTime, m.asked, m.askedTime, newGauges(s),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler answers a scrape.
func (m *Set) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4})
}

// Request counts a request of a phone. reason is one of the log's fixed texts, or empty.
func (m *Set) Request(profile string, status int, reason string, refused bool) {
	s := m.answered.of(answer{profile, reason, status, refused}, func() (answer, answerSeries) {
		label := m.reasons.value(reason)
		s := answerSeries{requests: m.requests.WithLabelValues(m.profiles.value(profile), strconv.Itoa(status), label)}
		if refused {
			s.refusals = m.refusals.WithLabelValues(label)
		}
		return answer{strings.Clone(profile), strings.Clone(reason), status, refused}, s
	})
	s.requests.Inc()
	if refused {
		s.refusals.Inc()
	}
}

// Rendered counts a rendering, successful or not.
func (m *Set) Rendered(profile string, took time.Duration) {
	m.rendered.of(profile, func() (string, prometheus.Observer) {
		return strings.Clone(profile), m.rendering.WithLabelValues(m.profiles.value(profile))
	}).Observe(took.Seconds())
}

// The values of Synced's result.
const (
	OK     = "ok"
	Held   = "held"
	Failed = "failed"
)

// withPBX returns the names of labels. Where there are several Asterisks, the last one says which.
func withPBX(several bool, names ...string) []string {
	if several {
		return append(names, pbxLabel)
	}
	return names
}

// of returns the values of labels that withPBX returned.
func (m *Set) of(pbx string, values ...string) []string {
	if m.several {
		return append(values, pbx)
	}
	return values
}

// Synced counts a read of the configuration of an Asterisk. pbx counts where there are several.
func (m *Set) Synced(pbx, trigger, result string, took time.Duration) {
	m.syncs.WithLabelValues(m.of(pbx, m.triggers.value(trigger), result)...).Inc()
	m.syncTime.Observe(took.Seconds())
}

// Asked counts a function call that Asterisk answered or failed to answer. result is one of a few fixed words. pbx counts
// where there are several.
func (m *Set) Asked(pbx, function, result string, took time.Duration) {
	m.asked.WithLabelValues(m.of(pbx, m.functions.value(function), result)...).Inc()
	m.askedTime.Observe(took.Seconds())
}
