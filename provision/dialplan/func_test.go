package dialplan

import (
	"context"
	"errors"
	"strconv"
	"testing"
)

// Random values differ from call to call and stay within their bounds.
func TestChance(t *testing.T) {
	for _, in := range []string{"${RAND()}", "${RAND(-2147483648,2147483647)}", "${RAND(-5)}", "${UUID()}"} {
		seen := map[string]bool{}
		for range 20 {
			got, err := Parse("t", in).Expand(context.Background(), nil)
			if err != nil {
				t.Fatal(err)
			}
			seen[got] = true
		}
		if len(seen) < 19 {
			t.Errorf("%s: only %d of 20 differ", in, len(seen))
		}
	}
	ends := map[int]bool{}
	for range 200 {
		got, _ := Parse("t", "${RAND(7,5)}").Expand(context.Background(), nil)
		n, err := strconv.Atoi(got)
		if err != nil || n < 5 || n > 7 {
			t.Fatalf("got %q", got)
		}
		ends[n] = true
	}
	if len(ends) != 3 {
		t.Errorf("of 5, 6 and 7 only %v came", ends)
	}
}

func TestVolatile(t *testing.T) {
	tests := []struct {
		in   string
		want []CallSite
	}{
		{"${A} ${STRFTIME(1,UTC,%F)} ${IFTIME(*?a)} ${DB(RAND)}", nil},
		{"a\n ${RAND(1,9)}", []CallSite{{"RAND", 2, 2}}},
		{"${TOUPPER(${UUID()})}", []CallSite{{"UUID", 1, 11}}},
		{"${EPOCH} ${EPOCH:0:4}", []CallSite{{"EPOCH", 1, 1}, {"EPOCH", 1, 10}}},
		{"${STRFTIME(${EPOCH},UTC,%F)}", []CallSite{{"EPOCH", 1, 12}}},
		{"${STRFTIME(,UTC,%F)}${STRFTIME()}", []CallSite{{"STRFTIME", 1, 1}, {"STRFTIME", 1, 21}}},
		{"${CUT(RAND(1,9),-,1)}", []CallSite{{"RAND", 1, 1}}},
		{"$[${RAND()} + 1]", []CallSite{{"RAND", 1, 3}}},
		{"${STRFTIME( ,,)}", []CallSite{{"STRFTIME", 1, 1}}},
	}
	for _, tt := range tests {
		got := Parse("t", tt.in).Volatile()
		if len(got) != len(tt.want) {
			t.Errorf("%s: got %v, want %v", tt.in, got, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%s: got %v, want %v", tt.in, got[i], tt.want[i])
			}
		}
	}
}

// A short text that asks for a large result is refused before the result is made.
func TestFunctionLimits(t *testing.T) {
	env := &Env{Limits: Limits{Output: 100}, Lookup: texts(lookupFact)}
	for _, in := range []string{
		"${SPRINTF(%999999999d,1)}", "${SPRINTF(%.999999999d,1)}", "${SPRINTF(%99999999999999999999s,a)}",
		"${SPRINTF(%-101s,a)}", "${SPRINTF(%101c,65)}", "${SPRINTF(%.101f,1)}", "${SPRINTF(%f,1e300)}", "${SPRINTF(%.101a,1)}",
		"${SPRINTF(%60d%60d,1,2)}", "${LEN(${SPRINTF(%0999999999f,1)})}", "${STRBETWEEN(LONG,1234)}",
		"${SQL_ESC('''''''''''''''''''''''''''''''''''''''''''''''''''')}", `${SQL_ESC_BACKSLASHES(\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\\)}`,
	} {
		if got, err := Parse("t", in).Expand(context.Background(), env); !errors.Is(err, ErrTooLong) {
			t.Errorf("%s: got %q, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"${SPRINTF(%.999999999s,a)}": "a", "${SPRINTF(%99999999999%)}": "%", "${LEN(${SPRINTF(%90d,1)})}": "90",
		"${SPRINTF()}": "", "${SPRINTF(%lsx,a)}": "", "${SPRINTF(%Lf,1)}": "", "${RAND}": "",
	} {
		if got, err := Parse("t", in).Expand(context.Background(), env); got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", in, got, err, want)
		}
	}
}

// Messages say what is wrong and contain nothing of the values.
func TestFunctionDiagnostics(t *testing.T) {
	for in, want := range map[string]string{
		"${IFTIME(${LABEL}?a:b)}":                     "IFTIME: bad range of times, weekdays, days or months",
		"${IFTIME(${EMPTY}?a)}":                       "IFTIME: want times,weekdays,mdays,months[,zone]?then:else",
		"${IFTIME(*,*,*,*,${LABEL}?a)}":               "IFTIME: unknown time zone",
		`${REGEX("*${A}" ${LABEL})}`:                  "REGEX: bad regular expression: nothing to repeat",
		"${REGEX(${A})}":                              `REGEX: want "expression" text`,
		"${SORT()}":                                   "SORT: no argument",
		"${SPRINTF()}":                                "SPRINTF: no argument",
		"${SPRINTF(%d,${A})}":                         "SPRINTF: a value is missing or is not a number",
		"${SPRINTF(%f)}":                              "SPRINTF: a value is missing or is not a number",
		"${SPRINTF(%y,${A})}":                         "SPRINTF: unknown conversion",
		"${SPRINTF(%ls,${A})}":                        "SPRINTF: Asterisk does not know %ls",
		"${SPRINTF(%Lf,1)}":                           "SPRINTF: Asterisk does not know long doubles",
		"${STRBETWEEN(A)}":                            "STRBETWEEN: want name,text",
		"${STRPTIME(${A})}":                           "STRPTIME: want time,[zone],format",
		"${STRPTIME(${A},UTC,%F)}":                    "STRPTIME: the time does not match the format",
		"${STRPTIME(2026,${A},%Y)}":                   "STRPTIME: unknown time zone",
		"${STRPTIME(2026-03-29 2,Europe/Rome,%F %H)}": "STRPTIME: there is no such time in the zone",
		"${TESTTIME(${A},1)}":                         "TESTTIME: can only be set, not read",
	} {
		var got []string
		env := rowEnv()
		env.Diag = func(d Diagnostic) { got = append(got, d.Message) }
		if _, err := Parse("t", in).Expand(context.Background(), env); err != nil {
			t.Errorf("%s: %v", in, err)
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q, want %q", in, got, want)
		}
	}
}
