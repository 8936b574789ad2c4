package dialplan

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

var (
	genSeed  = flag.Uint64("gen.seed", 2, "seed of the differential run")
	genCases = flag.Int("gen.n", 1000, "cases of the differential run")
)

// TestDifferential compares random templates with Asterisk's answers. A
// failure prints the seed and the shortest form of the case that still differs.
func TestDifferential(t *testing.T) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) { differential(t, startOracle(t, suite), suite == oracle.Bullseye) })
	}
}

func differential(t *testing.T, a *oracle.Asterisk, old bool) {
	g := &generator{rand.New(rand.NewPCG(*genSeed, 0))}
	failed := 0
	for i := range *genCases {
		in := g.template()
		if old && knownIn16(in) || !differs(t, a, in) {
			continue
		}
		in = shrink(in, func(s string) bool { return differs(t, a, s) })
		t.Errorf("seed %d, case %d\n%q =>\n    got %q\nAsterisk %q", *genSeed, i, in, expandRow(in), askOracle(t, a, in))
		if failed++; failed == 20 {
			t.Fatal("and so on")
		}
	}
}

// knownIn16 tells whether Asterisk 16 may differ from 22: its regular expressions
// count bytes, and BASE64_ENCODE loses the end of some texts.
func knownIn16(in string) bool {
	return strings.Contains(in, "BASE64_ENCODE") ||
		strings.Contains(in, "$[") && strings.ContainsAny(in, "=:") && (strings.ContainsAny(in, "éë") || strings.Contains(in, "UTF"))
}

// caseLimit is the length from which on Asterisk's TOUPPER and TOLOWER may leave
// rubbish behind their value: they do not terminate it.
const caseLimit = 15

// differs tells whether Asterisk gives another answer. What we would ask of it,
// what depends on the time of day, and TOUPPER's bug is no difference.
func differs(t *testing.T, a *oracle.Asterisk, in string) bool {
	ask, now := false, time.Unix(rowNow, 0)
	env := rowEnv()
	env.Ask = func(context.Context, string) (string, error) { ask = true; return "", nil }
	long := func(f Func) Func {
		return func(ctx context.Context, c *Call) (string, error) {
			ask = ask || len(c.Args) > caseLimit
			return f(ctx, c)
		}
	}
	env.Funcs = map[string]Func{"TOUPPER": long(upper), "TOLOWER": long(lower)}
	got, err := Parse("row.cfg", in).Expand(context.Background(), env)
	env.Now = now.AddDate(11, 7, 13).Add(12345678 * time.Millisecond)
	later, _ := Parse("row.cfg", in).Expand(context.Background(), env)
	return !ask && later == got && (err != nil || got != askOracle(t, a, in))
}

// shrink takes away pieces for as long as the case still fails.
func shrink(s string, fails func(string) bool) string {
	for size := len(s) / 2; size > 0; {
		shorter := ""
		for at := 0; at+size <= len(s); at++ {
			if try := s[:at] + s[at+size:]; try != "" && fails(try) {
				shorter = try
				break
			}
		}
		if shorter != "" {
			s = shorter
			size = min(size, len(s))
		} else {
			size /= 2
		}
	}
	return s
}

// generator makes templates that mean something, with odd arguments.
type generator struct{ *rand.Rand }

func (g *generator) pick(of ...string) string { return of[g.IntN(len(of))] }

func (g *generator) template() string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		b.WriteString(g.piece(3))
	}
	s := b.String()
	if g.IntN(20) == 0 { // unbalance it
		at := g.IntN(len(s) + 1)
		s = s[:at] + g.pick("{", "}", "[", "]", "(", ")", "$", "${", "$[", `"`, `\`, ":", ",") + s[at:]
	}
	if s == "" {
		return "x"
	}
	return s
}

func (g *generator) piece(depth int) string {
	switch n := g.IntN(10); {
	case depth == 0 || n < 2:
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
	return g.pick("a", "b c", " ", "x.y", "12", "007", "3.50", "-1", "Zoë", `"`, `"q q"`, `\`, `\\`, "$", "$$", "#", "a,b", "(p)",
		"k=v", "<e/>", "&amp;", "%20", ";", "'", "", "alpha", "ABC", "é", "\t", "0", "1")
}

