package dialplan

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// evil has every special character.
const evil = `a&b<c>"d'`

// xmlEnv is an Env with the facts of the rows and the variable V, and EscapeXML.
func xmlEnv(value string) *Env {
	env := rowEnv()
	env.EscapeXML = true
	env.Lookup = texts(func(ctx context.Context, name string) (string, bool, error) {
		switch name {
		case "V":
			return value, true, nil
		case `<"V">`:
			return "odd", true, nil
		}
		return lookupFact(ctx, name)
	})
	env.Ask = func(context.Context, string) (string, error) { return value, nil }
	env.Funcs = map[string]Func{
		"OWN": textFunc(func(_ context.Context, c *Call) (string, error) {
			return "<" + c.Value(c.Plain(c.Args)).Text + ">", nil
		}),
		"EACH": func(ctx context.Context, c *Call) (Value, error) {
			return c.Expand(ctx, Parse("each", "<i>"+c.Args+"</i>"), nil)
		},
		"FILE": func(ctx context.Context, c *Call) (Value, error) {
			return c.Include(ctx, Parse("file", "<\x01>${V}"), nil)
		},
		"PLAIN": textFunc(func(_ context.Context, c *Call) (string, error) { return fmt.Sprint(len(c.Plain(c.Args))), nil }),
	}
	return env
}

func escapeRow(tb testing.TB, in, value string) string {
	tb.Helper()
	got, err := Parse("t", in).Expand(context.Background(), xmlEnv(value))
	if err != nil {
		tb.Fatalf("%q: %v", in, err)
	}
	return got
}

