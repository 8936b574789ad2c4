package dialplan

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// Values in every form in which a message could quote them: words, numbers, operators, brackets, separators, errors.
var secrets = []string{
	`a "s3cr3t b<&>' c(`, "q7Zw9xKvJy", "7531086429", "-97.5310864", "Zq7x)Kw9v", "Zq7x}Kw9v{Jy5t", "Zq7x]Kw9v[Jy5t",
	"${Zq7w(Kx9v)}", "${Zq7wKx9v", "$[zQ9x wK7v]", "$[zQ9x", "12Zq+/7xKw:9v", "Zq7x:Kw9v:Jy5t", `Zq7x" :"([Kw9v`,
	"*(Zq7xKw", "([Zq7xKw", "Zq7{x,Kw", "Zq7x,Kw9v,,Jy5t", `\xZq7xKw\`, "Zoë9Čq7žKw", "Zq7x\nKw9v", "-9Zq7:x?Kw9v::", "Zq7xKw9v(",
	"+ 9Zq7x", "Zq7x * Kw9v", "zq_7x.kw-9v", "9/0Zq7x", "Zq7x&Kw9v", "zq7x\xff\xfeKw9v", strings.Repeat("Zq7xKw9v", 20),
	"Nq7x/Kw9v", "COS(9Zq7x)", "5Zq&2Kw9v", "Zq7x?Kw9v:Jy5t", "%{Zq7x(Kw9v)}%{Zq7xKw9v:x}",
}

// Texts that replace @ in the templates below.
var carriers = []string{"${S}", "a${S}b", "${S:1}", "${S:0:-1}", "${F()}", "${ASKED()}", "${TOUPPER(${S})}", "${URIENCODE(${S})}",
	"${BASE64_ENCODE(${S})}", "${EVAL(${S})}", "$[${S}]", `$["${S}" ~~ "x"]`, "${V${ONE}}", "${IF(1?${S}:)}", "${CUT(S,~,1)}"}

// Errors at every position that a value can have.
var faulty = []string{
	"${@}", "${@", "${@(x)}", "${@(x}", "${@(", "${X@(a)}", "${X @(a)}", "${@ @(a)}", "${ @(@)}", "${@(@):@}", "${${@(x)}(y)}",
	"${A:@}", "${A:1:@}", "${A:x@:@}", "${@:x}", "${A@:x}", "${LEN(@):x}", "${LEN(@", "${LEN(@}", "${LEN(${@(x y)})}",
	"${CUT(@)}", "${CUT(A,@,1)}", "${CUT(A,-,@)}", "${CUT(A,-,1&@)}", "${CUT(A,-,x@)}", "${CUT(A,\\xz@,1)}", "${CUT(@:x,-,1)}",
	"${CUT(@(x):x,-,1)}", "${CUT(A,-,9&1@)}", "${CUT(CUT(@),-,1)}", "${CUT($[@ 1],-,1)}", "${FIELDQTY(@(x),-)}", "${FIELDQTY(A:@,\\x@)}",
	"${FILTER(@)}", "${FILTER(\\x@,a)}", "${FILTER(a-\\x@,a)}", "${FILTER(@,@)}", "${REPLACE(@)}", "${REPLACE(,@)}", "${REPLACE(@,)}",
	"${REPLACE(@:x,a)}", "${REPLACE(A,@,@)}", "${STRREPLACE(@)}", "${STRREPLACE(,@)}", "${STRREPLACE(@(x),b)}", "${STRREPLACE(A,@,@,@)}",
	"${STRFTIME(@,Europe/@,%@)}", "${STRFTIME(,@,@)}", "${STRFTIME(@)}", "${STAT(@,@)}", "${STAT(e,@)}", "${STAT(@)}",
	"${ABS(@)}", "${MAX(@)}", "${MAX(1,@)}", "${MIN(@,@)}", "${MATH(@)}", "${MATH(@+1)}", "${MATH(1*@)}", "${MATH(1+1,@)}", "${MATH(3^40@)}",
	"${MATH(3@^40)}", "${MATH(7/-@)}", "${DIGIT_SUM(@)}", "${BASE64_DECODE(@)}", "${BASE64_DECODE(${BASE64_ENCODE(@)})}", "${CSV_QUOTE(@}",
	"${FIELDNUM(@)}", "${FIELDNUM(A,@,@)}", "${FIELDNUM(A,\\\\x@,a)}", "${FIELDNUM(@(x),-,a)}", "${LISTFILTER(@)}", "${LISTFILTER(A:@,-,a)}",
	"${LISTFILTER(A,\\\\x@,@)}", "${JSON_DECODE(@)}", "${JSON_DECODE(S,@)}", "${JSON_DECODE(A,x,@)}", "${JSON_DECODE(A,x,,@)}",
	"${JSON_DECODE(EVAL({\"a\":@}),a)}", "${JSON_DECODE(@:x,a,,c(@)}", "${BASENAME(@", "${DIRNAME(@}", "${TRIM(@", "${KEYPADHASH(${@(x)})}",
	"${IF(@)}", "${IF(@?)}", "${IF(?@:@)}", "${MD5(${A:x@})}", "${SHA1()@", "${MD5()@}", "${@MD5()}", "${MD5@()}",
	"${EVAL(@)}", "${EVAL($@)}", "${EVAL(@${A:x})}", "${EVAL(${EVAL(@)})}", "${EVAL(${${@}:x})}",
	"${EVAL(${CALL})}", "${EVAL(${NAME})}", "${EVAL(${EXPR})}", "${EVAL(${SUM})}", "${EVAL(${REGEX})}", "${EVAL(${OPEN})}",
	"${EVAL(${OFFSET})}", "${EVAL(${CUTS})}", "${EVAL(${DBS})}", "${EVAL(${TWICE})}", "${EVAL(${ZONE})}",
	"$[@]", "$[@", "$[@ + 1]", "$[1 + @]", "$[@ - @]", "$[@ * @]", "$[1 / @]", "$[@ % 7]", "$[-@]", "$[!@]", "$[1 @]", "$[1 2 @]", "$[@ 1 2]",
	"$[@ @ @]", "$[1 @ 2]", "$[(@]", "$[@)]", "$[)@]", "$[* @]", "$[* 2@]", "$[1 ? @]", "$[@ ? 1 :: @ 2]", "$[1 :: @]", "$[\"@ + 1]",
	"$[\"@\" + 1]", "$['@' + 1]", "$[@(1)]", "$[X@(1)]", "$[FOO(@)]", "$[FOO(@,@)]", "$[ABS(@)]", "$[ABS(@,1)]", "$[SIN(@)]", "$[SIN(@) 1]",
	"$[POW(1,@)]", "$[SIN(1) + @]", `$["a" =~ "(@"]`, `$["a" : "@["]`, `$["a" =~ "*@"]`, `$["a" =~ "@{"]`, `$["a" =~ "@{9,1}"]`, "$[@ =~ @]",
	`$["a" =~ "@\1"]`, `$["a" =~ "@\"]`, `$["a" =~ "[[:@:]]"]`, `$["a" =~ "[z-@]"]`, "$[@ : (@]", "$[1 / 0 + @]", "$[@ || -@]", "$[1 $@]",
	"$[${@(x)} + @]", "$[${LEN(@} + ${@:x} 1]", "${LEN($[@ + $[1 @]])}", "a\n ${X}${LEN($[@ $[@ 1]]:@",
	"${DB(@)}", "${DB@(x)}", "${@DB(x)}", "${@(x)}${DB(@)}", "${TOUPPER(${DB(${@(x)})})}", "${CUT(DB(@),-,1)}", "${CUT(@(a),-,1)}",
	"${EACH(@)}", "${EACH(%{@(x)})}", "${EACH(%{@:x})}", "${EACH(%{LEN(@})}", "${EACH(%[1 @]%{CUT(@)})}", "${INCLUDE(@)}", "${INCLUDE(%{@:x})}",
}

// secretEnv is an Env with the secret in it. Each text for EVAL has it where a message could quote it.
func secretEnv(secret string) *Env {
	vars := map[string]string{
		"A": "alpha", "ONE": "1", "S": secret, "V1": secret,
		"CALL": "${LEN(x}${" + secret + "(x)}", "NAME": "${" + secret + ":x}", "EXPR": "$[1 " + secret + "]", "SUM": "$[1 + " + secret + "]",
		"REGEX": `$["a" =~ "(` + secret + `"]`, "OPEN": "${" + secret, "OFFSET": "${A:x" + secret + "}", "CUTS": "${CUT(" + secret + ")}",
		"DBS": "${DB(" + secret + ")}", "TWICE": "${EVAL(${EVAL($[" + secret + " 1 2])})}", "ZONE": "${STRFTIME(," + secret + ",)}",
	}
	parse := func(c *Call) *Template {
		return Parse(c.Name, strings.NewReplacer("%{", "${", "%[", "$[").Replace(c.Args))
	}
	file := Parse("file", "${S(${S})} ${A:${S}} $[${S} 1] ${EVAL(${CUTS})} $[1 ${S} 2] $[${S}")
	return &Env{
		Lookup: texts(func(_ context.Context, name string) (string, bool, error) { v, ok := vars[name]; return v, ok, nil }),
		Funcs: map[string]Func{
			"F":       textFunc(func(context.Context, *Call) (string, error) { return secret, nil }),
			"EACH":    func(ctx context.Context, c *Call) (Value, error) { return c.Expand(ctx, parse(c), nil) },
			"INCLUDE": func(ctx context.Context, c *Call) (Value, error) { return c.Include(ctx, file, nil) },
		},
	}
}

// askers are none, one that answers ASKED only, and one that answers the secret to every call.
func askers(secret string) []Asker {
	return []Asker{
		nil,
		func(_ context.Context, call string) (string, error) {
			if call == "ASKED()" {
				return secret, nil
			}
			return "", errors.New("no answer")
		},
		func(context.Context, string) (string, error) { return secret, nil },
	}
}

// messages returns all diagnostics of an expansion, and its error.
func messages(in string, env *Env) (said []string) {
	env.Diag = func(d Diagnostic) { said = append(said, d.String()) }
	if _, err := Parse("t", in).Expand(context.Background(), env); err != nil {
		said = append(said, err.Error())
	}
	return said
}

// fragment is how many consecutive bytes of a value count as shown.
const fragment = 4

// shown returns a fragment of a value, or of what a function makes of it, that is in the message.
func shown(message string, values []string) string {
	for _, v := range values {
		for i := range max(0, len(v)-fragment+1) {
			if part := v[i : i+fragment]; strings.Contains(message, part) {
				return part
			}
		}
	}
	return ""
}

// forms returns a value, what functions make of it, and how a message would print it.
func forms(value string) []string {
	all := []string{value, strconv.Quote(value)}
	for _, f := range []string{"TOUPPER", "TOLOWER", "URIENCODE", "BASE64_ENCODE", "MD5", "QUOTE"} {
		v, _ := Parse("t", "${"+f+"(${S})}").Expand(context.Background(), secretEnv(value))
		all = append(all, v)
	}
	return all
}

func TestNoValueInMessages(t *testing.T) {
	stride := skips.Size(t, 1, 4) // not 3: each carrier meets each asker
	for i, secret := range secrets {
		said, values := map[string]bool{}, forms(secret)
		env, ask := secretEnv(secret), askers(secret)
		for j, in := range faulty {
			for k, carrier := range carriers {
				if (i+j+k)%stride != 0 {
					continue
				}
				in := strings.ReplaceAll(in, "@", carrier)
				env.Ask = ask[(i+j+k)%len(ask)]
				for _, m := range messages(in, env) {
					said[m+"\x00"+in] = true
				}
			}
		}
		if len(said) < 1000/stride {
			t.Errorf("%q: only %d messages", secret, len(said))
		}
		for m := range said {
			m, in, _ := strings.Cut(m, "\x00")
			if part := shown(m, values); part != "" {
				t.Fatalf("secret %q, template %q\n%q shows %q", secret, in, m, part)
			}
		}
	}
}

// TestTemplateOfArgs: messages about a template that is an argument of a call show no name that may come from a value.
func TestTemplateOfArgs(t *testing.T) {
	tests := []struct{ in, want string }{
		{"${EACH(%{MD5()})}", "EACH:1:1: MD5: no argument"},
		{"${EACH(${S}%{MD5()})}", "EACH:1:2: a function: no argument"},
		{"${FILE(${S})}", "file:1:1: MD5: no argument"},
	}
	for _, tt := range tests {
		env := secretEnv("x")
		env.Funcs["FILE"] = func(ctx context.Context, c *Call) (Value, error) {
			return c.Include(ctx, Parse("file", "${MD5()}"), nil)
		}
		if got := messages(tt.in, env); len(got) != 1 || got[0] != tt.want {
			t.Errorf("%q\n got %q\nwant %q", tt.in, got, tt.want)
		}
	}
}

// FuzzNoValueInMessages: if no template has the letters that all values consist of, no message has them.
func FuzzNoValueInMessages(f *testing.F) {
	for i, in := range faulty {
		f.Add(strings.ReplaceAll(in, "@", carriers[i%len(carriers)]), secrets[i%len(secrets)])
	}
	f.Fuzz(func(t *testing.T, in, secret string) {
		const mark = 'ж'
		in = strings.ReplaceAll(strings.ToValidUTF8(in, ""), string(mark), "")
		secret = strings.Map(func(r rune) rune {
			if unicode.IsLower(r) {
				return mark
			}
			return r // names that EVAL finds are in upper case
		}, secret)
		env := secretEnv(secret)
		env.Limits = Limits{Output: 1 << 16, Steps: 1 << 12}
		for _, m := range messages(in, env) {
			if strings.ContainsRune(m, mark) {
				t.Fatalf("secret %q, template %q\n%q", secret, in, m)
			}
		}
	})
}
