package dialplan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the rows' zones, on any machine
)

// A row is one line of testdata/rows/*.txt:
//
//	"template" => "result of Asterisk 22" | 16 "result of 16" | ours "our result" # reason
//
// The later parts are there only if they differ. A line that begins with # is a heading. Asterisk's results are captured
// (go test -run TestRowsAsterisk -capture), ours are written by hand.
type row struct {
	in           string
	want, want16 string
	ours         string
	differs      bool // the row has an ours part
	reason       string
}

func (r row) String() string {
	s := strconv.Quote(r.in) + " => " + strconv.Quote(r.want)
	if r.want16 != r.want {
		s += " | 16 " + strconv.Quote(r.want16)
	}
	if r.differs {
		s += " | ours " + strconv.Quote(r.ours)
	}
	if r.reason != "" {
		s += " # " + r.reason
	}
	return s
}

func parseRow(line string) (r row, err error) {
	take := func() (s string) {
		q, qerr := strconv.QuotedPrefix(line)
		if qerr != nil {
			err = fmt.Errorf("want a quoted text at %q", line)
			return ""
		}
		s, _ = strconv.Unquote(q)
		line = strings.TrimPrefix(line[len(q):], " ")
		return s
	}
	prefix := func(p string) (ok bool) {
		line, ok = strings.CutPrefix(line, p)
		return ok
	}
	r.in = take()
	if !prefix("=> ") && err == nil {
		err = fmt.Errorf("want => at %q", line)
	}
	if err == nil {
		r.want = take()
		r.want16 = r.want
	}
	if prefix("| 16 ") && err == nil {
		r.want16 = take()
	}
	if prefix("| ours ") && err == nil {
		r.ours, r.differs = take(), true
	}
	if prefix("# ") {
		r.reason, line = line, ""
	}
	if line != "" && err == nil {
		err = fmt.Errorf("what is %q?", line)
	}
	return r, err
}

// rowFiles returns the lines of the tables by file, in order.
func rowFiles(t testing.TB) map[string][]string {
	t.Helper()
	paths, err := filepath.Glob("testdata/rows/*.txt")
	if err != nil || len(paths) == 0 {
		t.Fatalf("no rows: %v", err)
	}
	files := map[string][]string{}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		files[path] = strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	}
	return files
}

// eachRow calls f for every row. The result of f replaces the line.
func eachRow(t *testing.T, path string, lines []string, f func(t *testing.T, r row) row) {
	t.Helper()
	for i, line := range lines {
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		r, err := parseRow(line)
		if err != nil {
			t.Fatalf("%s:%d: %v", path, i+1, err)
		}
		t.Run(fmt.Sprintf("%d %s", i+1, r.in), func(t *testing.T) { lines[i] = f(t, r).String() })
	}
}

func TestRows(t *testing.T) {
	for path, lines := range rowFiles(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txt"), func(t *testing.T) {
			eachRow(t, path, lines, func(t *testing.T, r row) row {
				want := r.want
				if r.differs {
					want = r.ours
					if r.reason == "" {
						t.Error("a difference needs its reason")
					}
				}
				if got := expandRow(r.in); got != want {
					t.Errorf("%s\n got %q\nwant %q", r.in, got, want)
				}
				return r
			})
		})
	}
}

// minRows is how many rows each native function has at least.
const minRows = 20

func TestRowsOfEachFunction(t *testing.T) {
	files := rowFiles(t)
	for _, f := range Functions() {
		rows := 0
		for _, line := range files["testdata/rows/"+strings.ToLower(f.Name)+".txt"] {
			if strings.Contains(line, "${"+f.Name) {
				rows++
			}
		}
		ours := f.Name == "JSON_ESCAPE" || f.Name == "XML_ESCAPE" // Asterisk does not have them: see TestEscapeFunctions
		if rows < minRows && !ours {
			t.Errorf("%s: %d rows, want %d", f.Name, rows, minRows)
		}
	}
}

// expandRow returns our result. An error is "ERROR: ..." .
func expandRow(in string) string {
	got, err := Parse("row.cfg", in).Expand(context.Background(), rowEnv())
	if err != nil {
		return "ERROR: " + err.Error()
	}
	return got
}

