package dialplan

import (
	"strings"
	"testing"
	"time"
)

// A function whose value may differ at another time or call says so. Any other gives the same value.
func TestChangingIsTold(t *testing.T) {
	texts := []string{"${EPOCH}", "${EPOCH:4}", "${EVAL($${A}{EPOCH})}", "$[${EPOCH}+1]", "${IFTIME(08:00-11:59?a:b)}",
		"${STRFTIME(,,%F)}", "${STRFTIME(${EPOCH},,%T)}", "${STRFTIME()}", "${STRFTIME(x)}", "${RAND()}", "${UUID()}",
		"${IF($[${EPOCH}>1]?${UUID()}:x)}"}
	for _, f := range Functions() {
		texts = append(texts, f.Example)
	}
	for _, lines := range rowFiles(t) {
		for _, line := range lines {
			if r, err := parseRow(line); err == nil && line != "" && !strings.HasPrefix(line, "#") {
				texts = append(texts, r.in)
			}
		}
	}
	told, silent := 0, 0
	for _, text := range texts {
		template := Parse("t", text)
		changing := false
		once := func(now time.Time) string {
			env := rowEnv()
			env.Now = now
			got, err := template.Evaluate(t.Context(), env)
			changing = changing || got.Varies.With&Unpredictable != 0
			if err != nil {
				return "error"
			}
			return got.Text
		}
		first := once(time.Date(2026, 3, 1, 9, 8, 7, 0, time.UTC))
		second := once(time.Date(2027, 11, 20, 16, 5, 4, 0, time.UTC))
		if first != second && !changing {
			t.Errorf("%q: got %q, then %q, and nothing was told", text, first, second)
		}
		if changing {
			told++
		} else {
			silent++
		}
	}
	if told < 10 || silent < 500 {
		t.Errorf("%d of the texts told, %d did not: want both", told, silent)
	}
}
