package dialplan

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
)

// An expensive expression ends with its context, or is refused before it begins.
func TestWorkIsBounded(t *testing.T) {
	text := strings.Repeat("a", 2<<20)
	vars := map[string]string{
		"TEXT": text, "KEYS": strings.Repeat("a:5,b:3,", 100_000), "TIMES": strings.Repeat("%S", 1<<20),
		"PERCENT": strings.Repeat("%%", 2<<20), "OPEN": strings.Repeat("${", 1<<20),
	}
	for name, tt := range map[string]struct {
		template string
		want     error
	}{
		"a program of thousands":   {`${REGEX("(a?){900}b" ${TEXT})}`, ErrTooMuchWork},
		"in an expression":         {`$["${TEXT}" =~ "(a?){900}b"]`, ErrTooMuchWork},
		"nested repetitions":       {`${REGEX("((a?){30}){30}b" ${TEXT})}`, ErrTooMuchWork},
		"a long pattern":           {`${REGEX("${TEXT}" a)}`, ErrTooMuchWork},
		"within the bound":         {`${REGEX("(a|b|c)*d" ${TEXT})}`, context.DeadlineExceeded},
		"many functions in a row":  {strings.Repeat("${REPLACE(TEXT,b,c):0:1}", 1000), context.DeadlineExceeded},
		"LISTFILTER":               {strings.Repeat("${LISTFILTER(TEXT,b,c):0:1}", 1000), context.DeadlineExceeded},
		"SORT":                     {strings.Repeat("${SORT(${KEYS}):0:1}", 20), context.DeadlineExceeded},
		"STRFTIME":                 {"${STRFTIME(0,,${TIMES}):0:1}", context.DeadlineExceeded},
		"SPRINTF":                  {"${SPRINTF(${PERCENT}):0:1}", context.DeadlineExceeded},
		"a text to expand":         {"${EVAL(${TEXT}):0:1}", ErrTooLong},
		"an unclosed text in EVAL": {"${EVAL(${OPEN}):0:1}", ErrTooLong},
	} {
		t.Run(name, func(t *testing.T) {
			env := &Env{Now: time.Unix(rowNow, 0), Lookup: texts(func(_ context.Context, name string) (string, bool, error) { v, ok := vars[name]; return v, ok, nil })}
			limit := time.Minute // for those that are refused
			if tt.want == context.DeadlineExceeded {
				limit = 5 * time.Millisecond // the shortest takes 100 if nothing ends it
			}
			ctx, cancel := context.WithTimeout(t.Context(), limit)
			defer cancel()
			start := time.Now()
			_, err := Parse("t", tt.template).Expand(ctx, env)
			if took := time.Since(start); !errors.Is(err, tt.want) || took > 3*time.Second {
				t.Errorf("got %v after %v, want %v", err, took, tt.want)
			}
		})
	}
}
