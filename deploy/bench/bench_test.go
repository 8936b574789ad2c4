package main

import (
	"errors"
	"math"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

func TestOptions(t *testing.T) {
	for _, tt := range []struct {
		name, args, want string
	}{
		{"defaults", "", ""},
		{"rows", "--rows rendered,binary --phones 1000 --seconds 1", ""},
		{"no such row", "--rows rendered,x", `no row "x": want some of `},
		{"an empty row", "--rows rendered,", `no row "": want some of `},
		{"too few", "--phones 99", "want at least 100 phones"},
		{"too many", "--phones 16777217", "want at least 100 phones"},
		{"too short", "--seconds 0.5", "want at least"},
		{"an argument", "x", "and no arguments"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := parseOptions(strings.Fields(tt.args))
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestRowNames(t *testing.T) {
	var names []string
	for _, r := range rows() {
		names = append(names, r.name)
	}
	if !slices.Equal(names, rowNames()) {
		t.Errorf("rows %q, names %q", names, rowNames())
	}
}

func TestTable(t *testing.T) {
	lines := []line{
		{row{name: "a", what: "x|y"}, outcome{cells: [4]string{"1/s"}, checks: []check{atLeast("of chi", 0.9, 0.9), atLeast("of Asterisk", 1.994, 2)}}, nil},
		{row{name: "b", what: "z"}, outcome{checks: []check{atMost("p99", 51, 50, "ms"), atMost("errors:", 0, 0, "errors"), not("of chi", missing("no docker"))}}, nil},
		{row{name: "c", what: "w"}, outcome{}, errors.New("it\nbroke")},
	}
	want := `| row | what | phoneprov | bare chi | nginx | Asterisk | result | target | met |
|---|---|---|---|---|---|---|---|---|
| a | x\|y | 1/s |  |  |  | of chi 0.90<br>of Asterisk 1.99 | ≥ 0.90<br>≥ 2.00 | yes<br>**no** |
| b | z |  |  |  |  | p99 51 ms<br>errors: 0 errors<br>of chi: no docker | ≤ 50 ms<br>≤ 0 errors<br> | **no**<br>yes<br>not run |
| c | w |  |  |  |  | not run: it broke |  | not run |
`
	if got := table(lines); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestCheck(t *testing.T) {
	for _, tt := range []struct {
		check check
		met   bool
	}{
		{atLeast("", 1, 1), true}, {atLeast("", 0.999, 1), false}, {atMost("", 1, 1, ""), true}, {atMost("", 1.001, 1, ""), false},
		{atLeast("", math.NaN(), 1), false}, {atMost("", math.NaN(), 1, ""), false},
	} {
		if tt.check.met() != tt.met {
			t.Errorf("%+v: got %v", tt.check, !tt.met)
		}
	}
}

func TestNumbers(t *testing.T) {
	for got, want := range map[string]string{
		number(0.666, ""): "0.67", number(50, "ms"): "50 ms", number(1234.5, "ms"): "1234 ms", number(0.1234, "ms"): "0.123 ms", number(12.34, "MB"): "12.3 MB",
		thousands(7): "7", thousands(1234): "1,234", thousands(1234567): "1,234,567",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestMedians(t *testing.T) {
	if got := medianOf([]float64{9, 1, 5}); got != 5 {
		t.Errorf("of three: %v", got)
	}
	if got := medianTime([]time.Duration{8, 2, 4, 100}); got != 6 {
		t.Errorf("of four: %v", got)
	}
	if got := medianOf(nil); got != 0 {
		t.Errorf("of none: %v", got)
	}
	got := medians([]measure{
		{rate: 10, usage: usage{time.Second, 5}, time: 2 * time.Second},
		{rate: 30, usage: usage{3 * time.Second, 9}, time: 2 * time.Second},
		{rate: 20, usage: usage{2 * time.Second, 7}, time: 2 * time.Second},
	})
	if got.rate != 20 || got.cpu() != 1 || got.usage.rss != 9 {
		t.Errorf("got %+v, %v CPUs", got, got.cpu())
	}
}

func TestReport(t *testing.T) {
	got, err := parseReport("Running 1s test\n  Requests/sec: 7\nreport 1200 2000000 7200000 3\n")
	if want := (report{1200, 7200000, 3, 2 * time.Second}); err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for _, out := range []string{"", "report", "report 1 2", "report 1 0 1 1", "report x 2 3 4"} {
		if _, err := parseReport(out); err == nil {
			t.Errorf("%q: no error", out)
		}
	}
}

func TestSyncLine(t *testing.T) {
	for line, want := range map[string]time.Duration{
		`{"level":"info","trigger":"SIGHUP","duration_ms":12.5,"phones":8,"changed":7,"message":"synced"}` + "\n": 12500 * time.Microsecond,
		`{"level":"info","duration_ms":12.5,"message":"request"}` + "\n":                                          -1,
		`{"duration_ms":"x","message":"synced"}` + "\n":                                                           -1,
	} {
		got, changed, ok := syncLine([]byte(line))
		if ok != (want >= 0) || ok && (got != want || changed != 7) {
			t.Errorf("%s: got %v, %d, %v", line, got, changed, ok)
		}
	}
}

func TestProc(t *testing.T) {
	stat := "42 (a) b (c)) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 7 7 20 0 1 0 1 1 1"
	if got := cpuOf(stat); got != 2*time.Second {
		t.Errorf("CPU: got %v", got)
	}
	if got := rssOf("VmHWM:\t 9 kB\nVmRSS:\t    1024 kB\nRssAnon: 1 kB\n"); got != 1<<20 {
		t.Errorf("RSS: got %d", got)
	}
	if got := (cpuOf("") + cpuOf("1 (x) S")) + time.Duration(rssOf("")); got != 0 {
		t.Errorf("of nothing: got %d", got)
	}
	if u := usageOf(os.Getpid()); u.rss < 1<<20 {
		t.Errorf("of the test itself: got %+v", u)
	}
}

// A phone that boots sends its five requests one after the other, a third of all are uploads and unknown names, and no two
// phones share a source.
func TestBootRequest(t *testing.T) {
	const phones = 3 * bootBlock
	s := &server{address: "127.0.0.1:1"}
	of := map[string]int{}
	others := 0
	for i := range phones * bootRequests {
		q := bootRequest(s, phones, i)
		of[q.Source.String()]++
		if q.Want != 200 {
			others++
		}
	}
	if len(of) != phones {
		t.Errorf("%d sources, want %d", len(of), phones)
	}
	for source, n := range of {
		if n != bootRequests {
			t.Errorf("%s sends %d requests", source, n)
		}
	}
	if third := phones * bootRequests / 3; others != third {
		t.Errorf("%d uploads and unknown names, want %d", others, third)
	}
}

func TestWriteAsterisk(t *testing.T) {
	dir := t.TempDir()
	if err := tree.WriteConfig(dir, 100, "Desk"); err != nil {
		t.Fatal(err)
	}
	a := &asterisk{server: server{address: "127.0.0.1:18088"}, ami: "127.0.0.1:15038"}
	if err := writeAsterisk(dir, "../..", a); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"http.conf": "bindaddr=127.0.0.1\nbindport=18088\nsessionlimit=500\n", "manager.conf": "bindaddr=127.0.0.1\nport=15038\n",
		"modules.conf": "load = res_phoneprov.so", "users.conf": "username=000099", "pjsip.conf": "[general]\n", "phoneprov.conf": "[bench]",
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v: want %q in it", name, err, want)
		}
		if strings.Contains(string(text), slowModule) {
			t.Errorf("%s loads a slow module", name)
		}
	}
}

// The client is tried on the AMI of the demo.
func TestAMI(t *testing.T) {
	dir := t.TempDir()
	if err := tree.WriteConfig(dir, 100, "Desk"); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	server := amiserver.New(amiserver.Options{Username: amiUser, Secret: amiSecret, Dir: dir})
	go func() { served <- server.Serve(l) }()
	defer func() {
		server.Close()
		<-served
	}()
	c, err := dialAMI(&asterisk{ami: l.Addr().String()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.close()
	if _, err := c.do("GetConfig", "Filename: users.conf"); err != nil {
		t.Error(err)
	}
	if _, err := c.do("GetConfig", "Filename: none.conf"); err == nil || !strings.Contains(err.Error(), "asterisk answers GetConfig") {
		t.Errorf("a missing file: got %v", err)
	}
	server.Reload("res_phoneprov.so")
	if _, err := c.await("Event: Reload"); err != nil {
		t.Error(err)
	}
}