func TestEscapeXML(t *testing.T) {
	const all = "a&amp;b&lt;c&gt;&quot;d&apos;"
	tests := []struct{ name, in, value, want string }{
		{"a value", "<x>${V}</x>", evil, "<x>" + all + "</x>"},
		{"the template's own", `<x a="&amp;'">`, evil, `<x a="&amp;'">`},
		{"no special character", `<a b="${V}"/>`, "plain 1", `<a b="plain 1"/>`},
		{"entities of the value", "${V}", "&amp; &lt; &gt; &quot; &apos; &#65; &#x1F600; &#0000000000000065;",
			"&amp; &lt; &gt; &quot; &apos; &#65; &#x1F600; &amp;#0000000000000065;"},
		{"no entities", "${V}", "&nbsp; &AMP; & &; &#; &#x; &#0; &#xD800; &#x110000; &#X41; &#-1; &# 65; &amp", "&amp;nbsp; &amp;AMP; &amp; &amp;; " +
			"&amp;#; &amp;#x; &amp;#0; &amp;#xD800; &amp;#x110000; &amp;#X41; &amp;#-1; &amp;# 65; &amp;amp"},
		{"half an entity", "${V:0:3}", "&amp;", "&amp;am"},
		{"an entity in upper case", "${TOUPPER(${V})}", "&lt;", "&amp;LT;"},
		{"a slice counts the value's bytes", "${V:1:3}|${V:-2}", evil, "&amp;b&lt;|d&apos;"},
		{"text functions", "${TOUPPER(<b>${V}</b>)}${TOLOWER(<B>${V})}", evil, "<B>A&amp;B&lt;C&gt;&quot;D&apos;</B><b>" + all},
		{"the length of the value", "${LEN(${V})}", evil, "9"},
		{"branches of IF", "${IF(1?<b>${V}</b>:<i/>)}${IF(0?<b/>:<i>${V}</i>)}", "a&b<c>'", "<b>a&amp;b&lt;c&gt;&apos;</b><i>a&amp;b&lt;c&gt;&apos;</i>"},
		{"a value at the edge of a branch", "${IF(1? ${V} :x)}", "<>", "&lt;&gt;"},
		{"a value as the condition", "${IF(${V}?yes:no)}", "<", "yes"},
		{"quotes of a value are quotes to IF", "${IF(1?${V}:x)}", `a":"b`, "a:b"},
		{"CUT at a special character", "${CUT(V,&,2)}|${CUT(V,&,1-2)}|${CUT(V,<,1)}", evil, "b&lt;c&gt;&quot;d&apos;|a&amp;b&lt;c&gt;&quot;d&apos;|a&amp;b"},
		{"CUT by a value", "${CUT(CM,${V},2)}${CUT(XML,${V},1&2)}", "&", "a&amp;b&lt;c&gt;&apos;d&apos;"},
		{"fields that a value names", "${CUT(COL,:,${V})}", "1&3", "a:c"},
		{"CUT of something with text", "${CUT(EVAL(<b>${V}</b>),b,2)}", "<b>", ">&lt;"},
		{"FILTER", "${FILTER(a-z&,${V})}|${FILTER(${V},<a>&b)}", "a&<b", "a&amp;b|<a&b"},
		{"REPLACE", "${REPLACE(V,&,+)}|${REPLACE(V,b,<)}|${REPLACE(A,a,${V})}", "&b", "+b|&amp;<|&amp;lph&amp;"},
		{"REPLACE with an escape", `${REPLACE(A,a,\x26)}|${REPLACE(A,a,\x01)}|${REPLACE(A,a,\x00)}|${REPLACE(A,a,\)}|${REPLACE(A,a,${V})}`, `\x3c`,
			"&amp;lph&amp;|?lph?|lph|lph|&lt;lph&lt;"},
		{"STRREPLACE", "${STRREPLACE(V,&b,<br/>)}|${STRREPLACE(A,lph,${V})}|${STRREPLACE(V,${V})}", "a&b<", "a<br/>&lt;|aa&amp;b&lt;a|"},
		{"QUOTE", "${QUOTE(${V}'x)}", `a"\b`, `"a\&quot;\\b'x"`},
		{"text around a value", "${TRIM( <b>${V}</b> )}${LTRIM( <b>${V})}${RTRIM(<i>${V} )}${PASSTHRU(<b/>${V})}${DIRNAME(<b>${V}</b>)}|${BASENAME(<b>/${V})}", "&",
			"<b>&amp;</b><b>&amp;<i>&amp;<b/>&amp;<b>&amp;<|&amp;"},
		{"TRIM does not take a mark for a blank", "${TRIM(${V})}", " <a> ", "&lt;a&gt;"},
		{"branches of IFTIME", `${IFTIME(*?<b>${V}</b>:x)}${IFTIME(*?"${V}":x)}`, "<", "<b>&lt;</b>&lt;"},
		{"quotes of a value in IFTIME", `${IFTIME(*?${V}:x)}`, `"<"`, "&lt;"},
		{"functions that decode", "${URIDECODE(${V})}${BASE64_DECODE(Jg==)}${MATH(60+0,c)}", "%26%3c<", "&amp;&lt;&lt;&amp;&lt;"},
		{"a value taken from JSON", `${JSON_DECODE(V,a)}${JSON_DECODE(V,b)}`, `{"a":"\u0026<","b":["x"]}`, `&amp;&lt;[&quot;x&quot;]`},
		{"a function that sees plain text asks", "${REGEX(\"(b)\\\\1\" ${V})}", "<", "&lt;"},
		{"a character by its number", "${SPRINTF(<b>%s,x)}|${SPRINTF(%c,${V})}", "38", "<b>x|&amp;"},
		{"lists", "${LISTFILTER(V,&,b)}|${FIELDNUM(V,&,b)}|${CSV_QUOTE(${V})}", "a&b&c", "a&amp;c|2|&quot;a&amp;b&amp;c&quot;"},
		{"EVAL of a value", "${EVAL(${V})}", "<${XML}>${V:0:1}", "&lt;a&amp;b&lt;c&gt;&apos;d&apos;&gt;&lt;"},
		{"functions that see plain text", "${MD5(${V})} ${URIENCODE(${V})} ${BASE64_ENCODE(${V})} ${FIELDQTY(V,&)}", "a&b",
			"b96e7bda9c9feee3259b177bd456b0a5 a%26b YSZi 2"},
		{"an expression", `$["${V}" = "${V}"] $["${V}" =~ "(&b<)"] $[${LEN(${V})} + 1] $["<b>" = "<b>"]`, "a&b<", "1 &amp;b&lt; 5 1"},
		{"quotes of a value in an expression", `$[${V} = "x"]`, `"x"`, "1"},
		{"text and value in an expression", `$["<b>" ~~ "${V}"]`, "&", "&lt;b&gt;&amp;"},
		{"a variable's name", `${${V}}`, `<"V">`, "odd"},
		{"an answer of Asterisk", "<a>${DB(x)}</a>", evil, "<a>" + all + "</a>"},
		{"an expression that Asterisk evaluates", "$[SIN(1)]", "<", "&lt;"},
		{"functions of the caller", "${OWN(${V})} ${EACH(${V})} ${EACH(<b/>%)} ${PLAIN(${V})}", "<", "<&lt;> <i>&lt;</i> <i><b/>%</i> 1"},
		{"a file", "${FILE()}", "<", "<?>&lt;"},
		{"XML_ESCAPE", "${XML_ESCAPE(${V})} ${XML_ESCAPE(<b>)} ${XML_ESCAPE(a\x01)}", evil + "&lt;", all + "&lt; &lt;b&gt; a?"},
		{"XML_ESCAPE in a text function", "${TOLOWER(${XML_ESCAPE(${V})})}", "<", "&lt;"},
		{"JSON_ESCAPE", `"${JSON_ESCAPE(${V})}"`, "\"<\n", `"\&quot;&lt;\n"`},
		{"control characters", "${V}|\x02|\x06", "\x00\x01\x05\x1f\t\n\r\x7f", "?" + "???\t\n\r\x7f|?|\x06"},
		{"CDATA", "${V}<![CDATA[${V}]]>${V}", "<&amp;", "&lt;&amp;<![CDATA[<&amp;]]>&lt;&amp;"},
		{"the end of CDATA in a value", "<![CDATA[${V}]]>${V}", "]]>]]>", "<![CDATA[]]]]><![CDATA[>]]]]><![CDATA[>]]>]]&gt;]]&gt;"},
		{"a comment's CDATA is none", "<!-- <![CDATA[ ${V} --> ${V}", "<", "<!-- <![CDATA[ &lt; --> &lt;"},
		{"an instruction", "<?x ${V} <![CDATA[ ?>${V}", "?>", "<?x ?&gt; <![CDATA[ ?>?&gt;"},
		{"an instruction's end in a value", "<?x ${V}?><?y?>${V}", "-- ?> ?", "<?x -- ?&gt; ??><?y?>-- ?&gt; ?"},
		{"hyphens in a comment", "<!-- ${V} --><a>${V}--</a><!-- ${V}", "Alice -- Adams", "<!-- Alice - - Adams --><a>Alice -- Adams--</a><!-- Alice - - Adams"},
		{"hyphens at a comment's edges", "<!--${V}--><!-- ${V}--><!--${V} --><!--${V}${V}--->", "-", "<!--- --><!-- - --><!--- --><!--- - - -->"},
		{"a comment's end in a value", "<!-- ${V} --><!--${V}-->", "<!-- --><!--->", "<!-- &lt;!- - - -&gt;&lt;!- - -&gt; --><!--&lt;!- - - -&gt;&lt;!- - -&gt;-->"},
		{"hyphens in CDATA and instructions", "<![CDATA[<!-- ${V}]]><?x <!-- ${V}?><!-- ${V}-->", "a--", "<![CDATA[<!-- a--]]><?x <!-- a--?><!-- a- - -->"},
		{"an answer's hyphens in a comment", "<!-- ${DB(x)} ${TOLOWER(${V})} ${MATH(${V:1:0}0-1,int)}${V} -->", "--A", "<!-- - -A - -a -1- -A -->"},
		{"empty comments", "<!----><!-->${V}--><?>${V}?>", "<", "<!----><!-->&lt;--><?>&lt;?>"},
		{"CDATA that a value begins", "${V}${V}", "<![CDATA[", "&lt;![CDATA[&lt;![CDATA["},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := escapeRow(t, tt.in, tt.value); got != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.in, got, tt.want)
			}
		})
	}
}

