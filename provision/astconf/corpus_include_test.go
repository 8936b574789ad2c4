package astconf

import (
	"fmt"
	"strings"
)

var directiveRows = append([]row{
	{name: "unknown directive before a category", whole: true, text: "#foo\n[a]\ny=1\n"},
	{name: "#exec before a category", whole: true, text: "#exec foo\n[a]\ny=1\n"},
	{name: "#tryinclude before a category", whole: true, text: "#tryinclude nope.conf\n[a]\ny=1\n"},
}, lines("directive", includable,
	`#include "inc.conf"`, `#include <inc.conf>`, `#include inc.conf`, "#include  \t inc.conf  ", `#include inc.conf junk`,
	`#include "inc.conf" junk`, `#include "inc.conf`, `#include <inc.conf`, `#include inc.conf"`, `#include "inc.conf>`, `#include <inc.conf"`,
	`#include 'inc.conf'`, `#include =inc.conf`, `#include => inc.conf`, `#include`, `#include ;x`, `#include ""`, `#include <>`, `#include "`,
	`#include <`, `#includeinc.conf`, `#include"inc.conf"`, `#INCLUDE inc.conf`, `#TryInclude inc.conf`, `  #include inc.conf`,
	`# include inc.conf`, `#include inc.conf;c`, `#include inc.conf ;c`, `#tryinclude inc.conf`, `#tryinclude "nope.conf"`,
	`#tryinclude d/nope*.conf`, `#tryinclude bad.conf`, `#tryinclude`, `#tryinclude "nope`, `#tryinclude d`, `#include bad.conf`,
	`#include nope.conf`, `#exec "echo x=1"`, `#exec /bin/echo x=1`, `#exec`, `#Exec foo`, `#execx y`, `#foo bar`, `#`, `#foo=bar`,
	`x #include inc.conf`, `x=1 #include inc.conf`, "#include inc.conf\r", `#include " inc.conf "`, `#include "inc.conf""`,
	`#include ~/inc.conf`, `#include $HOME/inc.conf`, "#include inc.conf\tx", `#include "inc.conf"=x`, `#include=inc.conf`, "#include\x01inc.conf",
	"#include\x7finc.conf", "#include\u00b9 inc.conf", "#include\u00b9", "#include\xc2 inc.conf", "#include\xb9inc.conf", "#include\xb9\"inc.conf\"", "#tryinclude\xc2 inc.conf", "#foo\u00b9 bar",
	"#include\x00inc.conf", `##include inc.conf`, `#include inc.conf\;x`, `#tryincludex inc.conf`,
)...)

// includable are files that rows include.
var includable = files{
	"inc.conf": "i=1\n[i]\nj=1\n", "bad.conf": "before=1\n[z\nafter=1\n",
	"d/a.conf": "a=1\n", "d/b.conf": "b=1\n", "d/e.conf": "", "d/sp ace.conf": "sp=1\n", "d/.hidden.conf": "hidden=1\n",
	"d/sub/x.conf": "x=sub\n", "d/z[.conf": "z=1\n", `d/q"`: "q=1\n", `d/"q`: "q=2\n", "d/q>": "q=3\n", "d/'q'": "q=4\n", `d/a"b`: "q=5\n",
	"d/10": "n=10\n", "d/9": "n=9\n", "d/B": "n=B\n", "d/_": "n=_\n", "d/bad1": "bad=1\n[z\n", "d/bad2": "bad=2\n",
}

