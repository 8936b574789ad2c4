package provision_test

import (
	"context"
	"errors"
	"flag"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

var update = flag.Bool("update", false, "capture testdata/answers from the real Asterisk anew; the run fails all the same")

// majors are the versions of Asterisk.
var majors = map[string]int{oracle.Forky: 22, oracle.Bullseye: 16}

// loadConfig reads the configuration files of a directory.
func loadConfig(tb testing.TB, dir string) provision.Config {
	tb.Helper()
	config := provision.Config{}
	for name := range config.Files() {
		f, err := (&astconf.Loader{Dir: dir}).Load(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		config[name] = f
	}
	return config
}

// ours renders every route of the rich tree from the files, at a time. With EscapeNone the result must be Asterisk's.
func ours(tb testing.TB, dataDir string, config provision.Config, major int, now time.Time, escape provision.Escape) map[string]oracle.Answer {
	tb.Helper()
	snap, _, err := provision.Build(context.Background(), provision.Input{Config: config, Major: major}, now)
	if err != nil {
		tb.Fatal(err)
	}
	data, err := datadir.Open(dataDir, "")
	if err != nil {
		tb.Fatal(err)
	}
	defer data.Close()
	profiles := map[string]provision.ProfileOptions{}
	for _, rt := range snap.Routes() {
		profiles[rt.Profile().Name] = provision.ProfileOptions{Escape: escape}
	}
	r := provision.NewRenderer(provision.RendererOptions{Data: data, Profiles: profiles})
	answers := map[string]oracle.Answer{}
	for _, rt := range snap.Routes() {
		answers[rt.URI] = answer(tb, r, snap, rt, now)
	}
	return answers
}

// answer returns the third response of a route, which is a remembered one if it can be.
func answer(tb testing.TB, r *provision.Renderer, s *provision.Snapshot, rt *provision.Route, now time.Time) oracle.Answer {
	tb.Helper()
	q := provision.Request{Server: oracle.PlaceholderIP, Now: now}
	for range 2 {
		if doc, err := r.Render(context.Background(), s, rt, q); err == nil {
			doc.Close()
		}
	}
	doc, err := r.Render(context.Background(), s, rt, q)
	switch {
	case errors.Is(err, provision.ErrNotFound):
		return oracle.NewAnswer(404, "", "")
	case err != nil:
		if errors.Is(err, datadir.ErrNoGoodFile) {
			return oracle.NewAnswer(503, "", "")
		}
		return oracle.NewAnswer(500, "", "")
	}
	defer doc.Close()
	body, err := io.ReadAll(doc.Content)
	if err != nil {
		tb.Fatal(err)
	}
	return oracle.NewAnswer(200, doc.MIME, string(body))
}

// TestAnswers compares our files of the trees with Asterisk's captured answers.
func TestAnswers(t *testing.T) {
	for _, tree := range oracle.Trees {
		for _, suite := range oracle.Suites {
			t.Run(string(tree)+"/"+suite, func(t *testing.T) {
				theirs := tree.LoadAnswers(t, suite)
				tree.Compare(t, theirs.ByURI, ours(t, tree.Data(), loadConfig(t, tree.Config()), majors[suite], theirs.Captured, provision.EscapeNone))
			})
		}
	}
}

// escapedLines are the lines of the trees that escaping changes, by URI: lines with a special character in a value.
var escapedLines = map[string][2]string{
	"0004f2000104-directory": {"<f>O'Neil & Co</f>", "<f>O&apos;Neil &amp; Co</f>"},
	"00:15:65:aa:00:07.xml":  {"<label>a phone's own wins</label>", "<label>a phone&apos;s own wins</label>"},
}

// TestEscapeSame: escaping changes no file but those with a special character in a value.
func TestEscapeSame(t *testing.T) {
	for _, tree := range oracle.Trees {
		now := tree.LoadAnswers(t, oracle.Forky).Captured
		none := ours(t, tree.Data(), loadConfig(t, tree.Config()), majors[oracle.Forky], now, provision.EscapeNone)
		auto := ours(t, tree.Data(), loadConfig(t, tree.Config()), majors[oracle.Forky], now, provision.EscapeAuto)
		for uri, want := range none {
			if line, ok := escapedLines[uri]; ok {
				if !strings.Contains(want.Body, line[0]) {
					t.Errorf("%s: no %s in it", uri, line[0])
				}
				want.Body = strings.ReplaceAll(want.Body, line[0], line[1])
			}
			if got := auto[uri]; got != want {
				t.Errorf("%s: got %+v, want %+v", uri, got, want)
			}
		}
	}
}

// TestAnswersOracle compares with the real Asterisk.
func TestAnswersOracle(t *testing.T) {
	for _, tree := range oracle.Trees {
		for _, suite := range oracle.Suites {
			t.Run(string(tree)+"/"+suite, func(t *testing.T) {
				t.Parallel()
				a := oracle.Start(t, tree.Options(suite))
				now := time.Now()
				got := ours(t, a.DataDir, loadConfig(t, a.ConfigDir), majors[suite], now, provision.EscapeNone)
				theirs := a.FetchAll(t, slices.Collect(maps.Keys(got)))
				if *update {
					tree.SaveAnswers(t, suite, oracle.Answers{Captured: now, ByURI: theirs})
					t.Errorf("captured %d answers; look at the difference, and run again without -update", len(theirs))
				}
				tree.Compare(t, theirs, got)
			})
		}
	}
}
