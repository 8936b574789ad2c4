package dialplan

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// generator makes meaningful templates with odd arguments. At depth 0 nothing is nested.
type generator struct {
	*rand.Rand
	functions []string // functions that it calls
	arguments map[string]arguments
}

// newGenerator returns a generator for one case, so that a case does not depend on the cases before it.
func newGenerator(seed uint64, number int, functions []string) *generator {
	return &generator{rand.New(rand.NewPCG(seed, uint64(number))), functions, generated()}
}

// maxNesting is how deep templates nest. Real ones nest three deep.
const maxNesting = 4

// one returns true once in n times.
func (g *generator) one(n int) bool { return g.IntN(n) == 0 }

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) template() string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(g.piece(1 + g.IntN(maxNesting)))
	}
	s := b.String()
	if g.one(16) {
		s = g.unbalance(s)
	}
	if s == "" {
		return "x"
	}
	return s
}

// unbalance inserts a bracket or removes a byte.
func (g *generator) unbalance(s string) string {
	at := g.IntN(len(s) + 1)
	if at < len(s) && g.one(3) {
		return s[:at] + s[at+1:]
	}
	return s[:at] + g.pick("{", "}", "[", "]", "(", ")", "$", "${", "$[", "}}", "))", `"`, `\`, ":", ",", "?", "::", " ", "\n") + s[at:]
}

func (g *generator) piece(depth int) string {
	switch n := g.IntN(10); {
	case depth <= 0 || n < 2:
		return g.text()
	case n < 4:
		return "${" + g.name(depth) + g.slice(depth) + "}"
	case n < 8:
		return "${" + g.call(depth) + g.slice(depth) + "}"
	default:
		return "$[" + g.expr(depth) + "]"
	}
}

func (g *generator) text() string {
	if g.one(60) {
		return g.long()
	}
	return g.pick("a", "b c", " ", "x.y", "12", "007", "3.50", "-1", "Zoë", `"`, `"q q"`, `\`, `\\`, "$", "$$", "#", "a,b", "(p)",
		"k=v", "<e/>", "&amp;", "%20", ";", "'", "", "", "alpha", "ABC", "é", "\t", "0", "1", "€𝄞", "ß", "a\nb", "\r\n", "[x]", "a:b", "a-b",
		"{x}", `\n`, `\x41`, `"a,b"`, `a\,b`, "a|b", "a&b", "~", "*", "Hello World", "0x1F", "1e3", "  a  ", "١", "e\u0301", "\ufeff")
}

// long returns lengths around the sizes of C's buffers, except where Asterisk cuts values.
func (g *generator) long() string {
	unit := g.pick("a", "ab ", "é", "0123456789", "x,y", "1")
	return strings.Repeat(unit, []int{16, 17, 64, 80, 100, 128, 200, 256, 300, 512, 700, 1024}[g.IntN(12)]/len(unit))
}

// name makes the name of a variable.
func (g *generator) name(depth int) string {
	switch {
	case depth > 1 && g.one(8):
		return g.pick("${NAMEA}", "${UNK}", "${A}", "${REF}", "${FN}(a)", "${CALL}", "${LABEL}", "${NAMEA}${UNK}", "${"+g.call(depth-1)+"}")
	case g.one(12):
		return g.pick("UNK", "a", "", " A", "A ", "A.1", "LABEL", "DISPLAY_NAME", "SECRET", "MAC", "A)", "A}", "{A}", "A[1]", "TOUPPER", "é")
	}
	return facts[g.IntN(len(facts))][0]
}

func (g *generator) slice(depth int) string {
	if !g.one(3) {
		return ""
	}
	s := ":" + g.offset(depth)
	if g.one(2) {
		s += ":" + g.offset(depth)
	}
	if g.one(20) {
		s += g.pick(":", ":1", "x", " ", ")", "(", "(1)")
	}
	return s
}