// Asterisk does not have XML_ESCAPE and JSON_ESCAPE, so there are no rows for them.
func TestEscapeFunctions(t *testing.T) {
	tests := []struct{ in, value, want string }{
		{"${XML_ESCAPE(${V})}", evil, "a&amp;b&lt;c&gt;&quot;d&apos;"},
		{"${XML_ESCAPE(${V})}", "&lt; &#65; &x; &", "&lt; &#65; &amp;x; &amp;"},
		{"${XML_ESCAPE(${V})}", "", ""},
		{"${XML_ESCAPE(a, \"b\" )}", "", "a, &quot;b&quot; "},
		{"${XML_ESCAPE(${XML_ESCAPE(${V})})}", "<&", "&lt;&amp;"},
		{"${XML_ESCAPE(${V})}", "ü€\x01\t", "ü€?\t"},
		{"${XML_ESCAPE(${V})}", "<![CDATA[<]]>", "&lt;![CDATA[&lt;]]&gt;"},
		{"${XML_ESCAPE(${V}):0:4}", "<a", "&lt;"},
		{"${JSON_ESCAPE(${V})}", `a"b\c/d`, `a\"b\\c/d`},
		{"${JSON_ESCAPE(${V})}", "\b\f\n\r\t", `\b\f\n\r\t`},
		{"${JSON_ESCAPE(${V})}", "\x00\x01\x1f\x7f", "\\u0000\\u0001\\u001F\x7f"},
		{"${JSON_ESCAPE(${V})}", "ü€😀\u2028", "ü€😀\u2028"},
		{"${JSON_ESCAPE(${V})}", "a\xffb\xc3", "a\uFFFDb\uFFFD"},
		{"${JSON_ESCAPE(${V})}", evil, `a&b<c>\"d'`},
		{"${JSON_ESCAPE()}", "", ""},
		{"${JSON_ESCAPE(a,b)}", "", "a,b"},
	}
	for _, tt := range tests {
		env := xmlEnv(tt.value)
		env.EscapeXML = false
		if got, err := Parse("t", tt.in).Expand(context.Background(), env); got != tt.want || err != nil {
			t.Errorf("%s of %q\n got %q, %v\nwant %q", tt.in, tt.value, got, err, tt.want)
		}
	}
}

