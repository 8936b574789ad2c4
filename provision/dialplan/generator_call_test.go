package dialplan

import (
	"fmt"
	"strings"
)

// notGenerated are the native functions that the differential test leaves out, with the reasons.
var notGenerated = map[string]string{
	"RAND": "another answer each time",
	"UUID": "another answer each time",
}

// generatedFunctions returns the other native functions.
func generatedFunctions() (names []string) {
	for _, f := range Functions() {
		if notGenerated[f.Name] == "" {
			names = append(names, f.Name)
		}
	}
	return names
}

// arguments makes the text between the parentheses of a call.
type arguments func(g *generator, depth int) string

// generated has arguments for the functions that need special ones.
func generated() map[string]arguments {
	return map[string]arguments{
		"ABS":           func(g *generator, d int) string { return g.figure(d) },
		"BASE64_DECODE": base64Arguments,
		"BASENAME":      pathArguments,
		"CUT":           cutArguments,
		"DIGIT_SUM":     func(g *generator, d int) string { return g.figure(d) + g.pick("", "x1", " 2", "é9") },
		"DIRNAME":       pathArguments,
		"FIELDNUM":      func(g *generator, d int) string { return g.list(g.name(d), g.delimiter(), g.word()) },
		"FIELDQTY":      func(g *generator, d int) string { return g.list(g.name(d), g.delimiter()) },
		"FILTER":        filterArguments,
		"IF":            ifArguments,
		"IFTIME":        func(g *generator, d int) string { return g.timeSpan() + "?" + g.value(d) + ":" + g.value(d) },
		"JSON_DECODE":   func(g *generator, d int) string { return g.list("JSON", g.jsonPath()) + g.pick("", ",.", ",/", ",,c") },
		"LISTFILTER":    func(g *generator, d int) string { return g.list(g.name(d), g.delimiter(), g.word()) },
		"MATH":          mathArguments,
		"MAX":           numberArguments,
		"MIN":           numberArguments,
		"REGEX":         func(g *generator, d int) string { return `"` + g.regex(2) + `" ` + g.value(d) },
		"REPLACE":       replaceArguments,
		"SORT":          sortArguments,
		"SPRINTF":       sprintfArguments,
		"STAT":          statArguments,
		"STRBETWEEN":    func(g *generator, d int) string { return g.list(g.name(d), g.value(d)) },
		"STRFTIME":      strftimeArguments,
		"STRPTIME":      strptimeArguments,
		"STRREPLACE":    strReplaceArguments,
		"TESTTIME":      func(g *generator, d int) string { return g.list("2026-07-29", "12:00:00", g.zone()) },
		"URIDECODE": func(g *generator, d int) string {
			return g.pick("%20", "%41", "%C3%AB", "%zz", "%4", "%", "+") + g.value(d)
		},
		"VARIABLE_EXISTS": func(g *generator, d int) string {
			return g.pick(g.name(d), "${"+g.name(d)+"}")
		},
	}
}

// anyArguments makes arguments for all other functions: one, or two where the table has a comma.
func anyArguments(g *generator, depth int) string {
	if g.one(8) {
		return g.list(g.value(depth), g.value(depth))
	}
	return g.value(depth)
}

func (g *generator) word() string {
	return g.pick("a", "b", "alpha", "b,c", `b\,c`, `"b"`, "c", "", " ", "A", "x", "world", "hi", "2", "é", "al", "${A}", "${NUM}", `\"`, "(a")
}

func base64Arguments(g *generator, depth int) string {
	return g.pick("YQ==", "YWI=", "YWJj", "Wm/Dqw==", "YWJ", "YW", "Y", "====", "YQ==YQ==", "YW Jj", "!!!!", "YWJj\nYWJj", "${BASE64_ENCODE("+g.text()+")}")
}

func pathArguments(g *generator, depth int) string {
	return g.pick("/a/b.c", "a", "/", "//", "a/", "a//b", "/a", "", ".", "..", "a/b/", "//a//", "${A}/${NUM}", "a b/c d", "é/ë", "a,b/c", `"a/b"`)
}

func cutArguments(g *generator, depth int) string {
	return g.list(g.name(depth), g.delimiter(), g.pick("1", "2", "3", "1-", "-2", "1-2", "2&1", "1&3", "0", "9", "", "x", "2-&1", "1&2&3", "-",
		"1- 2", `"1"`, "${TRUE}", "$[1+1]", "1-2-3", "&2", "2&", "1&&2", " 2", "2 ", "+1", "-0", "3-1", "2-2", "1x", "1-x", "99999999999", "1&2-"))
}

func filterArguments(g *generator, depth int) string {
	return g.list(g.pick("a-z", "0-9", "A-Z0-9", "a-", "-a", `\x61-\x7a`, "z-a", `\,a`, `" "`, "ë", `\-a`, "a-c-e", "", "(a)", `\n`, `\t\ `, `\\`,
		`\060-\071`, `\0`, `\x`, `\xg`, "a-zé", "--9", "a-a", "[a-z]", "${A}", `"a-z"`, `\x6`, `\x617`, `\08`), g.value(depth))
}

func ifArguments(g *generator, depth int) string {
	condition := g.pick("0", "1", "", " 1 ", "x", "${TRUE}", "${ZERO}", `"0"`, "00", "-0", "0.5", "+1", "0x", " ", "${UNK}", "${SP}", `"1"`, "(1)", "\t0")
	if g.one(3) {
		condition = "$[" + g.expr(depth-1) + "]"
	}
	return condition + g.pick("?", "?", "?", "?", "?", "?", "??", "", " ? ", `\?`) + g.value(depth) +
		g.pick(":", ":", ":", ":", ":", ":", "", "::", " : ", `\:`) + g.value(depth)
}

