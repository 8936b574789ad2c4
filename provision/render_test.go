package provision

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// onePhone returns a snapshot with a phone of MAC 000000000001. Its files are x => t and the given static files.
func onePhone(tb testing.TB, more string) *Snapshot {
	tb.Helper()
	s, _ := build(tb, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nx => t\n" + more,
		"users.conf":     "[a]\nautoprov=yes\nmacaddress=000000000001\nsecret=s3cret\nfullname=Full\n",
	})
	return s
}

func TestRenderErrors(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	for _, row := range []struct {
		name  string
		more  string
		files map[string]string
		is    error
		want  string
	}{
		{"missing template", "", nil, nil, `phoneprov.conf:4: template "t": no such file or directory`},
		{"template that is a directory", "", map[string]string{"t/x": ""}, nil, `phoneprov.conf:4: template "t": file does not exist`},
		{"an include of itself", "", map[string]string{"t": "${PP_EACH_EXTENSION(000000000001,t)}"}, dialplan.ErrTooDeep,
			`phoneprov.conf:4: template "t": `},
		{"two includes of each other", "", map[string]string{"t": "${PP_EACH_EXTENSION(000000000001,u)}", "u": "${PP_EACH_EXTENSION(000000000001,t)}"},
			dialplan.ErrTooDeep, `phoneprov.conf:4: template "t": `},
		{"a setvar that includes itself", "setvar => A=${PP_EACH_EXTENSION(000000000001,l)}\n", map[string]string{"t": "${A}", "l": "${A}"}, dialplan.ErrTooDeep,
			`phoneprov.conf:4: template "t": phoneprov.conf:5: setvar A needs itself: `},
		{"a setvar of every user that needs itself", "setvar => A=${PP_EACH_USER(%{A})}\n", map[string]string{"t": "${A}"}, dialplan.ErrTooDeep,
			`phoneprov.conf:4: template "t": phoneprov.conf:5: setvar A needs itself: `},
		{"too long", "setvar => A=${B}\n", map[string]string{"t": strings.Repeat("${PP_EACH_EXTENSION(000000000001,l)}", 17), "l": long},
			dialplan.ErrTooLong, `phoneprov.conf:4: template "t": `},
		{"Asterisk cannot be asked", "", map[string]string{"t": "${DB(a/b)}"}, ErrUnavailable, `phoneprov.conf:4: template "t": asterisk cannot be asked`},
		{"nor for a setvar", "setvar => A=${DB(a/b)}\n", map[string]string{"t": "${A}"}, ErrUnavailable, `phoneprov.conf:4: template "t": asterisk cannot be asked`},
		{"out of the directory", "", map[string]string{"t": "${PP_EACH_EXTENSION(000000000001,../../etc/passwd)}"}, nil,
			`phoneprov.conf:4: template "t": `},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := renderer(t, row.files)
			got, err := render(t, r, onePhone(t, row.more), "x", Request{})
			if err == nil || !strings.HasPrefix(err.Error(), row.want) || row.is != nil && !errors.Is(err, row.is) {
				t.Errorf("got %.40q (%v), want %q", got, err, row.want)
			}
		})
	}
}

// A setvar that asks Asterisk is not evaluated unless it is used, and once if it is used twice.
func TestSetvarIsLazy(t *testing.T) {
	s := onePhone(t, "setvar => NAME=${ODBC_CID_NAME_LOOKUP(${USERNAME})}\nsetvar => HELLO=hello ${NAME}\nunused => u\n")
	r, _ := renderer(t, map[string]string{"t": "${NAME} ${HELLO} ${NAME}", "u": "${USERNAME}"})
	var asked []string
	r.options.Ask = func(_ context.Context, call string) (string, error) {
		asked = append(asked, call)
		return "Ada ${SECRET}", nil
	}
	if got, err := render(t, r, s, "unused", Request{}); err != nil || got != "a" || len(asked) != 0 {
		t.Errorf("unused: got %q (%v), asked %q", got, err, asked)
	}
	got, err := render(t, r, s, "x", Request{})
	if want := "Ada ${SECRET} hello Ada ${SECRET} Ada ${SECRET}"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
	if len(asked) != 1 || asked[0] != "ODBC_CID_NAME_LOOKUP(a)" {
		t.Errorf("asked %q", asked)
	}
}

