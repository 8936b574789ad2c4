package dialplan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestZeroEnv(t *testing.T) {
	const in = "a ${X} ${TOUPPER(b)} $[1 + 1] ${STAT(e,/)} ${LEN(${EPOCH})}"
	for _, env := range []*Env{nil, {}} {
		got, err := Parse("t", in).Expand(context.Background(), env)
		if want := "a  B 2 0 0"; got != want || err != nil {
			t.Errorf("got %q, %v, want %q", got, err, want)
		}
	}
}

func TestErrors(t *testing.T) {
	broken := errors.New("broken")
	self := &Env{Lookup: texts(func(context.Context, string) (string, bool, error) { return "${EVAL(${SELF})}", true, nil })}
	twice := &Env{Lookup: texts(func(context.Context, string) (string, bool, error) {
		return "${EVAL(${SELF})}${EVAL(${SELF})}", true, nil
	}), Limits: Limits{Depth: 40, Steps: 1000}}
	tests := []struct {
		name, in string
		env      *Env
		want     error
		text     string
	}{
		{"no one to ask", "a${DB(x/y)}b", nil, ErrCannotAsk, "DB: cannot ask asterisk"},
		{"asking fails", "${DB(x/y)}", &Env{Ask: func(context.Context, string) (string, error) { return "", broken }}, broken,
			"DB: cannot ask asterisk: broken"},
		{"asking in an expression", "$[SIN(1)]", nil, ErrCannotAsk, "EVAL: cannot ask asterisk"},
		{"asking by a computed name", "${D${X}B(x)}", nil, ErrCannotAsk, "a function: cannot ask asterisk"},
		{"asking in a computed text", "${EVAL(${LABEL})}", &Env{Lookup: texts(func(context.Context, string) (string, bool, error) {
			return "${DB(x)}", true, nil
		})}, ErrCannotAsk, "a function: cannot ask asterisk"},
		{"asking in an argument", "${TOUPPER(${DB(x)})}", nil, ErrCannotAsk, ""},
		{"lookup fails", "${A}", &Env{Lookup: texts(func(context.Context, string) (string, bool, error) { return "", false, broken })}, broken, "broken"},
		{"lookup fails in CUT", "${CUT(A,:,1)}", &Env{Lookup: texts(func(context.Context, string) (string, bool, error) { return "", false, broken })}, broken, "broken"},
		{"function fails", "${F()}", &Env{Funcs: map[string]Func{"F": textFunc(func(context.Context, *Call) (string, error) { return "", broken })}}, broken, "broken"},
		{"EVAL of itself", "${EVAL(${SELF})}", self, ErrTooDeep, ""},
		{"EVAL twice of itself", "${EVAL(${SELF})}", twice, ErrTooDeep, ""},
		{"many steps", strings.Repeat("${A}", 1001), &Env{Limits: Limits{Steps: 1000}}, ErrTooManySteps, ""},
		{"nested", strings.Repeat("${", 70) + strings.Repeat("}", 70), nil, ErrTooDeep, ""},
		{"nested beyond all limits", strings.Repeat("${", 100000), &Env{Limits: Limits{Depth: 1 << 30}}, ErrTooDeep, ""},
		{"parentheses", "$[" + strings.Repeat("(", 100000) + "]", nil, ErrTooDeep, ""},
		{"signs", "$[" + strings.Repeat("-", 100000) + "]", nil, ErrTooDeep, ""},
		{"long text", strings.Repeat("x", 101), &Env{Limits: Limits{Output: 100}}, ErrTooLong, ""},
		{"long value", "${A}", &Env{Limits: Limits{Output: 3}, Lookup: texts(lookupFact)}, ErrTooLong, ""},
		{"long argument", "${LEN(${A})}", &Env{Limits: Limits{Output: 3}, Lookup: texts(lookupFact)}, ErrTooLong, ""},
		{"long STRREPLACE", "${LEN(${STRREPLACE(LONG,a,bbbbb)})}", &Env{Limits: Limits{Output: 27}, Lookup: texts(lookupFact)}, ErrTooLong, ""},
		{"long ~~", `$["abcd" ~~ "efgh"]`, &Env{Limits: Limits{Output: 5}}, ErrTooLong, ""},
		{"long JSON_DECODE", "${LEN(${JSON_DECODE(J,a)})}", &Env{Lookup: texts(func(context.Context, string) (string, bool, error) {
			return `{"a":"` + strings.Repeat("x", maxJSON) + `"}`, true, nil
		})}, ErrTooLong, ""},
		{"lookup fails in FIELDNUM", "${FIELDNUM(A,:,1)}", &Env{Lookup: texts(func(context.Context, string) (string, bool, error) { return "", false, broken })}, broken, "broken"},
		{"lookup fails in JSON_DECODE", "${JSON_DECODE(A,x)}", &Env{Lookup: texts(func(context.Context, string) (string, bool, error) { return "", false, broken })}, broken, "broken"},
		{"no one to ask for a power", "${MATH(3^40)}", nil, ErrCannotAsk, "MATH: cannot ask asterisk"},
		{"long STRFTIME", "${LEN(${STRFTIME(0,UTC,%4000d%4000d)})}", &Env{Limits: Limits{Output: 5000}}, ErrTooLong, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Parse("t", tt.in).Expand(context.Background(), tt.env)
			if !errors.Is(err, tt.want) || got != "" {
				t.Fatalf("got %q, %v, want %v", got, err, tt.want)
			}
			if tt.text != "" && err.Error() != tt.text {
				t.Errorf("got %q, want %q", err.Error(), tt.text)
			}
		})
	}
}

func TestContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err := Parse("t", strings.Repeat("${A}", 2*stepsPerCheck)).Expand(ctx, nil)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestAsk(t *testing.T) {
	tests := []struct{ in, want string }{
		{"${DB(a/b)}", "DB(a/b)"},
		{"${DB()}", "DB()"},
		{"${DB(${A}):1:3}", "DB(alpha)"},
		{"${db(x)}", "db(x)"},
		{"${DB(a\r\nAction: x)}", "DB(a\r\nAction: x)"}, // the asker refuses it
		{"${CUT(DB(a:b),:,1)}", "DB(a:b)"},
		{"$[1+SIN(2)*3]", "EVAL($[1+SIN(2)*3])"},
		{`$["aa" =~ "(a)\1"]`, `EVAL($["aa" =~ "(a)\1"])`},
		{`$[SIN(${LABEL})]`, ""}, // EVAL would expand the label
		{"${MATH(${NUM}^9.5,f)}", "MATH(42^9.5,f)"},
		{"${MATH(2^0.5)} ${MATH(2^-3)} ${MATH(9^15,int)} ${MATH(2^inf)}", ""}, // computed here with certainty
		{"${A B(x)}", ""},
		{"${(x)}", ""},
	}
	for _, tt := range tests {
		var asked string
		env := rowEnv()
		env.Ask = func(_ context.Context, call string) (string, error) { asked = call; return "answer", nil }
		if _, err := Parse("t", tt.in).Expand(context.Background(), env); err != nil {
			t.Errorf("%q: %v", tt.in, err)
		}
		if asked != tt.want {
			t.Errorf("%q asked %q, want %q", tt.in, asked, tt.want)
		}
	}
}