// A fact is a variable for the rows: its name, its value, and how phoneprov.conf writes the value if that differs.
var facts = [...][3]string{
	{"A", "alpha"}, {"NUM", "42"}, {"NEG", "-7"}, {"FLT", "3.14"}, {"EMPTY", ""}, {"SP", "hello world"},
	{"CM", "a,b,c,d"}, {"DOL", "x$y"}, {"UTF", "Zoë Čapek"}, {"XML", "a&b<c>'d'"}, {"QU", `say "hi" now`},
	{"FN", "LEN"}, {"REF", "A:1:3"}, {"CALL", "TOUPPER(a:b):1"},
	{"NAMEA", "A"}, {"COL", "a:b:c"}, {"PAR", "x)y"}, {"BR", "x}y"}, {"BS", `a\\b`}, {"DIG", "0123456789"},
	{"LONG", "abcdefghijklmnopqrstuvwxyz"}, {"SEMI", "a;b", `a\;b`}, {"PIPE", "a|b|c"}, {"TRUE", "1"}, {"ZERO", "0"},
	{"SPC", "lead trail", " lead trail "},
	{"JSON", `{"s":"text","i":42,"n":-7,"r":3.14,"t":true,"f":false,"z":null,"e":"","a":[1,"two",{"k":"v"},[]],"o":{"k":"v","p":{"q":"deep"}}}`},
	{"JARR", `[10,"two",{"k":"v"},[3,4],null,true]`}, {"JODD", `{"":"none","a.b":"dot","a b":"space","a,b":"comma","ë":"ë","0":"zero","d":1,"d":2}`},
	{"JESC", `{"q":"a\"b","b":"a\\b","s":"a\/b","n":"a\nb","t":"a\tb","u":"Zo\u00eb","p":"\ud83d\ude00","c":"a\u0001b"}`},
	{"JNUM", `{"e":1e3,"m":-1.5e-7,"b":1e300,"l":9223372036854775807,"k":-9223372036854775808,"h":0.1,"w":1.0,"x":123456.789012345,"y":100000000000000000000.5}`},
	{"JSTR", `"alone"`}, {"JINT", "5"}, {"JNULL", "null"}, {"JEMPTY", "{}"}, {"JBAD", `{"a":1`}, {"JTAIL", `{"a":1} x`}, {"JBIG", `{"a":99999999999999999999}`},
}

// userFacts are set by the rows' users.conf. LABEL and DISPLAY_NAME must never be expanded again.
var userFacts = map[string]string{
	"MAC": "001122aabbcc", "LABEL": "${A}", "DISPLAY_NAME": "$[1+1] ${A:1}", "SECRET": "a{b}[c]\\d",
}

const rowNow = 1800000000

func rowEnv() *Env {
	return &Env{Now: time.Unix(rowNow, 0), Lookup: texts(lookupFact), Stat: statRow, Ask: askRow}
}

// askRow shows the call to Asterisk instead of an answer.
func askRow(_ context.Context, call string) (string, error) { return "ASKED:" + call, nil }

func lookupFact(_ context.Context, name string) (string, bool, error) {
	for _, f := range facts {
		if f[0] == name {
			return f[1], f[1] != "", nil // a setvar without a value sets nothing
		}
	}
	v, ok := userFacts[name]
	return v, ok, nil
}

// rowFile is the only file that STAT finds. oracle_test.go creates it in the container: 5 bytes, mode 0640, time
// 1700000000.
const (
	rowFile = "/tmp/st"
	rowDir  = "/tmp"
)

type fakeInfo struct{ dir bool }

func (f fakeInfo) Name() string { return "" }
func (f fakeInfo) Size() int64  { return 5 }
func (f fakeInfo) Mode() fs.FileMode {
	if f.dir {
		return fs.ModeDir | fs.ModeSticky | 0o777
	}
	return 0o640
}
func (f fakeInfo) ModTime() time.Time { return time.Unix(1700000000, 0) }
func (f fakeInfo) IsDir() bool        { return f.dir }
func (f fakeInfo) Sys() any           { return nil }

func statRow(path string) (fs.FileInfo, error) {
	switch path {
	case rowFile:
		return fakeInfo{}, nil
	case rowDir:
		return fakeInfo{dir: true}, nil
	}
	return nil, errors.New("no such file")
}

// texts makes a Lookup with values that never vary.
func texts(lookup func(context.Context, string) (string, bool, error)) func(context.Context, string) (Value, bool, error) {
	return func(ctx context.Context, name string) (Value, bool, error) {
		text, ok, err := lookup(ctx, name)
		return Value{Text: text}, ok, err
	}
}

// textFunc makes a Func with values that never vary.
func textFunc(f func(context.Context, *Call) (string, error)) Func {
	return func(ctx context.Context, c *Call) (Value, error) {
		text, err := f(ctx, c)
		return Value{Text: text}, err
	}
}
