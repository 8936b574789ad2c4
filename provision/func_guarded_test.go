package provision

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// A file with a function that Asterisk does not answer over AMI, or answers differently than in a file of its own, is a
// 503 with the reason.
func TestRefusedFunctions(t *testing.T) {
	for template, want := range map[string]string{
		"${FILE(/etc/hostname)}": "function FILE", "${SHELL(id)}": "function SHELL", "${DB_DELETE(a/b)}": "function DB_DELETE",
		"${LOCK(x)}": "function LOCK", "${EVAL(${SHELL(id)})}": "function SHELL", "${CUT(SHELL(id),-,1)}": "function SHELL",
		"${PP_EACH_USER(%{TRYLOCK(x)})}": "function TRYLOCK", "${BAD}": "function FILE_FORMAT", "${SHIFT(LIST)}": "SHIFT: not answered: it changes the variable LIST",
		"${POP(LIST,-)}": "variable LIST", "${INC(LINE)}": "variable LINE", "${SET(LIST=x)}": "variable LIST", "${${FN}(id)}": "function SHELL",
	} {
		t.Run(template, func(t *testing.T) {
			r := askedRenderer(t, template)
			s := onePhone(t, askedProfile+"setvar => BAD=${FILE_FORMAT(x)}\nsetvar => LIST=a,b\nsetvar => FN=SHELL\n")
			_, err := r.Render(t.Context(), s, s.Lookup("x"), Request{Now: testNow})
			if !errors.Is(err, ErrUnavailable) || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want ErrUnavailable with %q", err, want)
			}
		})
	}
}

// A function that changes a variable is asked for if there is no such variable: then it changes nothing. MASTER_CHANNEL
// sees the phone's variables.
func TestFunctionsWithVariables(t *testing.T) {
	for template, want := range map[string]string{
		"${SHIFT(NONE)}":          "SHIFT(NONE)",
		"${MASTER_CHANNEL(LIST)}": "EVAL(${SET(LIST=a,b):0:0}${MASTER_CHANNEL(LIST)})",
		"${ODBC_X(1)}":            "EVAL(${SET(LIST=a,b):0:0}${SET(LINE=1):0:0}${ODBC_X(1)})",
		"${ODBC_ARGS(1)}":         "ODBC_ARGS(1)",
		"${P_E(LIST)}":            "EVAL(${SET(LIST=a,b):0:0}${P_E(LIST)})",
		"${ODBC_HARD(1)}":         "ODBC_HARD needs the variable HARD",
	} {
		t.Run(template, func(t *testing.T) {
			r := askedRenderer(t, template)
			var asked string
			r.options.Ask = func(_ context.Context, call string) (string, error) { asked = call; return "v", nil }
			s, _ := build(t, map[string]string{
				"phoneprov.conf": `[general]
default_profile=p
[p]
x => t
setvar => LIST=a,b
setvar => HARD=a}b
`,
				"users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n",
				ODBCFile: "[X]\nreadsql=SELECT '${LIST}${CUT(LINE,-,1)}${ARG1}'\n" +
					`[ARGS]
readsql=SELECT LIST FROM x WHERE y='${SQL_ESC(${ARG1})}'
[E]
prefix=P
read=SELECT ${EVAL(${ARG1})}
[HARD]
readsql=${HARD}
`,
			})
			_, err := r.Render(t.Context(), s, s.Lookup("x"), Request{Now: testNow})
			if strings.Contains(want, "needs") {
				if !errors.Is(err, ErrUnavailable) || !errors.Is(err, dialplan.ErrRefused) || !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			} else if asked != want || err != nil {
				t.Errorf("asked %q, %v, want %q", asked, err, want)
			}
		})
	}
}

// --explain hides everything that is made of an answer of Asterisk, because it may be a password whatever its name is.
func TestExplainHidesAnswers(t *testing.T) {
	r := askedRenderer(t, "${A}")
	s := onePhone(t, askedProfile+"setvar => A=x${DB(a/b)}\nsetvar => B=${A}\nsetvar => C=${VERSION()}\nsetvar => D=d\n")
	hidden := map[string]bool{}
	for _, v := range r.Explain(t.Context(), s, s.Lookup("x"), Request{Now: testNow}).Lines[0].Variables {
		hidden[v.Name] = v.Secret
	}
	for name, want := range map[string]bool{"A": true, "B": true, "C": false, "D": false} {
		if got, ok := hidden[name]; got != want || !ok {
			t.Errorf("%s: hidden %v, %v, want %v", name, got, ok, want)
		}
	}
}

// Arguments are split as Asterisk 16 and 22 do (measured): the last one is the whole rest.
func TestArgumentsOfEach(t *testing.T) {
	files := map[string]string{" x": "blank", "x": "plain", "x,3": "three", "nul": "before ${MAC}\x00after"}
	for template, want := range map[string]string{
		"${PP_EACH_EXTENSION(${MAC}, x)}": "blank", "${PP_EACH_EXTENSION(${MAC},x)}": "plain", "${PP_EACH_EXTENSION(${MAC},x,3)}": "three",
		"${PP_EACH_EXTENSION( ${MAC},x)}": "", "${PP_EACH_EXTENSION(${MAC} ,x)}": "", `${PP_EACH_EXTENSION("${MAC}",x)}`: "plain",
		`${PP_EACH_EXTENSION(${MAC},"x")}`: "", "${PP_EACH_USER(u,${MAC})}": "", "${PP_EACH_USER(u, ${MAC})}": "u", "${PP_EACH_USER(u,${MAC} )}": "u",
		"${PP_EACH_USER(u,${MAC},x)}": "u", `${PP_EACH_USER(u,"${MAC}")}`: "u", "${PP_EACH_EXTENSION(${MAC},nul)}": "before 000000000001",
		"a\x00b": "a",
	} {
		files["t"] = template
		r, _ := renderer(t, files)
		s := onePhone(t, askedProfile)
		if got, err := render(t, r, s, "x", Request{Now: testNow}); got != want || err != nil {
			t.Errorf("%q: got %q, %v, want %q", template, got, err, want)
		}
	}
}