func TestFuncsComeFirst(t *testing.T) {
	env := rowEnv()
	env.Funcs = map[string]Func{
		"TOUPPER": textFunc(func(_ context.Context, c *Call) (string, error) { return c.Name + "<" + c.Args + ">", nil }),
		"OTHER": func(ctx context.Context, c *Call) (Value, error) {
			return c.Expand(ctx, Parse("other", "[${A}]"), &Env{})
		},
		"SAME": func(ctx context.Context, c *Call) (Value, error) { return c.Expand(ctx, Parse("same", "[${A}]"), nil) },
	}
	got, err := Parse("t", "${TOUPPER(a, ${A})} ${OTHER()} ${SAME()} ${TOUPPER(x):0:3}").Expand(context.Background(), env)
	if want := "TOUPPER<a, alpha> [] [alpha] TOU"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestDiagnostics(t *testing.T) {
	tests := []struct {
		in   string
		want []string
	}{
		{"plain ${A} $[1+1]", nil},
		{"a\n  ${A", []string{"t:2:3: missing '}'"}},
		{"$[1", []string{"t:1:1: missing ']'"}},
		{"é\n\né${TOUPPER(a}", []string{"t:3:3: missing ')'"}},
		{"${A:x}", []string{"t:1:1: bad offset"}},
		{"${A B(c)}", []string{"t:1:1: a function: no such function"}},
		{"x\n${LEN(${CUT(A)})}", []string{"t:2:7: CUT: want name,delimiter,fields"}},
		{"$[1 +]", []string{"t:1:1: unexpected end"}},
		{"$[1 2]", []string{"t:1:1: unexpected word"}},
		{"$[* 2]", []string{`t:1:1: unexpected "*"`}},
		{"$[a % 100]", []string{`t:1:1: left side of "%" is not a number`}},
		{"$[1/0]", []string{"t:1:1: division by zero"}},
		{"${STRFTIME(0,Nope/Zone,%Y)}", []string{"t:1:1: STRFTIME: unknown time zone"}},
		{"${ABS(${A})}${MAX(1,${A})}${MIN()}", []string{"t:1:13: MAX: not a number", "t:1:1: ABS: not a number", "t:1:27: MIN: no number"}},
		{"${MATH(${A})}", []string{"t:1:1: MATH: no operator"}},
		{"${MATH(${A}+1)}", []string{"t:1:1: MATH: not a number"}},
		{"${MATH(1+1,${A})}", []string{"t:1:1: MATH: unknown type of result"}},
		{"${MATH(1/-2)}", []string{"t:1:1: MATH: the divisor is not above 0"}},
		{"${MATH(1%0)}", []string{"t:1:1: MATH: division by 0"}},
		{"${MATH()}", []string{"t:1:1: MATH: no argument"}},
		{"${DIGIT_SUM()}", []string{"t:1:1: DIGIT_SUM: no argument"}},
		{"${BASE64_DECODE()}", []string{"t:1:1: BASE64_DECODE: no argument"}},
		{"${FIELDNUM(A,l)}", []string{"t:1:1: FIELDNUM: want name,delimiter,text"}},
		{"${FIELDNUM(A,\\\\xg,a)}", []string{"t:1:1: FIELDNUM: bad delimiter"}},
		{"${LISTFILTER(A)}", []string{"t:1:1: LISTFILTER: want name,delimiter,text"}},
		{"${LISTFILTER(A,\\\\xg,a)}", []string{`t:1:1: LISTFILTER: \x without a hexadecimal digit`}},
		{"${JSON_DECODE(A)}", []string{"t:1:1: JSON_DECODE: want name,key[,separator[,options]]"}},
		{"${JSON_DECODE(A,x)}", []string{"t:1:1: JSON_DECODE: not JSON"}},
		{"${JSON_DECODE(JSON,x,//)}", []string{"t:1:1: JSON_DECODE: the separator is not one character: it is taken for a dot"}},
		{"${JSON_DECODE(JSON,x,,x)}", []string{"t:1:1: JSON_DECODE: unknown option"}},
		{"${JSON_DECODE(JSON,x,,c(}", []string{"t:1:1: JSON_DECODE: missing ')' in the options", "t:1:1: missing ')'"}},
		{"${EVAL(${LABEL}${CUT(x)}}", []string{"t:1:16: CUT: want name,delimiter,fields", "t:1:1: missing ')'"}},
		{"\n ${CUT(A:x,l,1)}", []string{"t:2:2: bad offset"}},
		{"\n ${EVAL(\n\n${LABEL}$)} ${EVAL(${LABEL:0:3})}", []string{"t:4:13: missing '}'"}},
		{"${FILTER(\\xg,a)}", []string{`t:1:1: FILTER: \x without a hexadecimal digit`}},
		{"$[1 +${X}", []string{"t:1:1: missing ']'", "t:1:1: unexpected end"}},
		{"$[SIN()+FOO(1,2)]", []string{`t:1:1: unexpected ")"`}},
		{"$[FOO(1,${NUM})]", []string{"t:1:1: no such function, or not with 2 arguments"}},
		{"$[${A}X(1)]", []string{"t:1:1: no such function, or not with 1 arguments"}},
		{"$[ABS(${A})]", []string{"t:1:1: ABS: the argument is not a number"}},
		{"$[${A} + ${A}]", []string{`t:1:1: neither side of "+" is a number`}},
		{"$[1 - ${A}]", []string{`t:1:1: right side of "-" is not a number`}},
		{"$[-${A}]", []string{`t:1:1: operand of "-" is not a number`}},
		{"$[1 ${A} 2]", []string{"t:1:1: unexpected word"}},
		{"$[${NUM} 2]", []string{"t:1:1: unexpected word"}},
		{"$[${NUM} x${A}]", []string{"t:1:1: unexpected word"}},
		{`$[a =~ "(${A}"]`, []string{`t:1:1: bad regular expression: missing closing )`}},
		{"${${A}(x y)}", nil}, // asked
		{"${ ${A}(x)}", []string{"t:1:1: a function: no such function"}},
		{"${A (${A})}", []string{"t:1:1: a function: no such function"}},
		{"${CUT(${NAMEA}:x,-,1)}", []string{"t:1:1: bad offset"}},
	}
	for _, tt := range tests {
		var got []string
		env := rowEnv()
		env.Diag = func(d Diagnostic) { got = append(got, d.String()) }
		if _, err := Parse("t", tt.in).Expand(context.Background(), env); err != nil {
			t.Errorf("%q: %v", tt.in, err)
		}
		slices.Sort(got)
		if !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q\n got %q\nwant %q", tt.in, got, tt.want)
		}
	}
}

