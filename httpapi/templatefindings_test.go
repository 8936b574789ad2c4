package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

func finding(n int) provision.Diagnostic {
	return provision.Diagnostic{Pos: astconf.Pos{File: "t", Line: n}, Severity: provision.Warning, Message: "bad offset"}
}

// A diagnostic is logged once, whichever files have it, and once more if it went and came back.
func TestFindings(t *testing.T) {
	f := NewFindings()
	for i, step := range []struct {
		file  string
		found []int
		news  []int
	}{
		{"a", nil, nil},
		{"a", []int{1}, []int{1}},
		{"a", []int{1}, nil},
		{"b", []int{1, 2, 2}, []int{2}},
		{"a", []int{1, 2}, nil},
		{"c", nil, nil}, // a file that has a part of the template only
		{"b", []int{1, 2}, nil},
		{"b", []int{2}, nil}, // 1 has gone
		{"a", []int{1}, []int{1}},
		{"a", nil, nil},
		{"b", nil, nil},
		{"a", []int{1, 2}, []int{1, 2}},
	} {
		var found []provision.Diagnostic
		for _, n := range step.found {
			found = append(found, finding(n))
		}
		var want []string
		for _, n := range step.news {
			want = append(want, finding(n).String())
		}
		if got := f.news(step.file, found); !slices.Equal(got, want) {
			t.Errorf("step %d: got %q, want %q", i, got, want)
		}
	}
}

func TestFindingsAreBounded(t *testing.T) {
	t.Parallel()
	f := NewFindings()
	for n := range 5 * maxFindings {
		f.news(fmt.Sprint(n), []provision.Diagnostic{finding(n)})
	}
	if n := len(f.shown); n > maxFindings {
		t.Errorf("got %d remembered, want at most %d", n, maxFindings)
	}
}

// A wrong template is one warning, however often it is fetched. It is another warning if the template was right in
// between.
func TestFindingsInTheLog(t *testing.T) {
	b := newBench(t)
	var found []provision.Diagnostic
	b.Renderer = renderFunc(func(context.Context) (*provision.Document, error) {
		return &provision.Document{Content: strings.NewReader(""), Diagnostics: found}, nil
	})
	h := Phones(b.Options)
	for _, n := range []int{0, 1, 1, 0, 1} {
		found = nil
		if n > 0 {
			found = []provision.Diagnostic{finding(n)}
		}
		ask(h, "GET", phoneURL)
	}
	var got []string
	for line := range strings.Lines(b.log.String()) {
		var v struct{ Level, Message, File, Diagnostic string }
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		got = append(got, strings.Join([]string{v.Level, v.Message, v.File, v.Diagnostic}, " "))
	}
	request, warning := "info request 0011223344aa.cfg ", "warn rendered 0011223344AA.cfg "+finding(1).String()
	if want := []string{request, request, warning, request, request, request, warning}; !slices.Equal(got, want) {
		t.Errorf("got %q\nwant %q", got, want)
	}
}