// The limit of the output also holds for escaped text and for results of functions.
func TestEscapeLimit(t *testing.T) {
	for in, xml := range map[string]bool{"${V}": true, "<![CDATA[${V}]]>": true, "${XML_ESCAPE(${V})}": false, "${JSON_ESCAPE(${V})}": false} {
		env := xmlEnv(strings.Repeat("]]>\x01\"", 16))
		env.EscapeXML, env.Limits = xml, Limits{Output: 100}
		if got, err := Parse("t", in).Expand(context.Background(), env); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: got %q, %v", in, got, err)
		}
	}
	env := xmlEnv("<")
	env.Limits = Limits{Output: 4}
	got, _, err := Parse("t", "${V}").AppendTo(context.Background(), []byte("before <\x01"), env)
	if string(got) != "before <\x01&lt;" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}

// Diagnostics have no marks.
func TestEscapeDiagnostics(t *testing.T) {
	var got []string
	env := xmlEnv(evil)
	env.Diag = func(d Diagnostic) { got = append(got, d.String()) }
	const in = "${${V}(x)}${EVAL($[${V})}$[${V} 1]${CUT(${V})}${A:${V}}"
	if _, err := Parse("t", in).Expand(context.Background(), env); err != nil {
		t.Fatal(err)
	}
	if len(got) < 4 || hasMark(strings.Join(got, "")) {
		t.Errorf("got %q", got)
	}
}

// Asterisk is asked without marks, and its answers are reported without marks.
func TestEscapeAsks(t *testing.T) {
	for in, want := range map[string]string{
		"${DB(${V})}": "DB(" + evil + ")", "${EVAL(${V}$[${V}]${ASKED(${V})})}": "ASKED(" + evil + ")", "${EVAL(${CALLS})}": "DB('x')", "${CUT(DB(${XML}),-,1)}": "DB(a&b<c>'d')",
	} {
		env := xmlEnv(evil)
		lookup := env.Lookup
		env.Lookup = func(ctx context.Context, name string) (Value, bool, error) {
			if name == "CALLS" {
				return Value{Text: "${DB('x')}"}, true, nil
			}
			return lookup(ctx, name)
		}
		var asked Question
		env.AskAt = func(_ context.Context, q Question) (Value, error) { asked = q; return Value{}, nil }
		if _, err := Parse("t", in).Expand(context.Background(), env); err != nil {
			t.Fatal(err)
		}
		if asked.Call != want || hasMark(asked.Source+asked.Function) {
			t.Errorf("%s: asked %+v, want %q", in, asked, want)
		}
	}
}