func TestCalls(t *testing.T) {
	const in = "${A} ${TOUPPER(${DB(x):1})}\n$[${LEN(a)} + 1] ${${X}(a)} ${A:1(x)} ${NO${X}PE(a)} ${IF(1?${ODBC_X(y)}:)} ${CUT"
	want := []CallSite{{"TOUPPER", 1, 6}, {"DB", 1, 16}, {"LEN", 2, 3}, {"IF", 2, 54}, {"ODBC_X", 2, 61}}
	if got := Parse("t", in).Calls(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestFunctionTable(t *testing.T) {
	last := ""
	for _, f := range Functions() {
		if f.Name <= last {
			t.Errorf("%s is not in order", f.Name)
		}
		last = f.Name
		if f.Synopsis == "" || !strings.Contains(f.Example, f.Name+"(") || f.run == nil || !Known(f.Name) {
			t.Errorf("%s: incomplete: %+v", f.Name, f)
		}
		calls := Parse("t", f.Example).Calls()
		if len(calls) == 0 || calls[0].Name != f.Name {
			t.Errorf("%s: the example %q does not call it", f.Name, f.Example)
		}
	}
	if Known("DB") || Known("toupper") {
		t.Error("too much is known")
	}
}

func TestStatMode(t *testing.T) {
	for mode, want := range map[fs.FileMode]string{
		0o644: "100644", fs.ModeDir | 0o755: "40755", fs.ModeDir | fs.ModeSticky | 0o777: "41777", fs.ModeSetuid | 0o755: "104755",
		fs.ModeDevice | fs.ModeCharDevice | 0o666: "20666", fs.ModeNamedPipe | 0o600: "10600", fs.ModeSymlink | 0o777: "120777",
		fs.ModeSocket | fs.ModeSetgid | 0o755: "142755", fs.ModeDevice | 0o660: "60660",
	} {
		if got := fmt.Sprintf("%o", unixMode(mode)); got != want {
			t.Errorf("%v: got %s, want %s", mode, got, want)
		}
	}
}

func TestServerZone(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	env := &Env{Zone: berlin, Now: time.Unix(1700000000, 0)}
	got, err := Parse("t", "${STRFTIME(,,%H %z)} ${STRFTIME(${EPOCH},UTC,%H)} ${EPOCH}").Expand(context.Background(), env)
	if want := "23 +0100 22 1700000000"; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}

func TestConcurrent(t *testing.T) {
	tmpl := Parse("t", "${A:1} ${TOUPPER(${SP})} $[${NUM} * 2] ${EVAL(${LABEL})} ${STRFTIME(0,Europe/Berlin,%F)}")
	const want = "lpha HELLO WORLD 84 alpha 1970-01-01"
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 100 {
				if got, err := tmpl.Expand(context.Background(), rowEnv()); got != want || err != nil {
					t.Errorf("got %q, %v, want %q", got, err, want)
				}
			}
		})
	}
	wg.Wait()
}

func TestAppendTo(t *testing.T) {
	dst := []byte("before ")
	got, _, err := Parse("t", "${A}").AppendTo(context.Background(), dst, &Env{Lookup: texts(lookupFact), Limits: Limits{Output: 5}})
	if string(got) != "before alpha" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