// An edited template is used for the next request, whether it was written in place or replaced by a rename.
func TestTemplateIsReadAgain(t *testing.T) {
	s := onePhone(t, "")
	r, dir := renderer(t, map[string]string{"t": "${USERNAME} one"})
	path := filepath.Join(dir, "t")
	for _, text := range []string{"one", "two", "six", "longer"} {
		testkit.WriteSteady(t, path, "${USERNAME} "+text)
		for range 2 {
			if got, err := render(t, r, s, "x", Request{}); err != nil || got != "a "+text {
				t.Errorf("got %q (%v), want %q", got, err, "a "+text)
			}
		}
	}
	testkit.WriteSteady(t, path+".new", "${USERNAME} renamed")
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	if got, err := render(t, r, s, "x", Request{}); err != nil || got != "a renamed" {
		t.Errorf("got %q (%v)", got, err)
	}
}

func TestStaticFiles(t *testing.T) {
	s := onePhone(t, `staticdir => static
static_file => here
static_file => gone
static_file => link
static_file => inside
static_file => ../../secret
`)
	outside := filepath.Join(t.TempDir(), "secret")
	testkit.WriteSteady(t, outside, "of the machine")
	r, dir := renderer(t, map[string]string{"t": "", "static/here": "${MAC} as it is"})
	for name, target := range map[string]string{"link": outside, "inside": "here"} {
		if err := os.Symlink(target, filepath.Join(dir, "static", name)); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		uri, want string
		notFound  bool
	}{
		{"here", "${MAC} as it is", false},
		{"inside", "${MAC} as it is", false},
		{"gone", "", true},
		{"link", "", false},
		{"../../secret", "", false},
	} {
		got, err := render(t, r, s, row.uri, Request{})
		if got != row.want || (err == nil) != (row.want != "") || errors.Is(err, ErrNotFound) != row.notFound {
			t.Errorf("%s: got %q (%v)", row.uri, got, err)
		}
	}
}

// STAT sees the data and the configuration directory, and no other file of the machine.
func TestStat(t *testing.T) {
	s := onePhone(t, "")
	dir, configDir := t.TempDir(), t.TempDir()
	testkit.WriteSteady(t, filepath.Join(configDir, "users.conf"), "12345")
	testkit.WriteSteady(t, filepath.Join(dir, "sub/file"), "123")
	if err := os.Symlink("/etc/passwd", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	testkit.WriteSteady(t, filepath.Join(dir, "t"), "${STAT(s,sub/file)} ${STAT(s,"+dir+"/sub/file)} ${STAT(s,"+configDir+"/users.conf)}"+
		" [${STAT(e,/etc/passwd)}] [${STAT(e,../../../etc/passwd)}] [${STAT(e,link)}] [${STAT(e,"+dir+"/../x)}]")
	data, err := datadir.Open(dir, configDir)
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	got, err := render(t, NewRenderer(RendererOptions{Data: data}), s, "x", Request{})
	if want := "3 3 5 [0] [0] [0] [0]"; err != nil || got != want {
		t.Errorf("got %q (%v), want %q", got, err, want)
	}
}

func TestEachDiagnostics(t *testing.T) {
	s := onePhone(t, "")
	for _, row := range []struct{ name, template, body, want string }{
		{"no text", "${PP_EACH_USER()}", "", `t:1: warning: column 1: PP_EACH_USER needs a text`},
		{"no template", "${PP_EACH_EXTENSION(000000000001)}", "", `t:1: warning: column 1: PP_EACH_EXTENSION needs a MAC and a template`},
		{"unknown phone", "\n ${PP_EACH_EXTENSION(000000000009,t)}", "\n ", `t:2: warning: column 2: PP_EACH_EXTENSION: there is no phone of that MAC`},
		{"missing template", "${PP_EACH_EXTENSION(000000000001,u)}", "", `t:1: warning: column 1: PP_EACH_EXTENSION: there is no template file of that name`},
		{"MAC spelt otherwise", "${PP_EACH_EXTENSION(00:00:00:00:00:01,l)}", "a", ``},
		{"excluded MAC spelt otherwise", "[${PP_EACH_USER(%{MAC},00-00-00-00-00-01)}]", "[]", ``},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := renderer(t, map[string]string{"t": row.template, "l": "${USERNAME}"})
			doc, err := r.Render(context.Background(), s, s.Lookup("x"), Request{Now: testNow})
			if err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, d := range doc.Diagnostics {
				got += d.String()
			}
			if body, _ := render(t, r, s, "x", Request{}); got != row.want || body != row.body {
				t.Errorf("got %q and %q, want %q and %q", body, got, row.body, row.want)
			}
		})
	}
}
