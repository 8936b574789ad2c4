package astconf

import (
	"fmt"
	"strings"
)

// row is one case of the corpus. Its golden is Asterisk's answer.
type row struct {
	name  string
	text  string // text of t.conf; "[a]\n" comes before it unless it is a whole file
	whole bool
	more  files // other files
	// ours is our tree where it differs from Asterisk's on purpose, and why is the reason.
	ours, why string
	// hangs: Asterisk never answers, so the test does not ask it.
	hangs bool
}

func (r row) files() files {
	f := files{main: "[a]\n" + r.text}
	if r.whole {
		f[main] = r.text
	}
	for name, text := range r.more {
		f[name] = text
	}
	return f
}

// corpus is every case that was measured.
func corpus() []row {
	var rows []row
	for _, group := range [][]row{
		variableRows, commentRows, lineRows(), categoryRows, optionRows, filterRows, directiveRows, includeRows(), hangRows(),
	} {
		rows = append(rows, group...)
	}
	return rows
}

// lines makes a row of each text, between two other lines.
func lines(group string, more files, texts ...string) []row {
	var rows []row
	for _, text := range texts {
		rows = append(rows, row{name: group + " " + text, text: "x=0\n" + text + "\nend=1\n", more: more})
	}
	return rows
}

var variableRows = append([]row{
	{name: "= and =>", text: "x=1\ny => 2\nz=\nw=>\n"},
	{name: "white space", whole: true, text: "  [ a ] \n  x  =  1  \t\n\ty\t=>\t2\n"},
	{name: "no newline at the end", text: "x=1"},
	{name: "CRLF", whole: true, text: "[a]\r\nx=1\r\n\r\ny=2\r\n"},
	{name: "CR alone is not a line end", whole: true, text: "[a]\rx=1\ry=2\r"},
	{name: "CR inside a value", text: "x=1\r2\r3\n"},
	{name: "empty file", whole: true},
	{name: "empty lines", whole: true, text: "\n\n  \n\t\n[a]\n\n\x01\nx=1\n\n"},
	{name: "only a comment", whole: true, text: ";x\n"},
	{name: "only a template", whole: true, text: "[t](!)\nx=1\n"},
	{name: "variable before a category", whole: true, text: "x=1\n[a]\ny=2\n"},
	{name: "junk before a category", whole: true, text: "junk\n[a]\ny=2\n"},
	{name: "+= goes to the last of the name", text: "x=1\nx+=2\nx=3\nx+=4\ny+=5\ny += 6\nx + = 7\nX+=8\nx+=>9\n"},
	{name: "+= to an empty value", text: "x=\nx+= 2\nx+= 3\n"},
	{name: "+= of nothing", text: "x=\nx+=2\nx+=\n y+=\n"},
	{name: "+= to the first of the value: x=A, x=a, x+=b", text: "x=A\nx=a\nx+=b\n"},
	{name: "+= to the first of the value: X=a, x=a, x+=b", text: "X=a\nx=a\nx+=b\n"},
	{name: "+= to the first of the value: X=a, x=A, x+=b", text: "X=a\nx=A\nx+=b\n"},
	{name: "+= to the first of the value: x=1, x=2, x=1, x+=b", text: "x=1\nx=2\nx=1\nx+=b\n"},
	{name: "+= to the first of the value: X=1, x=1, X=1, x+=b, x+=c", text: "X=1\nx=1\nX=1\nx+=b\nx+=c\n"},
	{name: "+= to the first of the value: x=, x=2, x=, x+=b", text: "x=\nx=2\nx=\nx+=b\n"},
	{name: "+= to the first of the value: X=, x=, x+=b", text: "X=\nx=\nx+=b\n"},
	{name: "+= to the first of the value: x=1, X=2, x+=b", text: "x=1\nX=2\nx+=b\n"},
	{name: "+= to the first of the value: x=1, X=1, x+=b", text: "x=1\nX=1\nx+=b\n"},
	{name: "+= to the first of the value: x=1, x=1, x+=, x+= c", text: "x=1\nx=1\nx+=\nx+= c\n"},
	{name: "+= to the first of the value: x=, x=2, x+=b", text: "x=\nx=2\nx+=b\n"},
	{name: "+= to the first of the value: x=1, x=, x+=2", text: "x=1\nx=\nx+=2\n"},
	{name: "+= to the first of the value: x=1, x=, x+=, x+= 3", text: "x=1\nx=\nx+=\nx+= 3\n"},
	{name: "+= to the first of the value: X=a, x=a, y=1, X+=b, x+=c, X=ab, X+=q", text: "X=a\nx=a\ny=1\nX+=b\nx+=c\nX=ab\nX+=q\n"},
	{name: "+= to the first of the value: x=U, x=u, x+=1", text: "x=Ü\nx=ü\nx+=1\n"},
	{name: "+= to the first of the value: X=, x=, x+=1, x+=2", text: "X=\nx=\nx+=1\nx+=2\n"},
	{name: "+= to the first of the value, inherited", whole: true, text: "[t](!)\nx=1\nx=1\n[a](t)\nx+=2\n[b](t)\n"},
	{name: "+= to an inherited value", whole: true, text: "[t](!)\nx=1\nx=2\n[a](t)\nx+=3\n[b](t)\n"},
	{name: "+= after (+)", whole: true, text: "[t](!)\nx=1\n[a](t)\n[a](+)\nx+=3\n"},
	{name: "+= minds the case of the name", whole: true, text: "[a]\nX=1\n[b](a)\nx+=2\n"},
	{name: "quotes", text: "x=\"a b\"\ny= \" a \" \nz='a'\n\"k\"=1\nw=\"a\n"},
	{name: "UTF-8", whole: true, text: "[ü]\nä=ö€ \nx=\u00a0a\u00a0\n"},
	{name: "Latin-1", text: "x=\xa0a\xff\n\xff=\xfe\n"},
	{name: "control characters are white space", whole: true, text: "[a]\nx=\x01a\x01\n\x02y\x02=1\nz=\x0b1\x0b\x0c\n[b\x01]\x01\nw=1\x7f\n"},
	{name: "BOM", whole: true, text: "\xef\xbb\xbf[a]\nx=1\n"},
	{name: "BOM twice", whole: true, text: "\xef\xbb\xbf\xef\xbb\xbf[a]\nx=1\n"},
	{name: "BOM before a line is text", text: "\xef\xbb\xbfx=1\n\xef\xbb\xbf[b]\ny=2\n"},
	{name: "BOM alone", whole: true, text: "\xef\xbb\xbf"},
	{name: "half a BOM", whole: true, text: "\xef\xbb[a]\nx=1\n"},
	{name: "BOM after a space", whole: true, text: " \xef\xbb\xbf[a]\nx=1\n"},
	{name: "BOM after a comment", whole: true, text: "\xef\xbb\xbf;c\n\xef\xbb\xbf[a]\nx=1\n"},
	{name: "backslash at the end of the file", text: "x=1\n\\"},
	{name: "backslash first", whole: true, text: "\\[a]\nx=1\n"},
}, lines("variable", nil,
	`junk`, `=1`, `=>2`, ` +=3`, `=`, `+=`, `x=1=2`, `x==2`, `x=>=2`, `x= >2`, `x=>>2`, `x => > 2`, `x=1=>2`, `y >= 1`, `> = 1`, `v= => 1`,
	`u+>=1`, `x+=1`, `x += 1`, `x +=  1  `, "x+= 1 \t", `x+==1`, `x+=>1`, `x +=> 1`, `x+ =1`, `x++=1`, "x+=\t1;c", `x+= `, `x=>1+=2`,
	`x=+=1`, `x+=1+=2`, `x =+ 1`, `y+= 1`, `x;y=1`, `x\;y=2`, `x\=y=3`, `\[b]=1`, `\#x=1`, `\\x=2`, `\x=3`, `\=4`, `\ x=5`, `\`, `\;x=1`,
	` \[b]=1`, `x\[=1`, `\=>4`, `\+=4`, `\ =4`, `x=\[1\#`, `\x+=4`, `\xy+=4`, `\ab=>1`, `\==1`, `\+==1`, `\\=1`, `\\`, "\\\tx=1", "\\\x01=1",
	"\\\x7f=1", "\\\x80=1", "\\\xff=1", `\ü=1`, `\~=1`, `\\;x=1`, `\x`, `x\`, `x=\`, `\=`, `\+=`, `\++=1`, `\\ =1`, `\] x = 1`, ` \ x=1`,
	`\"x"=1`, `\;`, `\=\=1`, `\#include inc.conf`, `+x=1`, `a\+=1`, `=x=1`)...)

var commentRows = []row{
	{name: "semicolons", whole: true, text: ";c\n[a];c\nx=1;c\ny=1 ; c\nz=1\\;c\nq=1\\\\;c\nw=a;b\\;c\n;\n#comment\n # c\nv=\"a;b\"\nu=a\\\nt=\\;\ns=\\;\\;;\n"},
	{name: "escaped after a comment began", text: "x=1;c\\;d;e\\;f\ny=a\\;b\\;c;d\nz=\\\\\\;b\nw=a\\b;c\n"},
	{name: "semicolon in a category", whole: true, text: "[a;b]\nx=1\n"},
	{name: "escaped semicolon in a category", whole: true, text: "[a\\;b]\nx=1\n"},
	{name: "block", text: "x=1 ;-- c\nmore\n--; y=2\nz=3;--c--;4\nw=1;-- ;-- n --; --;2\nend=1\n"},
	{name: "block not closed", text: "x=1\n;-- unterminated\ny=2\n"},
	{name: "block not closed at the end", text: "x=1;--"},
	{name: "three dashes are a comment", text: "x=1\n;--- foo\ny=2\n;-- foo\nz=2\n;--; q=1\n;----;\nv=1\n--;\nw=2\n"},
	{name: "marks do not share dashes", text: ";--;x=1\n;--a--;y=1\ny=2\n --; z=3\n"},
	{name: "block in a line comment", text: "x=1 ; foo ;-- bar\ny=2\n; ;-- b\nz=1\n--;\nw=2\n"},
	{name: "escaped block", text: "x=1 \\;-- foo\ny=2\nz=\\\\;-- b\nw=1\n--;q=2\n"},
	{name: "block then comment", text: "x=1;--c--;2;c3\nend=1"},
	{name: "two blocks in a line", text: "x=1;--c--;;--d--;2\nend=1"},
	{name: "escape after a block", text: "x=1;--c--;\\;2\nend=1"},
	{name: "backslash before the closing dashes", text: ";-- \\--; x=1\n--;\nend=1"},
	{name: "escape in a block", text: ";-- \\;-- x=1\n--;\nend=1\n--;\nend2=1"},
	{name: "three dashes in a block", text: "x=1;-- ;--- foo\ny=1\n--;z=2\n--;w=1"},
	{name: "closed by three dashes", text: "x=1;-- ---;z=2\n--;w=1"},
	{name: "dashes across lines", text: "x=1;-- \n--\n;\n;--\n--;--;w=1\nq=1"},
	{name: "close that opens", text: "x=1;--;--;--;w=1\nq=1"},
	{name: "close too often hides what follows", text: "x=1 --; y\nq=1"},
	{name: "close too often at a line's start", text: "--;\nx=1\nfoo --; y=1\n--;=4"},
	{name: "close too often and open", text: "--;\nx=1\n;--\ny=1"},
	{name: "close too often, open and close", text: "--;\n;-- --;\nx=1\n--;\ny=1"},
	{name: "close too often and open in a line", text: "--; x=1 ;--z=1\ny=1"},
	{name: "close too often and comment", text: "x=1 --; y ; z"},
	{name: "close too often and block", text: "x=1 --; y ;--foo--; z\nq=1"},
	{name: "NUL in a block", text: "x=1;-- \x00 --;2\n--;y=1"},
	{name: "block in a category and a directive", whole: true, text: "[a;-- x --;b]\nx=1\n#in;--x--;clude inc.conf", more: files{"inc.conf": "i=1\n"}},
	{name: "escaped semicolon and dashes", text: "x=\\;-- a ;-- b --; c --; d\ny=1"},
	{name: "semicolon in a block", text: "x=1;-- ;x --;2"},
	{name: "one dash", text: "x=1;-;2\ny=1;-\nz=1"},
	{name: "dashes of all kinds", text: ";--\n--;--\nx=1\n;---;\ny=1\n;--x---;z=1"},
	{name: "block inside of a name", text: "x ;-- --; = 1\ny=a;-- b\n;--\n--;c=2\nd=3--;e=1\n"},
	{name: "unescaped then closed", text: "x=\\;--; y\nq=1"},
	{name: "block of four dashes", text: "x=1;----;2\n;--a----;y=1\n--;z=1"},
	{name: "category between blocks", text: ";-- --;[b];-- --;(a)\nx=1"},
	{name: "many blocks", text: "x=;--;--;--;--;1\ny=2\n--;z=3\n--;\n--;q=1\n--;w=1"},
	{name: "block 128 deep", text: strings.Repeat(";--\n", maxNest) + strings.Repeat("--;\n", maxNest) + "x=1\n"},
}

// lineRows are about the length of lines and about NUL.
func lineRows() []row {
	v := func(n int) string { return strings.Repeat("v", n) }
	rows := []row{
		{name: "NUL ends a line", text: "x=1\x002\ny=2\n\x00\nz=3\n"},
		{name: "longest line", text: "x=" + v(maxLine-2) + "\nend=1\n"},
		{name: "line too long", text: "x=" + v(maxLine-1) + "\nend=1\n"},
		{name: "longest line at the end", text: "x=" + v(maxLine-2)},
		{name: "line too long at the end", text: "x=" + v(maxLine-1)},
		{name: "line too long by its comment", text: "x=1;" + v(maxLine) + "\nend=1\n"},
		{name: "line far too long", text: "x=" + v(30000) + "\ny=1\nend=1\n"},
		{name: "block opened in a line too long", text: ";-- " + v(9000) + "--;\nx=1\n--;y=1\n"},
		{name: "block closed in a line too long", text: ";--\n" + v(9000) + "--;\nx=1\n--;y=1\n"},
		{name: "long CRLF line", text: "x=" + v(maxLine-2) + "\r\nend=1\n"},
		{name: "longest line with a byte order mark", whole: true, text: utf8BOM + "[a];" + v(maxLine-7) + "\nend=1\n[b]\n"},
		{name: "line too long by its byte order mark", whole: true, text: utf8BOM + "[a];" + v(maxLine-6) + "\nend=1\n[b]\n"},
		{name: "category in a long line", text: "x=1\n[" + v(8188) + "]\ny=1\n"},
	}
	for _, count := range []int{0, 1, 5, 100, maxLine} {
		n, after := strings.Repeat("w", count), fmt.Sprintf(" and %d more", count)
		rows = append(rows,
			row{name: "NUL in a long line" + after, text: "x=" + v(9000) + "\x00" + n + "\ny=1\nend=1"},
			row{name: "NUL early in a long line" + after, text: "x=" + v(4000) + "\x00" + n + "\ny=1\nend=1"},
			row{name: "NUL and = in a long line" + after, text: "x=" + v(9000) + "\x00" + n + v(7000) + "q=2\ny=1\nend=1"},
			row{name: "NUL early and = in a long line" + after, text: "x=" + v(4000) + "\x00" + n + v(4185) + "q=2\ny=1\nend=1"})
	}
	return rows
}

var categoryRows = []row{
	{name: "the same twice", whole: true, text: "[a]\nx=1\n[a]\ny=2\n[b](a)\nz=3\n[a]\nw=1\n"},
	{name: "the same thrice, the first a template", whole: true, text: "[x](!)\na=1\n[x]\nb=1\n[c](x)\n[x](+)\nd=1\n[e](x)\n"},
	{name: "the same thrice, the second a template", whole: true, text: "[x]\na=1\n[x](!)\nb=1\n[c](x)\n[x](+)\nd=1\n[e](x)\n"},
	{name: "the same, both templates", whole: true, text: "[x](!)\na=1\n[x](!)\nb=1\n[c](x)\n[x](+)\nd=1\n[e](x)\n"},
	{name: "inherits from its namesake", whole: true, text: "[x]\na=1\n[x](x)\nb=1\n"},
	{name: "not closed", text: "x=1\n[b\nx=2\n"},
	{name: "options not closed", whole: true, text: "[a](t\nx=1\n"},
	{name: "what follows the bracket", whole: true, text: "[a]foo\nx=1\n[b](a)foo\nx=2\n[c](a)(!)\nx=3\n[d]]\nx=4\n[[e]]\nx=5\n[f]x=1\n[g] (a)\n"},
	{name: "empty name", whole: true, text: "[]\nx=1\n[ ]\ny=1\n"},
	{name: "backslash before the bracket", whole: true, text: "[a\\]b]\nx=1\n"},
	{name: "name of 80 bytes", text: "[" + strings.Repeat("c", 80) + "]\nx=1\n[b](" + strings.Repeat("c", 79) + ")\n"},
	{name: "base of 80 bytes", text: "[" + strings.Repeat("c", 80) + "]\nx=1\n[b](" + strings.Repeat("c", 80) + ")\n"},
	{name: "name of 80 bytes continued", text: "[" + strings.Repeat("c", 80) + "]\nx=1\n[" + strings.Repeat("c", 90) + "](+)\ny=1\n[" + strings.Repeat("c", 79) + "](+)\nz=1\n"},
	{name: "name cut within a character", whole: true, text: "[" + strings.Repeat("ü", 50) + "]\nx=1\n"},
	{name: "long name with a base", text: "[" + strings.Repeat("c", 100) + "](a)\nx=1\n"},
	{name: "name of CR", whole: true, text: "[a\r]\nx=1\n"},
}

var optionRows = []row{
	{name: "templates", whole: true, text: "[t](!)\nx=1\n[u](!,t)\ny=2\n[a](u)\nz=3\n[b](t,u)\nz=3\n[c](t)(u)\n"},
	{name: "base is not a template", whole: true, text: "[t](!)\nx=1\n[u](t)\n[v](u)\n[w](v,t)\n"},
	{name: "base unknown", text: "x=1\n[b](c)\nq=1\n"},
	{name: "base is itself", whole: true, text: "[a](a)\nx=1\n"},
	{name: "base changes later", whole: true, text: "[t]\nx=1\n[a](t)\n[t](+)\ny=1\n[b](t)\n"},
	{name: "base in another case", whole: true, text: "[B]\nfoo=1\n[c](b)\n"},
	{name: "+", whole: true, text: "[t]\nx=1\n[t](+)\ny=2\n[a](t)\nz=3\n[a](+)\nq=1\n"},
	{name: "+ takes the first", whole: true, text: "[x]\na=1\n[x]\nb=1\n[c](x)\n[x](+)\nd=1\n"},
	{name: "+ unknown", text: "x=1\n[b](+)\nq=1\n"},
	{name: "+ in another case", whole: true, text: "[B]\nfoo=1\n[b](+)\nx=1\n"},
	{name: "+ does not see a template", whole: true, text: "[t](!)\nx=1\n[t](+)\ny=2\n"},
	{name: "+ then base", whole: true, text: "[t](!)\nx=1\n[a]\nz=3\n[a](+,t)\nq=1\n"},
	{name: "base then +", whole: true, text: "[t](!)\nx=1\n[a]\nz=3\n[a](t,+)\nr=1\n"},
	{name: "base, + and base", whole: true, text: "[t]\nX=1\n[a]\ny=1\n[a](t,+,t)\nx=2\n"},
	{name: "+ and base, twice", whole: true, text: "[t](!)\nx=1\n[u]\n[u](+,t)\n[u](+,t)\ny=1\n"},
	{name: "bases before and after", whole: true, text: "[t](!)\nx=1\n[u](!)\ny=1\n[a](t)\n[a](+,u)\n[a](u,+)\nz=1"},
	{name: "+ then !", whole: true, text: "[a]\nz=3\n[a](+,!)\nm=1\n[b](a)\n"},
	{name: "! then +", whole: true, text: "[a]\nz=3\n[a](!,+)\nm=1\n[b](a)\n"},
	{name: "!, base and +", whole: true, text: "[t]\nt=1\n[a]\nX=1\n[a](!,t,+)\nx=2\n[b](a)\n[c](b)"},
	{name: "+ twice", text: "X=1\n[a](+,+)\nx=2\nend=1\n"},
	{name: "+ twice of two", text: "X=1\n[a]\ny=1\n[a](+,+)\nx=2\n"},
	{name: "+, ! and + of two", text: "X=1\n[a]\ny=1\n[a](+,!,+)\nx=2\n[b](a)\n"},
	{name: "+ twice of a template", whole: true, text: "[a](!)\nz=3\n[a](+,+)\nm=1\n"},
	{name: "space around a base", whole: true, text: "[t](!)\nx=1\n[a]( t )\ny=1\n"},
	{name: "space before a base", whole: true, text: "[t](!)\nx=1\n[c](t, t)\n"},
	{name: "space in the name and base", whole: true, text: "[ t ](!)\nx=1\n[a]( t )\n"},
	{name: "space in the name alone", whole: true, text: "[ t ](!)\nx=1\n[a](t)\n"},
	{name: "space after !", whole: true, text: "[t](!)\nx=1\n[c](! )\ny=1\n"},
	{name: "space before +", whole: true, text: "[t]\nx=1\n[t]( +)\ny=1\n"},
	{name: "! with a name", whole: true, text: "[t](!)\nx=1\n[e](!t)\n"},
	{name: "name that begins with !", whole: true, text: "[!a]\ny=1\n[c](!a)\n"},
	{name: "name that begins with +", whole: true, text: "[+]\nx=1\n[c](+)\n"},
	{name: "empty options take the first category", whole: true, text: "[a]\nx=1\n[b]()\ny=1\n[c](,)\nz=1\n[d](a,)\nw=1\n[e](,a)\nq=1\n"},
	{name: "empty options and a template", whole: true, text: "[t](!)\nx=1\n[u](!)\ny=1\n[a]()\n"},
	{name: "empty options and nothing", whole: true, text: "[a]()\nx=1\n"},
	{name: "empty option then !", whole: true, text: "[b](!)\nx=1\n[c](,!)\ny=1\n"},
	{name: "base without a name", whole: true, text: "[]\nx=1\n[u](!)\ny=1\n[a]()\n[b](,)\n"},
	{name: "+ without a name takes the first", whole: true, text: "[a](!)\nx=1\n[b]\nx=2\n[c]\n[](+)\nx=3\n"},
	{name: "no name with a base", whole: true, text: "[b]\nx=2\n[](b)\nx=3\n[](b)\n"},
	{name: "parentheses in names", whole: true, text: "[a(b](!)\nx=1\n[c](a(b)\n"},
	{name: "closing parenthesis in a name", whole: true, text: "[a)b](!)\nx=1\n[c](a)b)\n"},
	{name: "comma in a name", whole: true, text: "[a,b](!)\nx=1\n[c](a,b)\n"},
	{name: "two parentheses", whole: true, text: "[b]\nx=2\n[c]((b)\nx=3\n"},
	{name: "options on two lines", whole: true, text: "[x](\n)\n"},
}

var filterRows = append([]row{
	{name: "filter include", whole: true, text: "[t](!)\nx=1\n[t](+TEMPLATES=include)\ny=1\n[a](t)\n"},
	{name: "filter include in capitals", whole: true, text: "[t](!)\nx=1\n[t](+TEMPLATES=INCLUDE)\ny=1\n[a](t)\n"},
	{name: "filter restrict", whole: true, text: "[t]\nq=1\n[t](!)\nx=1\n[t](+TEMPLATES=restrict)\ny=1\n[a](t)\n"},
	{name: "filter in small letters", whole: true, text: "[t](!)\nq=1\n[t](+templates=include)\ny=1\n[a](t)\n"},
	{name: "filter with another value", whole: true, text: "[t]\nq=1\n[t](+TEMPLATES=foo)\ny=1\n"},
	{name: "base is no filter", whole: true, text: "[b](!)\nfoo=1\n[c](foo=1)\ny=1\n"},
}, filters("foo=2", "fo=2", "f.*=2", "FOO=2", "foo=.", "foo=^2$", "foo=22", "=2", "foo=", "=", "foo", "foo=[", "[=2", "foo=2|9", "foo= 2",
	"foo =2", "bar=x=y", "o=2", "^o=2", "foo+=2", "f(o)o=2", "foo=[[:digit:]]+", "bar=^x=y$", `foo=\d`, "zz=", "zz=1", `foo=2\`)...)

func filters(texts ...string) []row {
	var rows []row
	for _, text := range texts {
		rows = append(rows, row{name: "filter " + text, whole: true,
			text: "[t]\nfoo=1\nbar=q\n[t]\nfoo=2\nbar=x=y\n[t](+" + text + ")\nend=1\n"})
	}
	return rows
}

// hangRows are files that hang or crash Asterisk.
func hangRows() []row {
	const why = "Asterisk 22 loops for ever and its AMI session with it"
	return []row{
		{name: "+ then itself", text: "x=1\n[a](+,a)\ny=1\n", ours: refused, why: why, hangs: true},
		{name: "+ then the first", text: "x=1\n[a](+,)\ny=1\n", ours: refused, why: why, hangs: true},
		{name: "block 129 deep", text: strings.Repeat(";--\n", maxNest+1) + strings.Repeat("--;\n", maxNest+1) + "x=1\n", ours: refused, why: why, hangs: true},
	}
}
