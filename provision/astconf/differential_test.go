package astconf

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

var (
	fuzzSeed  = flag.Uint64("astconf.seed", 0, "seed of the differential fuzz run; 0 takes a new one")
	fuzzCases = flag.Int("astconf.cases", 1000, "cases of the differential fuzz run, for each Asterisk")
)

// TestDifferential compares our trees of random files with those of the real Asterisk.
func TestDifferential(t *testing.T) {
	seed := oracle.Seed(t, *fuzzSeed)
	t.Logf("run again with -astconf.seed=%d", seed)
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			live := startLive(t, suite)
			g := generator{rand.New(rand.NewPCG(seed, 0))}
			counts := map[string]int{}
			for i := range *fuzzCases {
				f := g.files()
				verdict, diff := live.compare(t, f, suite)
				counts[verdict]++
				if diff != "" {
					small := live.shrink(t, f, suite)
					_, diff = live.compare(t, small, suite)
					t.Fatalf("seed %d, case %d: files %q, shrunk to\n%q\n-asterisk +ours\n%s", seed, i, f, small, diff)
				}
			}
			t.Logf("seed %d: %v", seed, counts)
			if counts["loaded"] < *fuzzCases/4 || counts["refused"] < *fuzzCases/20 {
				t.Errorf("the generator has lost its balance: %v", counts)
			}
		})
	}
}

// compare compares our tree with Asterisk's. diff is empty if they agree.
func (l *live) compare(t *testing.T, f files, suite string) (verdict, diff string) {
	loaded, err := f.loader().Load(main)
	if errors.Is(err, ErrLimit) {
		return "skipped", "" // Asterisk would not answer
	}
	if suite == oracle.Bullseye && emptyFilter(f) {
		return "skipped", "" // 16 refuses these: see the rows "filter foo=" and "filter ="
	}
	if absoluteInclude(f) {
		return "skipped", "" // the file may be in Asterisk's container only, as /.dockerenv is
	}
	ours, theirs := tree(loaded, err), l.ask(t, f)
	if ours != theirs {
		return "different", cmp.Diff(theirs, ours) + "."
	}
	if disk := l.ours(); disk != theirs {
		return "different", "from disk: " + cmp.Diff(theirs, disk) + "."
	}
	if theirs == refused {
		return "refused", ""
	}
	return "loaded", ""
}

// emptyFilter reports whether a file may have a (+x=).
func emptyFilter(f files) bool {
	for _, text := range f {
		for line := range strings.Lines(text) {
			if _, options, ok := strings.Cut(line, "("); ok && (strings.Contains(options, "=)") || strings.Contains(options, "=,")) {
				return true
			}
		}
	}
	return false
}

var includeOfRoot = regexp.MustCompile(`(?i)include\W*/\S*`)

// absoluteInclude reports whether an include may look outside of the configuration directory.
func absoluteInclude(f files) bool {
	for _, text := range f {
		for _, include := range includeOfRoot.FindAllString(text, -1) {
			if !strings.HasPrefix(include[strings.IndexByte(include, '/'):], etc+"/") {
				return true
			}
		}
	}
	return false
}

// shrink drops files and lines while the two trees still differ.
func (l *live) shrink(t *testing.T, f files, suite string) files {
	for again := true; again; {
		again = false
		for name, text := range f {
			lines := slices.Collect(strings.Lines(text))
			for i := range lines {
				smaller := files{}
				for k, v := range f {
					smaller[k] = v
				}
				smaller[name] = strings.Join(slices.Delete(slices.Clone(lines), i, i+1), "")
				if _, diff := l.compare(t, smaller, suite); diff != "" {
					f, again = smaller, true
					break
				}
			}
			if again {
				break
			}
		}
	}
	for name, text := range f {
		if text == "" && name != main {
			smaller := files{}
			for k, v := range f {
				if k != name {
					smaller[k] = v
				}
			}
			if _, diff := l.compare(t, smaller, suite); diff != "" {
				f = smaller
			}
		}
	}
	return f
}

// TestGeneratorIsDeterministic: the printed seed gives the same files again.
func TestGeneratorIsDeterministic(t *testing.T) {
	a, b := generator{rand.New(rand.NewPCG(7, 0))}, generator{rand.New(rand.NewPCG(7, 0))}
	for range 20 {
		if x, y := fmt.Sprintf("%q", a.files()), fmt.Sprintf("%q", b.files()); x != y {
			t.Fatalf("got %s and %s of the same seed", x, y)
		}
	}
}
