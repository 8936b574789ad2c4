package dialplan

import (
	"strings"
	"testing"
)

func TestJSONDepth(t *testing.T) {
	for _, tt := range []struct {
		arrays int
		want   bool
	}{{maxJSONDepth - 1, true}, {maxJSONDepth, false}} { // the number is one level deeper
		_, ok := parseJSON(strings.Repeat("[", tt.arrays) + "1" + strings.Repeat("]", tt.arrays))
		if ok != tt.want {
			t.Errorf("%d arrays: got %t, want %t", tt.arrays, ok, tt.want)
		}
	}
}

// FuzzJSON: a value that is written and read again is the same value.
func FuzzJSON(f *testing.F) {
	for _, fact := range facts {
		f.Add(fact[1])
	}
	f.Add(`[1e300,-0,-0.0,5e-324,1e16,1e15,"\ud83d\ude00\u0001\/"]`)
	f.Fuzz(func(t *testing.T, text string) {
		value, ok := parseJSON(text)
		if !ok {
			return
		}
		written := string(appendJSON(nil, value))
		again, ok := parseJSON(written)
		if !ok || string(appendJSON(nil, again)) != written {
			t.Fatalf("%q became %q", text, written)
		}
	})
}
