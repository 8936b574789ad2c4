package astconf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// TestErrors holds the exact messages. What Asterisk refuses has no Err; our limits have ErrLimit.
func TestErrors(t *testing.T) {
	for _, row := range []struct {
		name, want string
		files      files
		limit      bool
	}{
		{name: "no category", files: files{main: ";c\nx=1\n"}, want: "t.conf:2: a line before the first [category]"},
		{name: "bracket", files: files{main: "\n[a\n"}, want: `t.conf:2: no closing "]"`},
		{name: "parenthesis", files: files{main: "[a](b\n"}, want: `t.conf:1: no closing ")"`},
		{name: "base", files: files{main: "[a](b)\n"}, want: `t.conf:1: category "a" inherits from "b", which does not exist`},
		{name: "base with =", files: files{main: "[a](secret=hunter2)\n"}, want: `t.conf:1: category "a" inherits from "secret", which does not exist`},
		{name: "plus", files: files{main: "[a](+)\n"}, want: `t.conf:1: category "a" cannot be added to, as it does not exist`},
		{name: "filter", files: files{main: "[a](+x)\n"}, want: `t.conf:1: category "a": the filter after "+" has no "="`},
		{name: "regexp", files: files{main: "[a](+[=x)\n"}, want: `t.conf:1: category "a": the filter after "+" is no regular expression`},
		{name: "regexp of a value", files: files{main: "[a](+secret=hunter[2)\n"}, want: `t.conf:1: category "a": the filter after "+" is no regular expression`},
		{name: "escape", files: files{main: "[a]\n\\ x=1\n"}, want: `t.conf:2: a backslash must be followed by a printable character`},
		{name: "include", files: files{main: "[a]\n#include <b>\n"}, want: `t.conf:2: #include "b": no such file`},
		{name: "itself", files: files{main: "[a]\n[a](+,a)\n"}, want: `t.conf:2: category "a" inherits from itself`, limit: true},
		{name: "nest", files: files{main: strings.Repeat(";--\n", maxNest+1)}, want: `t.conf:129: too many nested ;-- comments: more than 128`, limit: true},
		{name: "variables", files: files{main: "[t](!)\n" + strings.Repeat("x=1\n", 4096) + strings.Repeat("[a](t)\n", 1024)}, want: `t.conf:5121: more than 4194304 variables`, limit: true},
		{name: "limit in an include", files: files{main: "[a]\n#include i\n", "i": "\n[a](+,a)"}, want: `i:2: category "a" inherits from itself`, limit: true},
		{name: "append", files: files{main: "[t](!)\n" + strings.Repeat("x+="+strings.Repeat("v", 8000)+"\n", 200)}, want: `t.conf:17: more than 1048576 bytes copied or variables looked at by +=`, limit: true},
		{name: "braces", files: files{main: "#include " + strings.Repeat("{a,b}", 20) + "\n"}, want: "t.conf:1: #include \"" + strings.Repeat("{a,b}", 20) + "\": limit exceeded: braces stand for more than 4096 names", limit: true},
		{name: "files", files: files{main: strings.Repeat("#tryinclude t.conf\n", 10)}, want: `t.conf:3: #include "t.conf": limit exceeded: more than 500 files or 536870912 bytes`, limit: true},
	} {
		t.Run(row.name, func(t *testing.T) {
			loader := row.files.loader()
			loader.maxReads, loader.maxAppended = 500, 1<<20
			f, err := loader.Load(main)
			if err == nil || err.Error() != row.want {
				t.Fatalf("got %v, want %q", err, row.want)
			}
			if errors.Is(err, ErrLimit) != row.limit {
				t.Errorf("ErrLimit: got %v, want %v", !row.limit, row.limit)
			}
			if f == nil || len(f.Categories) > 0 || len(f.Sources) == 0 {
				t.Errorf("got %+v with the error, want sources alone", f)
			}
		})
	}
}