func includeRows() []row {
	rows := lines("include", includable,
		`#include d/*.conf`, `#include d/nope*`, `#include d/[ab].conf`, `#include d/?.conf`, `#include "d/{a,b}.conf"`, `#include d/{b,a}.conf`,
		`#include /etc/asterisk/inc.conf`, `#include ./inc.conf`, `#include d/../inc.conf`, `#include ../asterisk/inc.conf`,
		`#include "d/sp ace.conf"`, `#include d/sp ace.conf`, `#include d`, `#include d/`, `#include "d\/a.conf"`, `#include d//a.conf`,
		`#include d/e.conf`, `#include d/*.conf junk`, `#include d/*`, `#tryinclude d/*`, `#include d/bad*`, `#include d/.*`, `#include d/{a.conf,{B,9}}`,
		`#include d/{b,a`, `#include d/z\[.conf`, `#include d/z[.conf`, `#include d/[[:digit:]]*`, `#include d/[!a-z]`, `#include d/[^a-z]`, `#tryinclude d/[ü]`, `#tryinclude d/*"[ü]`, `#tryinclude d/[a-ü]*`, "#tryinclude d/[\xc3]", "#tryinclude d/[!\xc3]",
		`#include d/*/x.conf`, `#include d/*/`, `#tryinclude d/*/`, `#include d/*/*`, `#include d/q"`, `#include d/"q`, `#include d/q>`, `#include d/'q'`, `#include d/a"b`, `#include "d/a"b"`,
		`#include d/{a.conf,nope}`, `#include d/{nope,nope2}`, `#include d/{nope*,a.conf}`, `#include /etc/asterisk/d/[ab]*f`, `#include d/./a.conf`,
		`#include d/nope/../a.conf`, `#include d/sub/../a.conf`, `#include d/a.conf\`, `#include \d/a.conf`, `#include d/[a].conf`, `#include d/[]a].conf`, `#include d/[a-`,
		`#include d/{}`, `#include d/{a.conf}`, `#include d/{a.conf,}`, `#include d/a{,.conf}`, `#include d/[a-b].conf`, `#include d/[b-a].conf`,
		`#include d/[\a].conf`, `#include d/[a-].conf`, `#include d/[-a].conf`, `#include "<inc.conf>"`, `#include */a.conf`, `#include d/[a/]*`)
	return append(rows, []row{
		{name: "category goes into an include", text: "#include o.conf\nx=1\n", more: files{"o.conf": "y=1\n[b]\nz=1\n"}},
		{name: "category of an include ends with it", whole: true, text: "#include o.conf\ny=1\n", more: files{"o.conf": "[q]\n"}},
		{name: "include before a category", whole: true, text: "#include o.conf\n[a]\ny=1\n", more: files{"o.conf": "i=1\n"}},
		{name: "template of an include", whole: true, text: "#include o.conf\n[a](t)\nx=1\n", more: files{"o.conf": "[t](!)\nz=1\n"}},
		{name: "no line after an include without category", whole: true, text: "#include o.conf\nx=1\n[c](t)\n", more: files{"o.conf": "[t](!)\nz=1\n"}},
		{name: "BOM of an include", text: "#include o.conf\nx=1\n", more: files{"o.conf": "\xef\xbb\xbfy=1\n[b]\nz=1\n"}},
		{name: "include in a directory is relative to the root", text: "#include d/r.conf\nx=1\n", more: files{"d/r.conf": "#include a.conf\ny=1\n", "d/a.conf": "a=1\n"}},
		{name: "include in an include", text: "#include d/r.conf\nx=1\n", more: files{"d/r.conf": "#include d/a.conf\ny=1\n", "d/a.conf": "a=1\n"}},
		{name: "missing in an include", text: "#include o.conf\nx=1\n", more: files{"o.conf": "y=1\n#include nope.conf\nz=1\n"}},
		{name: "unknown base in an include", text: "#include o.conf\nx=1\n", more: files{"o.conf": "y=1\n[b](nope)\nz=1\n"}},
		{name: "the same twice included", text: "#include d/a.conf\n#include d/a.conf\n", more: files{"d/a.conf": "a=1\n"}},
		{name: "include in a block", text: ";--\n#include d/a.conf\n--;\nx=1\n", more: files{"d/a.conf": "a=1\n"}},
		{name: "block left open in an include", text: "#include o.conf\nx=1\n", more: files{"o.conf": "y=1\n;-- foo\nz=1\n"}},
		{name: "block closed too often in an include", text: "#include o.conf\nx=1\n", more: files{"o.conf": "y=1\n--;\nz=1\n"}},
		{name: "block left open in a glob", text: "#include p/*\nx=1\n", more: files{"p/a": "a=1\n;--\na=2\n", "p/b": "b=1\n--;\nb=2\n", "p/c": "c=1\n"}},
		{name: "block closed too often in a glob", text: "#include p/*\nx=1\n", more: files{"p/a": "a=1\n--;\na=2\n", "p/b": "b=1\n;--\nb=2\n", "p/c": "c=1\n"}},
		{name: "BOM of the second file of a glob", text: "#include p/*\nx=1\n", more: files{"p/a": "", "p/b": "\xef\xbb\xbf[y]\nb=1\n"}},
		{name: "BOM of the first and second file of a glob", text: "#include p/{nope,a,b}\nx=1\n", more: files{"p/a": "\xef\xbb\xbfa=1\n", "p/b": "\xef\xbb\xbfb=1\n"}},
		{name: "category of an include goes to the next include", text: "#include o.conf\n#include p.conf\nx=1\n", more: files{"o.conf": "[q]\ni=1\n", "p.conf": "j=1\n"}},
		{name: "continued category of an include goes to the next include", text: "[b]\n#include o.conf\n#include p.conf\nx=1\n", more: files{"o.conf": "[a](+)\ni=1\n", "p.conf": "j=1\n"}},
		{name: "category of an include before a category goes to the next include", whole: true, text: "#include o.conf\n#include p.conf\n", more: files{"o.conf": "[q](!)\ni=1\n", "p.conf": "j=1\n[r](q)\n"}},
		{name: "refused category of an include and the next include", text: "#include o.conf\n#include p.conf\nx=1\n", more: files{"o.conf": "[q](nope)\ni=1\n", "p.conf": "j=1\n"}},
		{name: "refused category with a base and the next include", text: "#include o.conf\n#include p.conf\nx=1\n", more: files{"o.conf": "[q](a,nope)\ni=1\n", "p.conf": "j=1\n"}},
		{name: "category refused after + and the next include", text: "[b]\n#include o.conf\n#include p.conf\nx=1\n", more: files{"o.conf": "[a](+,nope)\ni=1\n", "p.conf": "j=1\n"}},
		{name: "category of a glob", text: "#include p/*\nx=1\n", more: files{"p/a": "a=1\n[z]\na=2\n", "p/b": "b=1\n"}},
		{name: "broken file of a glob", text: "#include p/*\nx=1\n", more: files{"p/a": "a=1\n[z\na=2\n", "p/b": "b=1\n"}},
		broken(9, "#include bad"), broken(10, "#include bad"), broken(10, "#tryinclude bad"), broken(10, "#include good"), broken(10, "#tryinclude none"),
		broken(10, "#include nested"),
		{name: "includes itself, then another", text: "#include o\nx=1\n#include p\n", more: files{"o": "#tryinclude o\n#include p\n", "p": ""}},
		{name: "includes itself", text: "x=1\n#include t.conf\ny=1\n"},
		{name: "tries to include itself", text: "x=1\n#tryinclude t.conf\ny=1\n"},
		{name: "includes itself before a category", whole: true, text: "#include t.conf\n[a]\nx=1\n"},
		{name: "loop of two", text: "x=1\n#include o.conf\ny=1\n", more: files{"o.conf": "z=1\n#include t.conf\nw=1\n"}},
		chain(maxDepth), chain(maxDepth + 1),
	}...)
}

// chain is a row with n files, each of which includes the next.
func chain(n int) row {
	more := files{}
	for i := 1; i <= n; i++ {
		more[fmt.Sprintf("c%d.conf", i)] = fmt.Sprintf("k%d=1\n#include c%d.conf\nafter%d=1\n", i, i+1, i)
	}
	more[fmt.Sprintf("c%d.conf", n)] = "last=1\n"
	return row{name: fmt.Sprintf("includes %d deep", n), text: "#include c1.conf\nend=1\n", more: more}
}

// broken is a row with n broken includes and a good one.
func broken(n int, directive string) row {
	return row{name: fmt.Sprintf("%s %d times, then another", directive, n), text: strings.Repeat(directive+"\n", n) + "#include good\nx=1\n",
		more: files{"bad": "[z\n", "good": "g=1\n", "nested": "#include bad\nn=1\n"}}
}
