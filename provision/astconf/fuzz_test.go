package astconf

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse checks what is true of every file: Load ends, its result is bounded by its input, every position is a line
// of a file that was read, and the printed tree reads as the same tree.
func FuzzParse(f *testing.F) {
	for _, r := range corpus() {
		if len(r.files()[main]) < 1000 {
			f.Add(r.files()[main], r.more["inc.conf"])
		}
	}
	g := generator{rand.New(rand.NewPCG(1, 2))}
	for range 50 {
		if seed := g.files(); len(seed[main]) < 1000 {
			f.Add(seed[main], seed["inc.conf"])
		}
	}
	f.Fuzz(func(t *testing.T, text, included string) {
		read := files{main: text, "inc.conf": included, "d/a.conf": included}
		loader := read.loader()
		loader.maxReads = 2000
		file, err := loader.Load(main)
		if broken := (*Error)(nil); err != nil && !errors.As(err, &broken) {
			t.Fatalf("got error %v, want an *Error", err)
		} else if err != nil {
			if errors.Is(err, ErrLimit) && broken.Pos.Line == 0 {
				return
			}
			checkPos(t, read, broken.Pos)
			return
		}
		if len(file.Warnings) > maxWarnings {
			t.Errorf("got %d warnings", len(file.Warnings))
		}
		for _, w := range file.Warnings {
			checkPos(t, read, w.Pos)
		}
		checkTree(t, read, file)
		checkRoundTrip(t, file)
	})
}

func checkPos(t *testing.T, read files, p Pos) {
	t.Helper()
	text, ok := read[p.File]
	if lines := strings.Count(text, "\n") + 1; !ok || p.Line < 1 || p.Line > lines {
		t.Errorf("position %v is not in a file that was read: it has %d lines", p, lines)
	}
}

func checkTree(t *testing.T, read files, file *File) {
	t.Helper()
	for _, c := range file.Categories {
		checkPos(t, read, c.Pos)
		if len(c.Name) > maxName || strings.ContainsAny(c.Name, "]\n\x00") {
			t.Errorf("category name %q", c.Name)
		}
		for v := range c.Vars() {
			checkPos(t, read, v.Pos)
			if v.Name == "" || v.Value != trim(v.Value) || strings.ContainsAny(v.Name+v.Value, "\n\x00") {
				t.Errorf("%v: variable %q=%q", v.Pos, v.Name, v.Value)
			}
			if !strings.Contains(strings.ReplaceAll(read[v.Pos.File], `\;`, `;`), v.Name) && !strings.Contains(read[v.Pos.File], ";--") {
				t.Errorf("%v: no variable %q there", v.Pos, v.Name)
			}
		}
	}
}

// checkRoundTrip prints the tree without templates and reads it again.
func checkRoundTrip(t *testing.T, file *File) {
	t.Helper()
	var out, want strings.Builder
	escape := strings.NewReplacer(";", `\;`)
	for _, c := range file.Categories {
		out.WriteString("[" + escape.Replace(c.Name) + "]\n")
		printCategory(&want, c.Name, "")
		for v := range c.Vars() {
			name := escape.Replace(v.Name)
			if name[0] != '\\' || v.Name[0] == '\\' {
				if v.Name[0] < 0x80 {
					name = `\` + name
				}
			}
			line := name + " =>" + escape.Replace(v.Value)
			if len(line) > maxLine {
				return
			}
			out.WriteString(line + "\n")
			printVar(&want, v.Name+"="+v.Value)
		}
	}
	printed := files{main: out.String()}
	if got := tree(printed.loader().Load(main)); got != want.String() {
		t.Errorf("printed as %q: -first +again\n%s", out.String(), cmp.Diff(want.String(), got))
	}
}