func TestWarnings(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"no =", "[a]\njunk\n", `t.conf:2: a line without "=" was ignored`},
		{"no name", "[a]\n=1\n", `t.conf:2: a line without a name before the "=" was ignored`},
		{"exec", "#exec /bin/x\n", `t.conf:1: #exec was ignored: no program is run`},
		{"directive", "#foo x\n", `t.conf:1: unknown directive #foo was ignored`},
		{"directive alone", "#foo\n", `t.conf:1: unknown directive #foo was ignored`},
		{"commented out with #", `[a]
#secret=hunter2
#secret = hunter2
# secret=hunter2
#
#x+=hunter2
#hunter2
`,
			"t.conf:2: unknown directive was ignored\nt.conf:3: unknown directive #secret was ignored\nt.conf:4: unknown directive was ignored\n" +
				"t.conf:5: unknown directive was ignored\nt.conf:6: unknown directive was ignored\nt.conf:7: unknown directive was ignored"},
		{"no argument", "#include\n", `t.conf:1: #include without a file name was ignored`},
		{"long line", "[a]\n\n" + strings.Repeat("x", 20000) + "\n", `t.conf:3: line of more than 8190 bytes was dropped`},
		{"block", "[a]\n\n;--\nx=1\n", `t.conf:3: comment ";--" is not closed: all that follows is comment`},
		{"block closed", "[a]\n--;\nx=1\n", "t.conf:2: a line without \"=\" was ignored\nt.conf:2: \"--;\" closes no comment: what follows is taken for one"},
		{"long name", "[" + strings.Repeat("n", 80) + "]\n", `t.conf:1: category name is too long and was cut to "` + strings.Repeat("n", 79) + `"`},
		{"broken include", "[a]\n#include bad\n", `bad:2: no closing "]": the rest of the file was ignored`},
		{"deep", "[a]\n#tryinclude deep\n", `deep:1: #include "deep" was ignored: it is more than 10 deep, counting broken files before it`},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := files{main: row.text, "bad": "x=1\n[b\n", "deep": "#tryinclude deep\n"}.loader().Load(main)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, w := range f.Warnings {
				got = append(got, w.String())
			}
			if strings.Join(got, "\n") != row.want {
				t.Errorf("got %q, want %q", strings.Join(got, "\n"), row.want)
			}
		})
	}
}

