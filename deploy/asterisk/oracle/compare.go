package oracle

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// Compare fails the test for every URI whose answers differ. Where there is a Difference, our answer must be the one in
// the tree's answers/ours.txtar, and must differ from Asterisk's in exactly what the Difference names.
func (t Tree) Compare(tb testing.TB, theirs, ours map[string]Answer) {
	tb.Helper()
	expected := t.LoadAnswers(tb, "ours").ByURI
	on := map[string]Difference{}
	for _, d := range Differences {
		for _, uri := range d.URIs[t] {
			on[uri] = d
		}
	}
	for _, uri := range slices.Sorted(maps.Keys(ours)) {
		d, differs := on[uri]
		switch {
		case !differs:
			same(tb, uri, "asterisk", theirs[uri], ours[uri])
		case theirs[uri] == ours[uri]:
			tb.Errorf("%s: no difference any more: %s", uri, d.Why)
		case d.Kind == Whole:
			same(tb, uri, "ours.txtar", expected[uri], ours[uri])
		case d.Kind == Type:
			changed := theirs[uri]
			changed.MIME = expected[uri].MIME
			same(tb, uri, "asterisk but for the type", changed, ours[uri])
		case d.Kind == Order:
			same(tb, uri, "asterisk in another order", sorted(theirs[uri]), sorted(ours[uri]))
		}
	}
	for uri := range theirs {
		if _, ok := ours[uri]; !ok && theirs[uri].Status == 200 {
			tb.Errorf("%s: asterisk serves it, we do not", uri)
		}
	}
}

func same(tb testing.TB, uri, whose string, want, got Answer) {
	tb.Helper()
	if got == want {
		return
	}
	if got.Status != want.Status || got.MIME != want.MIME {
		tb.Errorf("%s: got %d %q, want %d %q (%s)", uri, got.Status, got.MIME, want.Status, want.MIME, whose)
	}
	gotLines, wantLines := strings.SplitAfter(got.Body, "\n"), strings.SplitAfter(want.Body, "\n")
	for i := range max(len(gotLines), len(wantLines)) {
		if g, w := line(gotLines, i), line(wantLines, i); g != w {
			tb.Errorf("%s:%d: got %q, want %q (%s)", uri, i+1, g, w, whose)
		}
	}
}

func line(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return ""
}

func sorted(a Answer) Answer {
	lines := strings.SplitAfter(a.Body, "\n")
	slices.Sort(lines)
	a.Body = strings.Join(lines, "")
	return a
}

// CompareLines fails the test unless two answers have the same lines, in any order. Double quotes do not count, because
// our PP_EACH_USER keeps those that Asterisk drops.
func CompareLines(tb testing.TB, uri string, theirs, ours Answer) {
	tb.Helper()
	unquoted := func(a Answer) Answer {
		a.Body = strings.ReplaceAll(a.Body, `"`, "")
		return sorted(a)
	}
	same(tb, uri, "asterisk, quotes and order aside", unquoted(theirs), unquoted(ours))
}