func replaceArguments(g *generator, depth int) string {
	s := g.name(depth) + "," + g.pick("a", "al", "a-f", ":", `\,`, `","`, " ", `\\x61`, "", `\"`, `\\n`, `\\\\`, "é", `\\0`, "(", `\\x`, `\\x6g`, `a"b`)
	return s + g.pick("", ",", ",_", ",xy", `,\n`, ", ", `,"`, `,\\`, `,\\n`, `,\\x2d`, ",é", `,\,`, ",_,z", `,\\0`, `,\\x`, ",(", `,"_"`)
}

func strReplaceArguments(g *generator, depth int) string {
	s := g.name(depth) + "," + g.pick("a", "al", "lp", ":", `\,`, `","`, " ", "zz", "", `\"`, "ë", "(", "b,c", "${A}", `\\`, "aa", "l", "[", `"b,c"`)
	s += g.pick("", ",", ",_", ",xyz", `,"x y"`, ",(a,b)", `,\n`, `,\\`, ",${NUM}", ",é", ",aa", `,\,`, ",$", ",[x]")
	return s + g.pick("", "", ",1", ",2", ",-1", ",x", ",0", ", 1", ",1,2", ",", ",1x", ",99999999999", `,"1"`)
}

func statArguments(g *generator, depth int) string {
	return fmt.Sprintf("%s,%s", g.pick("e", "s", "f", "d", "m", "M", "x", "", "es", " e", "E", `"e"`, "${A}"),
		g.pick(rowFile, "/nope", "", rowFile+",x", " "+rowFile, `"`+rowFile+`"`, rowFile+"/"))
}

// zone returns a time zone whose rules have not changed for long, so that every database has the same.
func (g *generator) zone() string {
	return g.pick("UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Sydney", "", "Nope/Zone", "Europe/Dublin", "<+03>-3", "AB5", `XY-1XYZ\,M3.5.0\,M10.5.0/3`)
}

// timeSpan is always or never, because results that depend on the time of day cannot be compared.
func (g *generator) timeSpan() string {
	return g.pick("*,*,*,*", "*,*,*,*,UTC", "*", "", "x", "*,*", ",")
}

func strftimeArguments(g *generator, depth int) string {
	epoch := g.pick("0", "1700000000", "1720000000.5", "-86400", " 12345", "1e9", "86399", "1700000000x", "0x65000000", "951782400", "1798761599",
		"4102444800", "${NUM}", "$[1700000000+${NUM}]", "-1", "1.9999999")
	var format strings.Builder
	for range g.IntN(4) {
		format.WriteString(g.conversion())
	}
	return g.list(epoch, g.zone(), format.String())
}

func (g *generator) conversion() string {
	if g.one(4) {
		return g.pick(" ", "/", "%", "%%", "a", "é", "%é", "% d", ",", `\,`, `"x"`)
	}
	return "%" + g.pick("", "", "", "", "-", "_", "0", "^", "#", "10", "_5", "-3", "010", "^12", "E", "O", "3", "+", "+6") +
		string("aAbBcCdDeFgGHIjklmMnpPqQrRSTtuUVwWxXyYzZ"[g.IntN(40)])
}

func strptimeArguments(g *generator, depth int) string {
	return g.list(g.pick("2024-02-29 12:34:56", "Jan 5 2023", "12/31/99", "23:59", "x", "", "1700000000"), g.zone(),
		g.pick("%F %T", "%Y-%m-%d %H:%M:%S", "%b %d %Y", "%D", "%H:%M", "%s", "", "x"))
}

// jsonPath is a path into the fact JSON.
func (g *generator) jsonPath() string {
	return g.pick("a", "b", "b.0", "b.2.c", "b.9", "d", "d.e", "", ".", "a.x", "n", "t", "f", "u", "A", "b.", ".b", `"a"`, "b/0", "s", "b.x", "b.-1")
}

func numberArguments(g *generator, depth int) string {
	var args []string
	for range 1 + g.IntN(4) {
		args = append(args, g.figure(depth))
	}
	return g.list(args...)
}

func mathArguments(g *generator, depth int) string {
	op := g.pick("+", "-", "*", "/", "%", "<", ">", "<=", ">=", "==", "<<", ">>", "&", "|", "^", "AND", "XOR", "OR", "=", "!=", "", " + ", "++")
	return g.figure(depth) + op + g.figure(depth) + g.pick("", "", "", ",i", ",int", ",f", ",float", ",h", ",hex", ",c", ",char", ",", ",x", ",I", ", i")
}

func sortArguments(g *generator, depth int) string {
	var args []string
	for range 1 + g.IntN(4) {
		args = append(args, g.word()+g.pick(":", ":", ":", "", "::")+g.figure(depth))
	}
	return g.list(args...)
}

func sprintfArguments(g *generator, depth int) string {
	args := []string{""}
	for range 1 + g.IntN(3) {
		args[0] += "%" + g.pick("", "", "0", "-", "+", " ", "#", "5", "-5", "05", ".2", "5.1", "03", ".0", "8.3") +
			g.pick("s", "s", "d", "i", "x", "X", "o", "u", "c", "f", "e", "g", "%", "q", "") + g.pick("", "", " ", "|", "a")
		args = append(args, g.pick(g.figure(depth), g.value(depth)))
	}
	return g.list(args...)
}
