package dialplan

import (
	"fmt"
	"strings"
)

// expr makes the inside of a $[].
func (g *generator) expr(depth int) string {
	switch n := g.IntN(20); {
	case depth <= 0 || n < 2:
		return g.operand(depth)
	case n < 9:
		op := g.operator()
		space := g.pick(" ", " ", " ", "", "", "\n", "\t", "  ")
		return g.expr(depth-1) + space + op + space + g.expr(depth-1)
	case n < 11:
		return g.pick("-", "!", "- ", "! ", "--", "!!", "-!") + g.expr(depth-1)
	case n < 13:
		return "(" + g.expr(depth-1) + ")"
	case n < 14:
		return g.expr(depth-1) + " ? " + g.expr(depth-1) + " :: " + g.expr(depth-1)
	case n < 16:
		return g.match()
	case n < 17:
		return g.number() + g.pick("+", "-", "*", "/", "%", "=", "<") + g.number()
	case n < 18:
		return g.function(depth)
	case n < 19:
		return `"` + g.piece(depth-1) + `" ` + g.operator() + ` "` + g.piece(depth-1) + `"`
	default:
		return g.expr(depth-1) + g.pick(" ", "?", "::", ")", "(", ",", "{", "~", "!", "1", " a", "]", "'", "%", "=", `"`, "}", "[")
	}
}

func (g *generator) operator() string {
	return g.pick("+", "-", "*", "/", "%", "=", "!=", "<", ">", "<=", ">=", "|", "&", "==", "&&", "||", "~~", ":", "=~", "::", "?", "!", ",")
}

// match makes a comparison of a text with a regular expression that may well match it.
func (g *generator) match() string {
	return `"` + g.pick("abc", "aab", "ab12", "foo.bar", "a-b_c", "", "xyz abc", "aaa", "Zoë", "a b", "a.b.c", "\t", "ABC", "abcabc", "${A}", "${SP}", "a\nb") +
		`" ` + g.pick("=~", ":") + ` "` + g.regex(2) + `"`
}

// function makes a call within an expression.
func (g *generator) function(depth int) string {
	name := g.pick("ABS", "FLOOR", "CEIL", "ROUND", "RINT", "TRUNC", "SQRT", "COS", "POW", "REMAINDER", "LOG", "EXP2", "LEN", "NOSUCH", "abs", "1", `"a"`)
	args := g.expr(depth - 1)
	if g.one(4) || name == "POW" || name == "REMAINDER" {
		args += g.pick(",", ", ", " ,") + g.expr(depth-1)
	}
	return name + g.pick("(", "(", "(", " (") + args + g.pick(")", ")", ")", ")", ")", "")
}

func (g *generator) number() string {
	s := fmt.Sprint(g.Int64N(int64(1) << g.IntN(63)))
	if g.one(2) {
		s += "." + fmt.Sprintf("%0*d", 1+g.IntN(6), g.IntN(10000))
	}
	return s
}

// figure makes an argument that is a number, or nearly one.
func (g *generator) figure(depth int) string {
	if g.one(4) {
		return g.number()
	}
	if depth > 0 && g.one(5) {
		return g.piece(depth - 1)
	}
	return g.pick("0", "1", "2", "-3", "3.14", "-7.25", "10", "42", "1e3", "0x1F", "010", " 5", "5 ", "", "x", "1x", ".5", "5.", "+4", "--1",
		"${NUM}", "${NEG}", "${FLT}", "${UNK}", "2147483647", "2147483648", "-2147483649", "9223372036854775807", "1000000", "0.1", "1.5", "2.5", "65", "-0")
}

// regex makes a regular expression, mostly a valid one.
func (g *generator) regex(depth int) string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		switch n := g.IntN(12); {
		case depth > 0 && n < 3:
			b.WriteString("(" + g.regex(depth-1) + g.pick("", "|"+g.regex(depth-1)) + ")")
		case n < 9:
			b.WriteString(g.pick("a", "b", "c", ".", "x", "[ab]", "[^a]", "[a-c]", "[[:digit:]]", `\.`, `\w`, " ", "1", "foo", "[.]", `[\]`, "-",
				"[[:alpha:]]", "[^[:space:]]", "[]a]", "[^]a]", "[a-]", "[-a]", "[[:upper:][:digit:]]", `\W`, `\s`, `\S`, "[z-a]", "[[.a.]]", "[[=a=]]",
				"é", "[é]", "$$", `\$`, "'", "[a^]", "[[:foo:]]", "<", "()", `\(a\)`, `\{`, `\d`, `\n`, `\a`, "(a)|", "|b", "[a", "A", "_"))
		default:
			b.WriteString(g.pick("^", "$", "|", `\b`, "", "{", ")", `\`, `\B`, "\\`", `\'`, `\<`, `\>`, `\1`, "}", "]"))
		}
		if g.one(3) {
			b.WriteString(g.pick("*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "**", "+?", "{0}", "{2,1}", "{a}", "{0,1}", "{1", "{,}", "{ 1}", "{1,2}{2}", "*?"))
		}
	}
	return b.String()
}

func (g *generator) operand(depth int) string {
	switch {
	case depth > 0 && g.one(4):
		return g.pick("${NUM}", "${NEG}", "${FLT}", "${A}", `"${SP}"`, "${UNK}", "${LEN(abc)}", `"${QU}"`, "${COL}", "${DOL}", "${BR}", "${PAR}",
			`"${UNK}"`, "${SP}", "${XML}", "${UTF}", "${LABEL}", `"${LABEL}"`, "${DISPLAY_NAME}", "${SECRET}", "${REF}", "${BS}", "${DIG}")
	case depth > 0 && g.one(8):
		return g.piece(depth - 1)
	case g.one(10):
		return g.number()
	}
	return g.pick("0", "1", "2", "3", "10", "42", "1.5", "0.1", "3.14", "7.25", "100", "1000000", "0.001", "a", "b", "abc", `"a"`, `"b"`,
		`""`, `"a b"`, `"abc"`, "ab", `"a(b)c"`, `"(a)"`, `"[0-9]+"`, `"a.*"`, `"."`, "é", "a.b", "1.2.3", ".5", "5.", "007", "", `"x`, "$x", "a@b",
		"9999999999", "00", "0.0", `"0"`, `"1"`, "1e5", "0x1f", "1_000", "1a", "a1", "'a'", `"é"`, "99999999999999999999", "0.1234567890123456789",
		"18446744073709551616", "1.10", "01.50", "a#b", "^a", `a\b`, "#", ";", "@", "_", "$", "1$2", `"$"`, `"a" "b"`, "0.5", "2.5")
}
