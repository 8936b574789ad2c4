package astconf

import (
	"io/fs"
	"slices"
	"testing"
)

func TestCuts(t *testing.T) {
	files := map[string]string{
		"users.conf": "[1]\nsecret=geh;eim\nlabel = a ; a comment\nfullname=x;\n;secret=a;b\ncid_number=1\\;2\n;-- secret=a;b\n--;\nvmexten=1;--2--;3\n#include \"more.conf\"\n",
		"more.conf":  "secret => s;t ; u\n[2];x\nsetvar=${A;b}=1\nno option;x\n",
	}
	loader := &Loader{ReadFile: func(path string) ([]byte, error) {
		if text, ok := files[path]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}}
	f, err := loader.Load("users.conf")
	if err != nil {
		t.Fatal(err)
	}
	const why = ": the value ends at the \";\", and what follows it is a comment: write \\; where it belongs to the value"
	var got []string
	for _, w := range loader.Cuts(f) {
		got = append(got, w.String())
	}
	if want := []string{`users.conf:2: "secret"` + why, `more.conf:1: "secret"` + why, `more.conf:3: "setvar"` + why}; !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestTemplateNames(t *testing.T) {
	loader := &Loader{ReadFile: func(string) ([]byte, error) { return []byte("[t](!)\na=1\n[p](t)\n[u](!)\n"), nil }}
	f, err := loader.Load("x.conf")
	if err != nil {
		t.Fatal(err)
	}
	asked := &File{Name: "x.conf", Categories: []*Category{NewCategory("p", Pos{}, []string{"t"}, nil)}}
	for _, tt := range []struct {
		file *File
		name string
		want string
	}{{f, "t", "x.conf:1"}, {f, "u", "x.conf:4"}, {f, "p", ""}, {f, "T", ""}, {asked, "t", "x.conf"}, {asked, "p", ""}, {nil, "t", ""}} {
		if pos, ok := tt.file.Template(tt.name); pos.String() != tt.want || ok != (tt.want != "") {
			t.Errorf("%q: got %q, %v, want %q", tt.name, pos, ok, tt.want)
		}
	}
}
