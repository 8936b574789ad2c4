package astconf

import (
	"flag"
	"os"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/rogpeppe/go-internal/txtar"
)

var update = flag.Bool("update", false, "capture the goldens from the real Asterisk; the run fails all the same")

const goldenFile = "testdata/golden.txtar"

// goldens has Asterisk 22's answer to a row under the row's name. Where Asterisk 16 answers differently, its answer is
// under the name with bullseyeMark.
type goldens map[string]string

const bullseyeMark = " @bullseye"

func readGoldens(tb testing.TB) goldens {
	tb.Helper()
	archive, err := txtar.ParseFile(goldenFile)
	if err != nil {
		tb.Fatal(err)
	}
	g := goldens{}
	for _, f := range archive.Files {
		g[f.Name] = string(f.Data)
	}
	return g
}

func (g goldens) of(r row, suite string) (string, bool) {
	if suite == oracle.Bullseye {
		if want, ok := g[key(r)+bullseyeMark]; ok {
			return want, true
		}
	}
	want, ok := g[key(r)]
	return want, ok
}

// key returns a name that txtar can store.
func key(r row) string { return strconv.QuoteToASCII(r.name) }

// TestCorpus compares our tree with the captured answer of Asterisk 22.
func TestCorpus(t *testing.T) {
	want := readGoldens(t)
	seen := map[string]bool{}
	for _, r := range corpus() {
		t.Run(key(r), func(t *testing.T) {
			if seen[key(r)] {
				t.Fatalf("two rows of that name")
			}
			seen[key(r)] = true
			got := tree(r.files().loader().Load(main))
			expect, ok := want.of(r, oracle.Forky)
			if r.why != "" {
				if ok && r.ours == expect {
					t.Errorf("is no difference any more: %s", r.why)
				}
				expect, ok = r.ours, true
			}
			if !ok {
				t.Fatalf("no golden: run with -update")
			}
			if diff := cmp.Diff(expect, got); diff != "" {
				t.Errorf("files %.500q: -asterisk +ours\n%.2000s", r.files(), diff)
			}
		})
	}
}

// TestCorpusLive compares Asterisk's answers with the goldens, and with what we read from the same disk.
func TestCorpusLive(t *testing.T) {
	captured := goldens{}
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) { corpusLive(t, suite, captured) })
	}
	if *update && !t.Failed() && len(captured) > 0 {
		writeGoldens(t, captured)
		t.Errorf("goldens were updated: look at them and run again without -update")
	}
}

func corpusLive(t *testing.T, suite string, captured goldens) {
	want := goldens{}
	if !*update {
		want = readGoldens(t)
	}
	live := startLive(t, suite)
	for _, r := range corpus() {
		if r.hangs {
			continue
		}
		got := live.ask(t, r.files())
		if *update {
			if suite == oracle.Forky {
				captured[key(r)] = got
			} else if captured[key(r)] != got {
				captured[key(r)+bullseyeMark] = got
			}
			continue
		}
		if expect, _ := want.of(r, suite); got != expect {
			t.Errorf("%s: golden is not what Asterisk says: -golden +asterisk\n%.2000s", key(r), cmp.Diff(expect, got))
		}
		if suite == oracle.Forky && r.why == "" {
			if ours := live.ours(); ours != got {
				t.Errorf("%s: -asterisk +ours from disk\n%.2000s", key(r), cmp.Diff(got, ours))
			}
		}
	}
}

func writeGoldens(t *testing.T, g goldens) {
	t.Helper()
	archive := &txtar.Archive{Comment: []byte("What Asterisk 22 says to the rows of the corpus, and 16 where it differs. Captured by go test -run Live -update.\n")}
	for _, r := range corpus() {
		for _, name := range []string{key(r), key(r) + bullseyeMark} {
			if text, ok := g[name]; ok {
				archive.Files = append(archive.Files, txtar.File{Name: name, Data: []byte(text)})
			}
		}
	}
	if err := os.MkdirAll("testdata", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goldenFile, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