// TestPositions: inheritance and += keep the line that began a variable; includes and long lines do not shift lines.
func TestPositions(t *testing.T) {
	f, err := files{
		main: `[t](!)
x=1
;--

--; y=2

[a](t)
x+=3
` + strings.Repeat("v", 30000) + "\n#include inc/*.conf\nz=4\r\n[t2]\n[a](+)\nw=5",
		"inc/one.conf": utf8BOM + "\ni=1\n",
	}.loader().Load(main)
	if err != nil {
		t.Fatal(err)
	}
	a := f.Category("a")
	got := a.Pos.String()
	for v := range a.Vars() {
		got += fmt.Sprintf(" %s=%s@%v", v.Name, v.Value, v.Pos)
	}
	if want := "t.conf:7 x=13@t.conf:2 y=2@t.conf:5 i=1@inc/one.conf:2 z=4@t.conf:11 w=5@t.conf:14"; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestLookups(t *testing.T) {
	f, err := files{main: `[t](!)
Secret=1
[a](t)
secret=2
x=3
[a]
[A]
`}.loader().Load(main)
	if err != nil {
		t.Fatal(err)
	}
	a := f.Category("a")
	if v, ok := a.Last("SECRET"); !ok || v.Value != "2" {
		t.Errorf("Last: got %q %v, want 2", v.Value, ok)
	}
	if vars := slices.Collect(a.Vars()); len(vars) != 3 || vars[0].Value != "1" || vars[1].Value != "2" {
		t.Errorf("Vars: got %v", vars)
	}
	if v, ok := a.Last("none"); ok {
		t.Errorf("Last of none: got %v", v)
	}
	if f.Category("A") != f.Categories[2] || f.Category("t") != nil || (*File)(nil).Category("a") != nil {
		t.Error("Category minds the case, and knows neither templates nor a nil file")
	}
	if _, ok := (*Category)(nil).Last("x"); ok {
		t.Error("a nil category has options")
	}
	if got := (Pos{File: "users.conf"}).String() + " " + (Pos{"users.conf", 12}).String(); got != "users.conf users.conf:12" {
		t.Errorf("Pos: got %q", got)
	}
}

// TestDisk loads from a disk, with what a disk has that memory has not.
func TestDisk(t *testing.T) {
	dir, outside := filepath.Join(t.TempDir(), "a[b]{c,d}*"), t.TempDir()
	write := func(path, text string) {
		t.Helper()
		testkit.Write(t, path, text)
	}
	write(filepath.Join(dir, main), "[a]\n#include users/*/u.conf\n#tryinclude maybe/x.conf\n#include "+outside+"/out.conf\n#include users/*\n")
	write(filepath.Join(dir, "users/1/u.conf"), "u=1\n")
	write(filepath.Join(dir, "users/.hidden/u.conf"), "u=hidden\n")
	write(filepath.Join(dir, "users/z.conf"), "z=1\n")
	write(filepath.Join(outside, "out.conf"), "o=1\n")
	if err := os.MkdirAll(filepath.Join(dir, "users/empty"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", filepath.Join(dir, "users/dangling")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "users/fifo"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := (&Loader{Dir: dir}).Load(main)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for v := range f.Categories[0].Vars() {
		got = append(got, v.Name+"="+v.Value+"@"+v.Pos.String())
	}
	want := []string{"u=1@users/1/u.conf:1", "o=1@" + outside + "/out.conf:1", "z=1@users/z.conf:1"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("variables: -want +got\n%s", diff)
	}
	u := filepath.Join(dir, "users")
	wantDirs := []string{outside, dir, dir + "/maybe", u, u + "/1", u + "/empty"}
	slices.Sort(wantDirs)
	if diff := cmp.Diff(wantDirs, f.Dirs); diff != "" {
		t.Errorf("Dirs: -want +got\n%s", diff)
	}
	for _, s := range []string{main, "users/1/u.conf", "maybe/x.conf", "users/z.conf"} {
		if !strings.Contains(strings.Join(f.Sources, "\n"), filepath.Join(dir, s)) {
			t.Errorf("Sources lacks %s: %q", s, f.Sources)
		}
	}
}

func TestMissingAndUnreadable(t *testing.T) {
	if f, err := (&Loader{Dir: t.TempDir()}).Load(main); !errors.Is(err, fs.ErrNotExist) || len(f.Dirs) != 1 {
		t.Errorf("missing: got %v %v, want fs.ErrNotExist and the directory", f, err)
	}
	denied := &Loader{Dir: etc, ReadFile: func(path string) ([]byte, error) {
		if strings.HasSuffix(path, main) {
			return []byte("[a]\n#tryinclude b\n"), nil
		}
		return nil, fs.ErrPermission
	}}
	_, err := denied.Load(main)
	if want := `t.conf:2: #include "b": permission denied`; !errors.Is(err, fs.ErrPermission) || err.Error() != want {
		t.Errorf("unreadable: got %v, want %q", err, want)
	}
}

// Variables of several categories share chunks. None may get into another category, whatever order they come in.
func TestVariablesStayApart(t *testing.T) {
	const n = 2 * chunkVars
	var text strings.Builder
	text.WriteString("[base](!)\na=0\nb=0\n")
	for i := range n {
		fmt.Fprintf(&text, "[%d](base)\nown=%[1]d\n", i)
		if i%3 == 0 {
			text.WriteString("more=x\n")
		}
		fmt.Fprintf(&text, "[%d](+)\nlate=%d\nb+=1\n", i/2, i) // continues the category before, or one long ago
	}
	text.WriteString("[long]\n" + strings.Repeat("x=y\n", n) + "[0](+)\nlast=z\n")
	f, err := files{main: text.String()}.loader().Load(main)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range f.Categories[:n] {
		want := fmt.Sprintf("a=0 b=0 own=%d", i)
		if i%3 == 0 {
			want += " more=x"
		}
		for late := 2 * i; late < min(2*i+2, n); late++ {
			want = strings.Replace(want, " own", "1 own", 1) + fmt.Sprintf(" late=%d", late)
		}
		if i == 0 {
			want += " last=z"
		}
		var got []string
		for v := range c.Vars() {
			got = append(got, v.Name+"="+v.Value)
		}
		if text := strings.Join(got, " "); c.Name != fmt.Sprint(i) || text != want {
			t.Fatalf("[%s]: got %q, want %q", c.Name, text, want)
		}
	}
	if got := len(slices.Collect(f.Categories[n].Vars())); got != n {
		t.Errorf("got %d variables, want %d", got, n)
	}
}