func (g *generator) offset(depth int) string {
	if depth > 1 && g.one(6) {
		return g.pick("${TRUE}", "${NEG}", "$[1+1]", "${UNK}", "${LEN(ab)}", "$[0-2]", "-${TRUE}", "${FLT}", "${REF}", "$["+g.expr(depth-1)+"]")
	}
	return g.pick("0", "1", "2", "3", "5", "-1", "-2", "-4", "20", "-20", "", "x", " 1", "1 ", "+1", "01", "- 1", "--1", "1.5", "0x2",
		"2147483647", "2147483648", "-2147483648", "4294967295", "99999999999999999999", "\t1", "\n1", "\u00a01", "1-", "-")
}

// value makes an argument.
func (g *generator) value(depth int) string {
	switch {
	case g.one(2):
		return g.text()
	case g.one(3):
		return g.text() + g.piece(depth-1)
	}
	return g.piece(depth - 1)
}

func (g *generator) delimiter() string {
	return g.pick(":", `\,`, `","`, " ", "-", "a", "|", `\t`, `\\x61`, ".", "", "l", `"`, `\"`, `\\`, `\\\\`, `\\n`, `\\054`, "&", "é", `" "`, ",", "${NAMEA}")
}

// call makes a function call without its ${}.
func (g *generator) call(depth int) string {
	name := g.functions[g.IntN(len(g.functions))]
	make := g.arguments[name]
	if make == nil {
		make = anyArguments
	}
	args := make(g, depth)
	switch g.IntN(60) {
	case 0:
		return name + "(" + args // no end
	case 1:
		return name // no arguments
	case 2:
		return name + "()"
	case 3:
		return name + "(" + args + ")" + g.text()
	case 4:
		return name + "${UNK}(" + args + ")"
	case 5:
		return name[:1] + "${UNK}" + name[1:] + "(" + args + ")"
	case 6:
		return " " + name + "(" + args + ")"
	case 7:
		return name + " (" + args + ")"
	}
	return name + "(" + args + ")"
}

// list joins arguments. Sometimes there is one too few or too many, or one is quoted, escaped or empty.
func (g *generator) list(args ...string) string {
	args = slices.Clone(args)
	if at := g.IntN(len(args)); g.one(4) {
		switch g.IntN(7) {
		case 0:
			args = args[:at]
		case 1:
			args = append(args, g.text())
		case 2:
			args[at] = `"` + args[at] + `"`
		case 3:
			args[at] = ""
		case 4:
			args[at] = `\` + args[at]
		case 5:
			args[at] = g.pick(" ", "(", "[", `"`) + args[at] + g.pick(" ", ")", "]", `"`)
		case 6:
			args[at] += g.unbalance("")
		}
	}
	return strings.Join(args, ",")
}

// TestGenerator: the differential test calls every native function but those left out, uses every operator, and makes
// the same case of the same numbers.
func TestGenerator(t *testing.T) {
	cases := skips.Size(t, 5_000, 2_000)
	functions := generatedFunctions()
	for name := range notGenerated {
		if !Known(name) || slices.Contains(functions, name) {
			t.Errorf("%s is no native function", name)
		}
	}
	for name := range generated() {
		if !slices.Contains(functions, name) {
			t.Errorf("%s has arguments and is not called", name)
		}
	}
	j := judged{getvar: func(testing.TB, string) string { return "" }}
	called, open := map[string]bool{}, 0
	var inside strings.Builder
	for i := range cases {
		in := newGenerator(1, i, functions).template()
		if again := newGenerator(1, i, functions).template(); again != in {
			t.Fatalf("case %d: %q, then %q", i, in, again)
		}
		a := j.expand(t, in)
		for _, c := range a.calls {
			called[c.Name] = true
		}
		inside.WriteString(strings.Join(a.expressions, "\n"))
		if !ends(in) {
			open++
		}
	}
	for _, name := range functions {
		if !called[name] {
			t.Errorf("%s is never called", name)
		}
	}
	for _, op := range strings.Fields("| & || && = == != < > <= >= + - * / % ! : =~ ~~ ? :: ( ) \"") {
		if !strings.Contains(inside.String(), op) {
			t.Errorf("no expression has %s", op)
		}
	}
	if open < cases/100 || open > cases/4 {
		t.Errorf("%d of %d cases have an open bracket", open, cases)
	}
}
