package astconf

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// generator makes random configurations. Most are nearly valid, because a broken file tests little.
type generator struct{ *rand.Rand }

func (g generator) pick(from ...string) string { return from[g.IntN(len(from))] }

// one returns true once in n times.
func (g generator) one(n int) bool { return g.IntN(n) == 0 }

func (g generator) files() files {
	f := files{main: g.text(2+g.IntN(16), true)}
	for _, name := range []string{"inc.conf", "d/a.conf", "d/b.conf", "d/.c.conf", "d/e/f"} {
		if !g.one(3) {
			f[name] = g.text(g.IntN(6), g.one(2))
		}
	}
	return f
}

func (g generator) text(lines int, withCategory bool) string {
	var out strings.Builder
	if g.one(20) {
		out.WriteString(utf8BOM)
	}
	if withCategory && !g.one(20) {
		out.WriteString(g.pick("[a]\n[b]\nx=1\n[t](!)\ny=2\n", "[t](!)\nx=1\nx=2\n[a](t)\n", "[a]\n", g.category(true)+"\n"))
	}
	for range lines {
		out.WriteString(g.mangle(g.line()))
		if !g.one(60) {
			out.WriteString(g.pick("\n", "\n", "\n", "\n", "\r\n", "\n\n"))
		}
	}
	return out.String()
}

func (g generator) line() string {
	switch n := g.IntN(40); {
	case n < 18:
		return g.variable()
	case n < 26:
		return g.category(false)
	case n < 30:
		return g.comment()
	case n < 34:
		return g.directive()
	case n < 36:
		return g.noise(12)
	case n < 37 && g.one(4):
		return "x=" + strings.Repeat("v", maxLine-8+g.IntN(12))
	}
	return g.variable() + g.comment()
}

func (g generator) name() string {
	if g.one(30) {
		return strings.Repeat("n", 76+g.IntN(8))
	}
	return g.pick("a", "a", "b", "b", "c", "A", "t", "t", "", "a b", " a", "a ", "ü", "x", "[a", "a\\", "+", "!", "a-b")
}

func (g generator) space() string { return g.pick("", "", "", " ", "  ", "\t", "\x01", "\v") }

func (g generator) category(plain bool) string {
	text := g.space() + "[" + g.name() + "]"
	if plain || g.one(2) {
		return text
	}
	var options []string
	for range 1 + g.IntN(3) {
		options = append(options, g.pick("!", "+", "a", "a", "t", "t", "t", "b", g.pick("a", "t", g.name(), g.filter())))
	}
	return text + g.pick("(", "(", "(", "(", "(", "( ", " (") + strings.Join(options, g.pick(",", ",", ",", ",", ", ")) + g.pick(")", ")", ")", ")", ")", ")", "", ") x", "),", "(")
}

func (g generator) filter() string {
	return "+" + g.pick("", "", "x=1", "TEMPLATES=include", "TEMPLATES=restrict", "a=^.$", "y", "^x=1", "b*=")
}

func (g generator) variable() string {
	return g.space() + g.pick("", "", "", "", "", "\\") + g.pick("x", "x", "x", "y", "y", "X", "a b", "[k", "#k", "ü", "", "k+", "k\\", ";k") + g.space() +
		g.pick("=", "=", "=", "=>", "=>", "+=", "+=", "+=", "==", "= >", "+=>", "", "+") + g.space() + g.value() + g.space()
}

func (g generator) value() string {
	return g.pick("", "1", "2", "a b", "\"q\"", "ü€", "\xff", "a=b", ">", "=>", "\\", "a\\;b", "a;b", "\\\\;", "a\rb", "#", "[x]", "\x00z", "--;", ";--", "a\x7fb", g.noise(6))
}

func (g generator) comment() string {
	return g.pick(";c", "; c", ";-- c --;", ";--", "--;", ";-- a", "b --;", ";---", ";--;", "---;", "\\;--", ";--a;--b--;c--;", ";----;", "--;--;", ";\\;", ";-") + g.pick("", "", g.value(), g.variable())
}

func (g generator) directive() string {
	arg := g.pick("inc.conf", "inc.conf", "d/a.conf", "d/b.conf", "d/*", "d/*.conf", "d/[ab].conf", "d/{a,b}.conf", "*/a.conf", "d/*/f", "d/?.conf",
		"nope.conf", "d", "", etc+"/inc.conf", "./inc.conf", "d//a.conf", "d/{b,{a,e/f}}*", "d/[!a]*", "d/.*", "{inc,d/a}.conf", "d/\\a.conf", g.noise(5))
	quoted := g.pick("%s", "%s", "\"%s\"", "\"%s\"", "<%s>", "\"%s", "<%s\"", "'%s'", " %s ")
	return g.space() + "#" + g.pick("include", "include", "include", "tryinclude", "tryinclude", "INCLUDE", "exec", "foo", "", "includes") +
		g.pick(" ", " ", " ", "\t", "", "=") + strings.ReplaceAll(quoted, "%s", arg)
}

// noise returns up to n special characters.
func (g generator) noise(n int) string {
	const alphabet = `[](),!+=>;-\#"<> ab1`
	out := make([]byte, g.IntN(n))
	for i := range out {
		out[i] = alphabet[g.IntN(len(alphabet))]
	}
	return string(out)
}

// mangle sometimes changes, doubles or drops a byte.
func (g generator) mangle(line string) string {
	if line == "" || !g.one(12) {
		return line
	}
	i := g.IntN(len(line))
	return line[:i] + g.pick("", "", line[i:i+1]+line[i:i+1], g.noise(3), "\x00", fmt.Sprintf("%c", g.IntN(256))) + line[i+1:]
}