// withMarks expands without the last step, the escaping.
func withMarks(in string) (string, error) {
	env := rowEnv()
	x := &expansion{env: env, run: &run{Limits: Limits{1 << 16, DefaultDepth, 1 << 14}, native: native, marking: true}}
	x.t = Parse("row.cfg", in).unmarked()
	out, err := x.segments(context.Background(), nil, x.t.segs, 1<<16)
	return string(out), err
}

// sameWithMarks checks that the text with marks has the same bytes as without, which are Asterisk's. It returns the
// text.
func sameWithMarks(t *testing.T, in string) string {
	t.Helper()
	env := rowEnv()
	env.Limits = Limits{1 << 16, DefaultDepth, 1 << 14}
	want, wantErr := Parse("row.cfg", in).Expand(context.Background(), env)
	got, err := withMarks(in)
	if plain := mapBytes(got, plainOf); err == nil && plain != want || (err == nil) != (wantErr == nil) {
		t.Fatalf("%q\n got %q, %v\nwant %q, %v", in, plain, err, want, wantErr)
	}
	return got
}

// given reports whether a template gives the same text twice and has no entities in its values.
func given(in string) bool {
	return !slices.ContainsFunc(Functions(), func(f Function) bool {
		return (f.Volatile() || f.Name == "XML_ESCAPE") && strings.Contains(in, f.Name)
	})
}

// This runs every row of every function.
func TestMarksChangeNoRow(t *testing.T) {
	for path, lines := range rowFiles(t) {
		t.Run(path, func(t *testing.T) {
			for _, line := range lines {
				r, err := parseRow(line)
				if err == nil && given(r.in) && !strings.ContainsFunc(expandRow(r.in), isControl) {
					sameWithMarks(t, r.in)
				}
			}
		})
	}
}

// isControl reports whether XML does not allow a character of a value.
func isControl(r rune) bool { return r < ' ' && markOf(byte(r)) == '?' }

// TestMarksChangeNothing expands random templates. If a template has no special character itself, every one in the
// result has a mark.
func TestMarksChangeNothing(t *testing.T) {
	j := judged{getvar: func(_ testing.TB, call string) string { return "ASKED:" + call }}
	marks, functions := 0, generatedFunctions()
	cases := skips.Size(t, 4_000, 1_000)
	for i := range cases {
		in := newGenerator(*genSeed, i, functions).template()
		made := slices.ContainsFunc(j.expand(t, in).values, func(v string) bool { return strings.ContainsFunc(v, isControl) })
		made = made || strings.ContainsFunc(expandRow(in), isControl)
		in = strings.ReplaceAll(in, "${UNK}", "")
		if !given(in) || made {
			continue
		}
		if hasMark(sameWithMarks(t, in)) {
			marks++
		}
		in = strings.ReplaceAll(strings.Map(func(r rune) rune {
			if strings.ContainsRune(special, r) {
				return -1
			}
			return r
		}, in), "UOTE", "X") // the quotes of QUOTE and CSV_QUOTE are the template's
		if got, err := withMarks(in); err == nil && strings.ContainsAny(got, special) {
			t.Fatalf("seed %d: %q gives %q: a character of a value has no mark", *genSeed, in, got)
		}
	}
	if marks < cases/40 {
		t.Errorf("only %d texts had marks", marks)
	}
}

