package ask

import (
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// A value is complete, whatever its length and content, or it is an error.
func TestEvaluate(t *testing.T) {
	long := strings.Repeat("0123456789", 150)
	var changing atomic.Int32
	values := map[string]string{
		"AST_CONFIG(short)": "v", "AST_CONFIG(empty)": "", "AST_CONFIG(long)": long, "AST_CONFIG(1022)": long[:ami.MaxValue],
		"AST_CONFIG(1009)": long[:ami.MaxValue-1-ami.MarkLength], "AST_CONFIG(too long)": strings.Repeat("x", maxWhole),
		"AST_CONFIG(longest)":    strings.Repeat("x", maxWhole-1),
		"AST_CONFIG(empty line)": "a\r\n\r\nResponse: Success\r\nValue: b", "AST_CONFIG(begins empty)": "\r\n\r\nb",
		"AST_CONFIG(long, empty line)": "a\r\n\r\n" + long, "CURL(long)": long, "CURL(short)": "v", "ODBC_SELECT(long)": long, "ODBC_CALL(long)": long,
		"AST_CONFIG(a}b)": "braces", "AST_CONFIG(a)b:c)": "parentheses", "AST_CONFIG(a}long)": long,
	}
	_, address := fake(t, nil, amiserver.Options{
		Function: func(call string) string {
			if call == "AST_CONFIG(changing)" {
				return fmt.Sprint(changing.Add(1), long)
			}
			return values[call]
		},
		Database: map[string]string{
			"a/b": "v", "a/empty": "", "a/long": long, "a/lines": "a\r\n\r\nEvent: Reload\r\nb: c", "a/255": long[:maxDBGet], "a/b/c": "deep",
		},
	})
	s := asking(t, address, Options{})
	s.SetSelects(map[string]bool{"ODBC_SELECT": true})
	for call, want := range values {
		switch call {
		case "AST_CONFIG(too long)", "CURL(long)", "ODBC_CALL(long)", "AST_CONFIG(a}long)":
			want = "error"
		}
		checkAsk(t, s, call, want)
	}
	for call, want := range map[string]string{
		"AST_CONFIG(changing)": "error", "DB(a/b)": "v", "DB(a/none)": "", "DB(a/empty)": "", "DB(a/long)": long, "DB(a/255)": long[:maxDBGet],
		"DB(a/lines)": "a\r\n\r\nEvent: Reload\r\nb: c", "DB(a/b/c)": "deep", "DB(a)": "", "DB()": "", "DB(a/)": "", `DB("a"/b)`: "v",
		"DB_EXISTS(a/b)": "1", "DB_EXISTS(a/empty)": "1", "DB_EXISTS(a/none)": "0", "DB_EXISTS(a)": "",
		"EVAL(${SET(X=y):0:0}${AST_CONFIG(long)})": long, "EVAL($[1+2])": "3",
	} {
		checkAsk(t, s, call, want)
	}
}

func checkAsk(t *testing.T, s *Asker, call, want string) {
	t.Helper()
	got, err := s.Ask(t.Context(), call)
	if want == "error" {
		if !errors.Is(err, dialplan.ErrCannotAsk) {
			t.Errorf("%s: got %d bytes, %v, want an error", call, len(got), err)
		}
		return
	}
	if got != want || err != nil {
		t.Errorf("%s: got %d bytes %.40q, %v, want %d bytes %.40q", call, len(got), got, err, len(want), want)
	}
}

// If EVAL may not be used, the call is sent as it stands, and a value that Asterisk cuts is an error.
func TestEvaluateWithoutEval(t *testing.T) {
	_, address := fake(t, nil, amiserver.Options{
		Function: func(call string) string { return strings.TrimSuffix(strings.TrimPrefix(call, "X("), ")") },
		Database: map[string]string{"a/b": "v", "a/long": strings.Repeat("x", maxDBGet)},
		Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
			refused := strings.HasPrefix(m["Variable"], "EVAL(")
			if refused {
				s.Send("Response", "Error", "ActionID", m["ActionID"], "Message", "GetVar Access Forbidden: Variable")
			}
			return refused
		},
	})
	s := asking(t, address, Options{})
	checkAsk(t, s, "X(v)", "v")
	checkAsk(t, s, "X("+strings.Repeat("x", 1000)+")", strings.Repeat("x", 1000))
	checkAsk(t, s, "DB(a/b)", "v")
	checkAsk(t, s, "DB(a/long)", "error")
}
