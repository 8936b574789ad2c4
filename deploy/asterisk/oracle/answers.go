package oracle

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/tools/txtar"
)

// Answer is a server's answer to a request for a file. The text of a refusal is left out.
type Answer struct {
	Status int
	MIME   string
	Body   string
}

// PlaceholderIP replaces the oracle's address in captured answers (RFC 5737).
const PlaceholderIP = "192.0.2.10"

// Answers are captured answers by URI, with the time when they were captured, on which daylight saving time depends.
type Answers struct {
	Captured time.Time
	ByURI    map[string]Answer
}

// Tree is a configuration in testdata/, which the oracle and our tests share.
type Tree string

// The trees: Same, in which every answer must be Asterisk's; Differs, with our deliberate differences; Field, with
// configurations from the field.
const (
	Same    Tree = "same"
	Differs Tree = "differs"
	Field   Tree = "field"
)

// Trees are all trees.
var Trees = [...]Tree{Same, Differs, Field}

func (t Tree) path(name string) string {
	_, here, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(here), "..", "..", "..", "testdata", string(t), name)
}

// Config is the tree's directory of configuration files.
func (t Tree) Config() string { return t.path("asterisk") }

// Data is the tree's directory of templates and static files.
func (t Tree) Data() string { return t.path("phoneprov") }

// Options returns the options that start Asterisk with the tree.
func (t Tree) Options(suite string) Options {
	return Options{Suite: suite, Config: t.Config(), Data: t.Data()}
}

// Fetch asks Asterisk's own res_phoneprov for a file.
func (a *Asterisk) Fetch(tb testing.TB, uri string) Answer {
	tb.Helper()
	r := a.Get(tb, "/phoneprov/"+EscapeURI(uri))
	return NewAnswer(r.Status, r.Header.Get("Content-Type"), r.Body)
}

// FetchAll fetches files, and replaces the oracle's address by PlaceholderIP.
func (a *Asterisk) FetchAll(tb testing.TB, uris []string) map[string]Answer {
	tb.Helper()
	answers := map[string]Answer{}
	for _, uri := range uris {
		answer := a.Fetch(tb, uri)
		answer.Body = strings.ReplaceAll(answer.Body, a.IP, PlaceholderIP)
		answers[uri] = answer
	}
	return answers
}

// EscapeURI returns the path of a request for a route's name.
func EscapeURI(uri string) string { return (&url.URL{Path: "/" + uri}).EscapedPath()[1:] }

// NewAnswer returns an Answer. A refusal has its status only.
func NewAnswer(status int, mime, body string) Answer {
	if status != 200 {
		return Answer{Status: status}
	}
	return Answer{status, mime, body}
}

// noNewline marks a body without a newline at its end, because txtar adds one.
const noNewline = "no newline at end"

func (t Tree) answers(name string) string { return t.path(filepath.Join("answers", name+".txtar")) }

// LoadAnswers loads the captured answers of a suite, or our own ("ours") where we differ on purpose.
func (t Tree) LoadAnswers(tb testing.TB, name string) Answers {
	tb.Helper()
	ar, err := txtar.ParseFile(t.answers(name))
	if err != nil {
		tb.Fatal(err)
	}
	out := Answers{ByURI: map[string]Answer{}}
	if at, ok := strings.CutPrefix(strings.TrimSpace(string(ar.Comment)), "captured "); ok {
		if out.Captured, err = time.Parse(time.RFC3339, at); err != nil {
			tb.Fatal(err)
		}
	}
	for _, f := range ar.Files {
		head, body, _ := strings.Cut(string(f.Data), "\n")
		fields := strings.SplitN(head, " | ", 3)
		status, err := strconv.Atoi(fields[0])
		if err != nil {
			tb.Fatalf("%s: %s: %v", t.answers(name), f.Name, err)
		}
		a := Answer{Status: status, Body: body}
		if len(fields) > 1 {
			a.MIME = fields[1]
		}
		if len(fields) > 2 && fields[2] == noNewline {
			a.Body = strings.TrimSuffix(a.Body, "\n")
		}
		out.ByURI[f.Name] = a
	}
	return out
}

// SaveAnswers writes captured answers.
func (t Tree) SaveAnswers(tb testing.TB, name string, answers Answers) {
	tb.Helper()
	ar := &txtar.Archive{Comment: fmt.Appendf(nil, "captured %s\n", answers.Captured.UTC().Format(time.RFC3339))}
	var uris []string
	for uri := range answers.ByURI {
		uris = append(uris, uri)
	}
	slices.Sort(uris)
	for _, uri := range uris {
		a := answers.ByURI[uri]
		head := strconv.Itoa(a.Status)
		if a.Status == 200 {
			head += " | " + a.MIME
			if !strings.HasSuffix(a.Body, "\n") {
				head += " | " + noNewline
			}
		}
		ar.Files = append(ar.Files, txtar.File{Name: uri, Data: []byte(head + "\n" + a.Body)})
	}
	if err := os.MkdirAll(filepath.Dir(t.answers(name)), 0o755); err != nil {
		tb.Fatal(err)
	}
	if err := os.WriteFile(t.answers(name), txtar.Format(ar), 0o644); err != nil {
		tb.Fatal(err)
	}
}
