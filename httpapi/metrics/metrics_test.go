package metrics

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/skips"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(secrettest.New().Guard(m)) }

// full returns a Set in which every metric has a value.
func full() *Set {
	return fullOf("", AMI{Configured: true, Up: true, Held: true, LastSync: time.Unix(1_000_000, 0)})
}

// fullOf returns the same with the state of one or several Asterisks.
func fullOf(pbx string, asterisks ...AMI) *Set {
	m := New(Sources{
		Several: len(asterisks) > 1,
		Version: "1.2.3", Now: func() time.Time { return time.Unix(1_000_090, 0) },
		Snapshot: func() Snapshot {
			return Snapshot{Generation: 3, BuiltAt: time.Unix(1_000_000, 0), Restored: true, Phones: map[string]int{pbx: 7}, Lines: 8, Files: 9}
		},
		States: func() map[string]int { return map[string]int{"up_to_date": 5, "refused": 2} },
		AMI:    func() []AMI { return asterisks },
		Ledger: func() Ledger {
			return Ledger{Queued: 1, Comparing: 2, Unsaved: 3, Dropped: 4, Commits: 5, CommitErrors: 6, Lost: 7, StoreBytes: 8, LastCommit: time.Second, StoreOK: true}
		},
		Budgets: func() map[string]Budget { return map[string]Budget{"unknown_macs": {Sources: 2, Spent: 3}} },
		Log:     func() uint64 { return 11 },
	})
	m.Request("desk", 200, "address", false)
	m.Request("desk", 404, "no such phone", true)
	m.Rendered("desk", 3*time.Millisecond)
	m.Synced(pbx, "connect", OK, time.Second)
	m.Asked(pbx, "DB", "ok", time.Millisecond)
	return m
}

func scrape(t *testing.T, m *Set) string {
	t.Helper()
	w := httptest.NewRecorder()
	m.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	if w.Code != 200 {
		t.Fatalf("got %d %s", w.Code, w.Body)
	}
	return w.Body.String()
}

func TestMetrics(t *testing.T) {
	text := scrape(t, full())
	for _, want := range []string{
		`phoneprov_requests_total{profile="desk",reason="address",status="200"} 1`, `phoneprov_refusals_total{reason="no such phone"} 1`,
		`phoneprov_render_seconds_count{profile="desk"} 1`, `phoneprov_syncs_total{result="ok",trigger="connect"} 1`, `phoneprov_snapshot_age_seconds 90`,
		`phoneprov_snapshot_generation 3`, `phoneprov_phones 7`, `phoneprov_lines 8`, `phoneprov_files 9`, `phoneprov_snapshot_restored 1`,
		`phoneprov_phones_by_state{state="refused"} 2`, `phoneprov_ami_up 1`, `phoneprov_sync_held 1`, `phoneprov_function_calls_total{function="DB",result="ok"} 1`,
		`phoneprov_budget_spent_total{budget="unknown_macs"} 3`, `phoneprov_ledger_queue_length 1`, `phoneprov_ledger_dropped_total 4`, `phoneprov_ledger_commits_total 5`,
		`phoneprov_ledger_store_ok 1`, `phoneprov_log_dropped_total 11`, `phoneprov_build_info{version="1.2.3"} 1`,
	} {
		if !strings.Contains(text, "\n"+want+"\n") {
			t.Errorf("there is no %s", want)
		}
	}
}

// Without a snapshot, Asterisk or a ledger, the metrics that would mislead are absent.
func TestMetricsOfNothing(t *testing.T) {
	text := scrape(t, New(Sources{Version: "x", Snapshot: func() Snapshot { return Snapshot{} }, AMI: func() []AMI { return []AMI{{}} }}))
	for _, name := range []string{"phoneprov_snapshot_age_seconds", "phoneprov_ami_up", "phoneprov_ledger_queue_length"} {
		if strings.Contains(text, "\n"+name+" ") {
			t.Errorf("there is %s", name)
		}
	}
}

