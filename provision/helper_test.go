package provision

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"
	_ "time/tzdata" // the zones of these tests, on any machine

	"github.com/phoneprov/phoneprov/deploy/datadirtest"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/astconf/astconftest"
)

// testNow is in winter north of the equator, in summer south of it.
var testNow = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// config parses files given as text.
func config(tb testing.TB, files map[string]string) Config {
	tb.Helper()
	c := Config{}
	astconftest.Read(tb, c, c.Files(), files)
	return c
}

// build builds a snapshot from files given as text. It fails the test on an error.
func build(tb testing.TB, files map[string]string) (*Snapshot, []Diagnostic) {
	tb.Helper()
	s, diags, err := Build(context.Background(), Input{Config: config(tb, files)}, testNow)
	if err != nil {
		tb.Fatal(err)
	}
	return s, diags
}

// renderer serves templates given as text.
func renderer(tb testing.TB, files map[string]string) (*Renderer, string) {
	tb.Helper()
	data := datadirtest.Open(tb, files)
	return NewRenderer(RendererOptions{Data: data}), data.Path()
}

// writeNow writes a file as an admin does.
func writeNow(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
}

// render gives the body of a URI, or the error.
func render(tb testing.TB, r *Renderer, s *Snapshot, uri string, q Request) (string, error) {
	tb.Helper()
	rt := s.Lookup(uri)
	if rt == nil {
		tb.Fatalf("no route %q", uri)
	}
	if q.Now.IsZero() {
		q.Now = testNow
	}
	doc, err := r.Render(context.Background(), s, rt, q)
	if err != nil {
		return "", err
	}
	defer doc.Close()
	body, err := io.ReadAll(doc.Content)
	if err != nil {
		tb.Fatal(err)
	}
	if int64(len(body)) != doc.Size {
		tb.Errorf("%s: got size %d, body has %d", uri, doc.Size, len(body))
	}
	return string(body), nil
}

// withoutLines returns a file as AMI gives it.
func withoutLines(f *astconf.File) *astconf.File {
	asked := &astconf.File{Name: f.Name}
	for _, c := range f.Categories {
		var vars []astconf.Var
		for v := range c.Vars() {
			v.Pos.Line = 0
			vars = append(vars, v)
		}
		asked.Categories = append(asked.Categories, astconf.NewCategory(c.Name, astconf.Pos{File: f.Name}, c.Bases, vars))
	}
	return asked
}