func (g *generator) name(depth int) string {
	if depth > 1 && g.IntN(8) == 0 {
		return "${" + g.pick("NAMEA", "UNK", "A") + "}"
	}
	return facts[g.IntN(len(facts))][0]
}

func (g *generator) slice(depth int) string {
	if g.IntN(3) > 0 {
		return ""
	}
	s := ":" + g.offset(depth)
	if g.IntN(2) == 0 {
		s += ":" + g.offset(depth)
	}
	return s
}

func (g *generator) offset(depth int) string {
	if depth > 1 && g.IntN(8) == 0 {
		return g.pick("${TRUE}", "${NEG}", "$[1+1]", "${UNK}", "${LEN(ab)}")
	}
	return g.pick("0", "1", "2", "3", "5", "-1", "-2", "-4", "20", "-20", "", "x", " 1", "1 ", "+1", "01")
}

// value is what stands as an argument.
func (g *generator) value(depth int) string {
	if g.IntN(2) == 0 {
		return g.text()
	}
	return g.piece(depth - 1)
}

func (g *generator) delimiter() string {
	return g.pick(":", `\,`, `","`, " ", "-", "a", "|", `\t`, `\\x61`, ".", "", "l", `"`, `\"`)
}

func (g *generator) call(depth int) string {
	v := func() string { return g.value(depth) }
	switch g.IntN(18) {
	case 0, 1:
		return g.pick("TOUPPER", "TOLOWER", "LEN", "QUOTE", "URIENCODE", "MD5", "SHA1", "ISNULL", "EXISTS", "BASE64_ENCODE") + "(" + v() + ")"
	case 2, 3, 4:
		return "IF(" + g.pick("0", "1", "", " 1 ", "x", "${TRUE}", "${ZERO}", "$["+g.expr(depth-1)+"]", `"0"`) + "?" + v() + g.pick(":", ":", ":", "", "::") + v() + ")"
	case 5, 6, 7:
		return "CUT(" + g.name(depth) + "," + g.delimiter() + "," +
			g.pick("1", "2", "3", "1-", "-2", "1-2", "2&1", "1&3", "0", "9", "", "x", "2-&1", "1&2&3", "-", "1- 2", `"1"`) + ")"
	case 8, 9:
		return "FILTER(" + g.pick("a-z", "0-9", "A-Z0-9", "a-", "-a", `\x61-\x7a`, "z-a", `\,a`, `" "`, "ë", `\-a`, "a-c-e", "", "(a)") + "," + v() + ")"
	case 10, 11:
		return "REPLACE(" + g.name(depth) + "," + g.pick("a", "al", "a-f", ":", `\,`, `","`, " ", `\\x61`, "", `\"`) + g.pick("", ",", ",_", ",xy", `,\n`, ", ", `,"`, `,\\`) + ")"
	case 12, 13:
		return "STRREPLACE(" + g.name(depth) + "," + g.pick("a", "al", "lp", ":", `\,`, `","`, " ", "zz", "", `\"`, "ë", "(", "b,c") +
			g.pick("", ",", ",_", ",xyz", `,"x y"`, ",(a,b)", `,\n`, `,\\`, ",${NUM}") + g.pick("", "", ",1", ",2", ",-1", ",x") + ")"
	case 14:
		return "FIELDQTY(" + g.name(depth) + "," + g.delimiter() + ")"
	case 15:
		return "EVAL(" + v() + ")"
	case 16:
		return "STRFTIME(" + g.pick("0", "1700000000", "1720000000.5", "-86400", " 12345", "1e9", "86399") + "," +
			g.pick("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney", "", "Nope/Zone") +
			g.pick("", ",", ",%F %T", ",%c", ",%A %d %B %Y", ",%-d/%m/%y", ",%I:%M %p", ",%z %j %U %W %V %G", ",%3q%%", `,"%H"`, ",%Q%k%l%e", ",%10d|%_5m|%^a") + ")"
	default:
		return fmt.Sprintf("STAT(%s,%s)", g.pick("e", "s", "f", "d", "m", "M", "x", ""), g.pick(rowFile, "/nope", "", rowFile+",x"))
	}
}

