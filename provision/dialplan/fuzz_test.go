package dialplan

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// FuzzExpand: an expansion never panics, it ends, its output is bounded, text without `$` is unchanged, and without
// random values a second expansion gives the same.
func FuzzExpand(f *testing.F) {
	for _, lines := range rowFiles(f) {
		for i, line := range lines {
			if r, err := parseRow(line); err == nil && i%7 == 0 {
				f.Add(r.in)
			}
		}
	}
	env := rowEnv()
	env.Limits = Limits{Output: 1 << 16, Steps: 1 << 12}
	same := textFunc(func(_ context.Context, c *Call) (string, error) { return c.Args, nil })
	env.Funcs = map[string]Func{"RAND": same, "UUID": same}
	env.Diag = func(d Diagnostic) {
		if d.Line < 1 || d.Col < 1 || d.Message == "" {
			f.Errorf("bad diagnostic %+v", d)
		}
	}
	f.Fuzz(func(t *testing.T, in string) {
		tmpl := Parse("fuzz", in)
		got, err := tmpl.Expand(context.Background(), env)
		if err != nil {
			if !errors.Is(err, ErrTooLong) && !errors.Is(err, ErrTooDeep) && !errors.Is(err, ErrTooManySteps) {
				t.Fatalf("%q: %v", in, err)
			}
			return
		}
		if !strings.Contains(in, "$") && got != in {
			t.Fatalf("%q became %q", in, got)
		}
		if len(got) > env.Limits.Output {
			t.Fatalf("%d bytes", len(got))
		}
		if again, err := tmpl.Expand(context.Background(), env); again != got || err != nil {
			t.Fatalf("%q: got %q, then %q, %v", in, got, again, err)
		}
		for _, c := range tmpl.Calls() {
			if c.Line < 1 || c.Col < 1 {
				t.Fatalf("%q: %+v", in, c)
			}
		}
	})
}

// reference is a slice made by counting bytes one by one.
func reference(v string, offset, length int, whole bool) string {
	n := len(v)
	if offset < 0 {
		offset += n
	}
	end := n
	if !whole && length >= 0 {
		end = max(0, offset) + length
	}
	if !whole && length < 0 {
		end = n + length
	}
	out := ""
	for i := 0; i < n; i++ {
		if i >= offset && i < end {
			out += v[i : i+1]
		}
	}
	return out
}

// FuzzSlice: a slice is the same as the reference's.
func FuzzSlice(f *testing.F) {
	f.Add("alpha", int16(1), int16(2), false)
	f.Add("alpha", int16(-3), int16(-1), false)
	f.Add("", int16(0), int16(0), true)
	f.Fuzz(func(t *testing.T, v string, offset, length int16, whole bool) {
		s := slice{offset: int(offset), length: int(length), whole: whole}
		if got, want := s.apply(v), reference(v, int(offset), int(length), whole); got != want {
			t.Fatalf("%q %+v: got %q, want %q", v, s, got, want)
		}
	})
}
