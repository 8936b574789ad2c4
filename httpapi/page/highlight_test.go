package page

import (
	"html"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/words"
)

func TestHighlight(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, text, want string }{
		{"empty", "", ""},
		{"comment", "# a=b\n", `<span class="x-note"># a=b</span>` + "\n"},
		{"pair", "a.b = <c>\n", `<span class="x-name">a.b</span> = <span class="x-value">&lt;c&gt;</span>` + "\n"},
		{"section", "[x]\n", `<span class="x-section">[x]</span>` + "\n"},
		{"mask", "p = <secret>", `<span class="x-name">p</span> = <span class="x-value"><span class="x-secret">&lt;secret&gt;</span></span>`},
		{"mask first", "<secret> x", `<span class="x-secret">&lt;secret&gt;</span> x`},
		{"plain", "hello & bye", "hello &amp; bye"},
		{"xml", `<a b="c&quot;">d</a>`, `<span class="x-tag">&lt;a</span> <span class="x-name">b</span>=<span class="x-value">&#34;c&amp;quot;&#34;</span><span class="x-tag">&gt;</span><span class="x-text">d</span><span class="x-tag">&lt;/a</span><span class="x-tag">&gt;</span>`},
		{"xml comment", `<!-- <a> -->`, `<span class="x-note">&lt;!-- &lt;a&gt; --&gt;</span>`},
		{"xml mask", `<p>&lt;secret&gt;</p>`, `<span class="x-tag">&lt;p</span><span class="x-tag">&gt;</span><span class="x-text"><span class="x-secret">&lt;secret&gt;</span></span><span class="x-tag">&lt;/p</span><span class="x-tag">&gt;</span>`},
		{"broken xml", `<a <b`, `<span class="x-text">&lt;a &lt;b</span>`},
		{"direction", "a = \u202eb", `<span class="x-name">a</span> = <span class="x-value">` + "\ufffdb</span>"},
	} {
		if got := string(highlight(row.text)); got != row.want {
			t.Errorf("%s: got %s, want %s", row.name, got, row.want)
		}
	}
	if got := highlight(strings.Repeat("x", maxPreview+1)); len(got) > maxPreview+10 || !strings.HasSuffix(string(got), "…") {
		t.Errorf("a long file: got %d bytes", len(got))
	}
}

var tags = regexp.MustCompile(`</?span(?: class="x-[a-z]+")?>`)

// Without its tags, the HTML is the text: nothing of a file can be a tag, and nothing is lost.
func FuzzHighlight(f *testing.F) {
	for _, text := range []string{"", "a=b\n[c]\n#d", `<a b="c">d<!--e--></a>`, "<secret>", "<a>&lt;secret&gt;</a>", "<a b='<c'>", "</span><span class=\"x-tag\">", "<!--", "\x00\u202e"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > maxPreview {
			return
		}
		for what, shown := range map[string]string{"highlight": string(highlight(text)), "diff": string(highlightDiff(text))} {
			plain := tags.ReplaceAllString(shown, "")
			if strings.ContainsAny(plain, "<>") {
				t.Errorf("%s: %q has a tag: %q", what, text, plain)
			}
			want := strings.ReplaceAll(visibleText(strings.ToValidUTF8(text, "\ufffd")), maskXML, maskText)
			if what == "diff" {
				want = strings.TrimSuffix(want, "\n")
			}
			if got := html.UnescapeString(plain); strings.ReplaceAll(got, "\ufffd", "") != strings.ReplaceAll(html.UnescapeString(escaped(want)), "\ufffd", "") {
				t.Errorf("%s: got %q, want %q", what, got, want)
			}
		}
	})
}

// escaped escapes a text, so that html.UnescapeString gives it back.
func escaped(text string) string { return html.EscapeString(text) }

// The chart and its table have the same numbers.
func TestChart(t *testing.T) {
	begin := time.Date(2026, 1, 2, 3, 30, 0, 0, time.UTC)
	var parts []ledger.DayPart
	half, all := 0.5, 1.0
	for i := range 96 {
		parts = append(parts, ledger.DayPart{At: begin.Add(time.Duration(i) * 15 * time.Minute), Fetches: i, Refusals: i % 2})
		switch {
		case i > 90:
			parts[i].Share = &all
		case i > 10:
			parts[i].Share = &half
		}
	}
	c := chartOf(words.English(), parts)
	fetches, refusals := 0, 0
	for _, h := range c.Hours {
		fetches += h.Fetches
		refusals += h.Refusals
	}
	if fetches != 95*96/2 || refusals != 48 || len(c.Hours) != 25 || c.Hours[0].Percent != "100 %" || c.Hours[24].Percent != "" {
		t.Errorf("got %d fetches, %d refusals in %d hours: %+v", fetches, refusals, len(c.Hours), c.Hours[0])
	}
	svg := string(c.SVG)
	for what, want := range map[string]int{`class="fetch"`: 95, `class="refusal"`: 48, "<script": 0, "NaN": 0, "Inf": 0} {
		if got := strings.Count(svg, what); got != want {
			t.Errorf("%s: got %d, want %d", what, got, want)
		}
	}
	if !strings.Contains(svg, "Fetches: 4560. Refusals: 48. Up to date now: 100 %.") {
		t.Error("the picture does not say what it shows")
	}
	for _, none := range [][]ledger.DayPart{nil, {{}}} {
		if got := string(chartOf(words.English(), none).SVG); strings.Contains(got, "NaN") || !strings.Contains(got, "</svg>") {
			t.Errorf("without parts: got %s", got)
		}
	}
	for n, want := range map[int]int{1: 2, 2: 2, 3: 4, 5: 10, 11: 20, 99: 100, 101: 200} {
		if got := roundUp(n); got != want {
			t.Errorf("roundUp(%d): got %d, want %d", n, got, want)
		}
	}
	for share, want := range map[float64]string{0: "0 %", 0.999: "99 %", 1: "100 %", 0.004: "0 %"} {
		if got := percent(share); got != want {
			t.Errorf("percent(%v): got %s, want %s", share, got, want)
		}
	}
	if got := short(5) + " " + short(0) + " " + short(20000) + " " + short(2e6); got != "5 0 20k 2M" {
		t.Errorf("short: got %s", got)
	}
}