func (g *generator) expr(depth int) string {
	switch n := g.IntN(16); {
	case depth <= 0 || n < 2:
		return g.operand(depth)
	case n == 14:
		return `"` + g.pick("abc", "aab", "ab12", "foo.bar", "a-b_c", "", "xyz abc", "aaa", "Zoë") + `" ` + g.pick("=~", ":") + ` "` + g.regex(3) + `"`
	case n == 15:
		return g.number() + g.pick("+", "-", "*", "/", "%", "=", "<") + g.number()
	case n < 9:
		op := g.pick("+", "-", "*", "/", "%", "=", "!=", "<", ">", "<=", ">=", "|", "&", "==", "&&", "||", "~~", ":", "=~")
		space := g.pick(" ", " ", "")
		return g.expr(depth-1) + space + op + space + g.expr(depth-1)
	case n < 10:
		return g.pick("-", "!", "- ", "! ") + g.expr(depth-1)
	case n < 12:
		return "(" + g.expr(depth-1) + ")"
	case n < 13:
		return g.expr(depth-1) + " ? " + g.expr(depth-1) + " :: " + g.expr(depth-1)
	default:
		return g.expr(depth-1) + g.pick(" ", "?", "::", ")", "(", ",", "{", "~", "!")
	}
}

func (g *generator) number() string {
	s := fmt.Sprint(g.Int64N(int64(1) << g.IntN(63)))
	if g.IntN(2) == 0 {
		s += "." + fmt.Sprintf("%0*d", 1+g.IntN(6), g.IntN(10000))
	}
	return s
}

// regex is a regular expression, mostly a good one.
func (g *generator) regex(depth int) string {
	var b strings.Builder
	for range 1 + g.IntN(3) {
		switch n := g.IntN(12); {
		case depth > 0 && n < 3:
			b.WriteString("(" + g.regex(depth-1) + g.pick("", "|"+g.regex(depth-1)) + ")")
		case n < 9:
			b.WriteString(g.pick("a", "b", "c", ".", "x", "[ab]", "[^a]", "[a-c]", "[[:digit:]]", `\.`, `\w`, " ", "1", "foo", "[.]", `[\]`, "-"))
		default:
			b.WriteString(g.pick("^", "$", "|", `\b`, "", "{", ")", `\`))
		}
		if g.IntN(3) == 0 {
			b.WriteString(g.pick("*", "+", "?", "{2}", "{1,2}", "{,2}", "{1,}", "**", "+?"))
		}
	}
	return b.String()
}

func (g *generator) operand(depth int) string {
	if depth > 0 && g.IntN(4) == 0 {
		return g.pick("${NUM}", "${NEG}", "${FLT}", "${A}", `"${SP}"`, "${UNK}", "${LEN(abc)}", `"${QU}"`, "${COL}")
	}
	return g.pick("0", "1", "2", "3", "10", "42", "1.5", "0.1", "3.14", "7.25", "100", "1000000", "0.001", "a", "b", "abc", `"a"`, `"b"`,
		`""`, `"a b"`, `"abc"`, "ab", `"a(b)c"`, `"(a)"`, `"[0-9]+"`, `"a.*"`, `"."`, "é", "a.b", "1.2.3", ".5", "5.", "007", "", `"x`, "$x", "a@b", "9999999999")
}