// A label has a bounded number of values, whatever comes. A client's MAC or address cannot become a value: callers pass
// only texts from the configuration or from fixed lists.
func TestLabelsAreBounded(t *testing.T) {
	m := full()
	for i := range 10 * maxProfiles {
		m.Request(fmt.Sprint("profile", i), 200, fmt.Sprint("reason", i), true)
		m.Rendered(strings.Repeat("x", 1000)+fmt.Sprint(i)+"\xff", time.Second)
		m.Synced("", fmt.Sprint("trigger", i), Failed, 0)
		m.Asked("", fmt.Sprint("F", i), "ok", 0)
	}
	text := scrape(t, m)
	for name, most := range map[string]int{"phoneprov_refusals_total{": maxReasons + 1, "phoneprov_render_seconds_count{": maxProfiles + 1,
		"phoneprov_syncs_total{": maxTriggers + 2, "phoneprov_function_calls_total{": maxFunctions + 1} {
		if got := strings.Count(text, name); got > most {
			t.Errorf("%s: got %d series, want at most %d", name, got, most)
		}
	}
	if strings.Contains(text, strings.Repeat("x", maxLabel+1)) {
		t.Error("a label is too long")
	}
}

var named = regexp.MustCompile(`\b(?:phoneprov|process|go)_[a-z_]+\b`)

// The alerts and the dashboard use only metrics that exist. Each alert has what a person needs.
func TestAlertsAndDashboard(t *testing.T) {
	text := scrape(t, full())
	exists := func(name string) bool {
		return strings.Contains(text, "\n"+name+" ") || strings.Contains(text, "\n"+name+"{")
	}
	dir := filepath.Join("..", "..", "deploy")
	rules, err := os.ReadFile(filepath.Join(dir, "prometheus", "phoneprov.rules.yml"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for line := range strings.Lines(string(rules)) {
		if !strings.Contains(line, "expr:") {
			continue
		}
		for _, name := range named.FindAllString(line, -1) {
			if found++; !exists(name) {
				t.Errorf("an alert names %s, which there is not", name)
			}
		}
	}
	for _, field := range []string{"severity:", "summary:", "description:"} {
		if got, want := strings.Count(string(rules), field), strings.Count(string(rules), "- alert:"); got != want || want == 0 {
			t.Errorf("%d alerts, %d times %s", want, got, field)
		}
	}
	data, err := os.ReadFile(filepath.Join(dir, "grafana", "phoneprov.json"))
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(data, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			names := named.FindAllString(target.Expr, -1)
			if found += len(names); len(names) == 0 {
				t.Errorf("panel %q has no metric", p.Title)
			}
			for _, name := range names {
				if !exists(name) {
					t.Errorf("panel %q names %s, which there is not", p.Title, name)
				}
			}
		}
	}
	if found < 30 {
		t.Errorf("only %d names were found", found)
	}
}

// Prometheus's own tool accepts the alerts, their tests, the scrape configuration, and the answer of /metrics.
func TestPromtool(t *testing.T) {
	oracle.NeedProgram(t, "promtool")
	dir := filepath.Join("..", "..", "deploy", "prometheus")
	checks := [][]string{{"test", "rules", "phoneprov.test.yml"}, {"check", "rules", "phoneprov.rules.yml"}, {"check", "config", "--syntax-only", "prometheus.yml"}}
	for _, args := range checks[:skips.Size(t, len(checks), 1)] { // promtool takes a quarter of a second to start
		cmd := exec.Command("promtool", args...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("promtool %v: %v\n%s", args, err, out)
		}
	}
	cmd := exec.Command("promtool", "check", "metrics")
	cmd.Stdin = strings.NewReader(scrape(t, full()))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}

// Where there are several Asterisks, a label says of which a value is. Where there is one, there is no such label.
func TestMetricsOfSeveral(t *testing.T) {
	text := scrape(t, fullOf("west", AMI{PBX: "east", Configured: true, Up: true}, AMI{PBX: "west", Configured: true, Held: true}, AMI{PBX: "files"}))
	for _, want := range []string{
		`phoneprov_phones{pbx="west"} 7`, `phoneprov_ami_up{pbx="east"} 1`, `phoneprov_ami_up{pbx="west"} 0`, `phoneprov_sync_held{pbx="east"} 0`,
		`phoneprov_sync_held{pbx="west"} 1`, `phoneprov_last_sync_timestamp_seconds{pbx="files"} 0`,
		`phoneprov_syncs_total{pbx="west",result="ok",trigger="connect"} 1`, `phoneprov_function_calls_total{function="DB",pbx="west",result="ok"} 1`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("no %s", want)
		}
	}
	if strings.Contains(text, `phoneprov_ami_up{pbx="files"}`) {
		t.Error("an Asterisk without a manager interface is down")
	}
	if strings.Contains(scrape(t, full()), "pbx") {
		t.Error("one Asterisk has the label")
	}
}