// decode decodes entities as XML does. Text that is no entity stays.
func decode(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		end := strings.IndexByte(s[i:], ';')
		if s[i] != '&' || !beginsEntity([]byte(s[i+1:])) {
			b.WriteByte(s[i])
			continue
		}
		var text string
		if err := xml.Unmarshal([]byte("<a>"+s[i:i+end+1]+"</a>"), &text); err != nil {
			text = err.Error()
		}
		b.WriteString(text)
		i += end
	}
	return b.String()
}

// wellFormed returns encoding/xml's error for a document.
func wellFormed(doc string) error {
	dec := xml.NewDecoder(strings.NewReader(doc))
	for {
		if _, err := dec.Token(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// shapes are well-formed templates. Those after mixed have markup within calls, where a value with brackets, quotes or
// commas splits it, as in Asterisk.
var shapes = []string{
	`<a x="${V}" y='${V}'>${V}</a>`, `<a x="${TOUPPER(${V})}">${TOLOWER(${V})}</a>`, `<a x="${V:1}" y="${V:-3:2}">${V:0:5}</a>`,
	`<a x="${CUT(V,&,1-3)}">${CUT(V,<,2)}${CUT(V,;,1)}</a>`, `<a>${IF(1?${V}:${V})}${IF(${V}?a:${V})}${EVAL(${V})}</a>`,
	`<a><![CDATA[${V}]]>${V}<![CDATA[]${V}]]></a>`, `<a x="${FILTER(!-~,${V})}">${REPLACE(V,a,\x26)}${REPLACE(V,;,${V})}</a>`,
	`<a x="${STRREPLACE(V,a,${V})}">${STRREPLACE(V,a,<b/>)}</a>`, `<a>$["${V}" ~~ "${V}"] $[${V}] ${DB(x)}</a>`,
	`<!--${V}--><a><!-- ${V}${V} --><!-- ${TOLOWER(${V})}-->${V}<?x ${V}?></a>`,
	`<a>${OWN(b)}x</b>${URIENCODE(${V})}${JSON_ESCAPE(${V})}${XML_ESCAPE(${V})}</a>`,
	`<a x="${TOUPPER(a'${V}')}">${TOLOWER(<b>${V}</b>)}</a>`, `<a>${IF($["${V}" = "x"]?<b/>:<i>x</i>)}${IF(1?<b>${V}</b>:x)}</a>`,
	`<a>${EACH(${V})}${EVAL(<b>${V}</b>)}${STRREPLACE(V,;,<b>${V}</b>)}</a>`,
}

const mixed = 11

// FuzzEscape: for any value a well-formed template gives a well-formed document, and reading it gives back the value.
func FuzzEscape(f *testing.F) {
	for i, value := range []string{evil, "]]>", "&amp;&#65;&", "<!--", "<![CDATA[", `${V}`, "\x00\x01\x1f", "${XML}<b", "a;b&lt", `\x26`, `"?':`, "$[\"<\"", "ü€😀", "--", "-->-", "?>?"} {
		f.Add(value, i)
	}
	f.Fuzz(func(t *testing.T, value string, shape int) {
		value = strings.ToValidUTF8(value, "?")
		value = strings.NewReplacer("\uFFFE", "", "\uFFFF", "").Replace(value)
		shape = ((shape % len(shapes)) + len(shapes)) % len(shapes)
		if shape >= mixed {
			value = strings.Map(func(r rune) rune {
				if strings.ContainsRune(`(){}[]:?,"\$`, r) {
					return -1
				}
				return r
			}, value)
		}
		in := shapes[shape]
		env := xmlEnv(value)
		env.Limits = Limits{1 << 16, 16, 1 << 10}
		doc, err := Parse("t", in).Expand(context.Background(), env)
		if err != nil || !utf8.ValidString(doc) { // a slice can cut a character
			return
		}
		if err := wellFormed(doc); err != nil {
			t.Fatalf("%s with %q\n%q: %v", in, value, doc, err)
		}
		got := decode(escapeRow(t, "${V}", value))
		if want := decode(mapBytes(mapBytes(value, markOf), plainOf)); got != want {
			t.Fatalf("%q reads %q", value, got)
		}
		if mapBytes(value, markOf) == value && in == shapes[0] && doc != strings.ReplaceAll(in, "${V}", value) {
			t.Fatalf("%q became %q", value, doc)
		}
	})
}
