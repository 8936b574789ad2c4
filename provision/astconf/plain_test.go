package astconf

import (
	"strings"
	"testing"
)

// TestPlain: which lines are stored unparsed, and that their variables are the same in either case. The goldens and the
// differential test compare with Asterisk; most of their categories are plain.
func TestPlain(t *testing.T) {
	for _, row := range []struct{ name, text, own, vars string }{
		{"all", "[a]\nx=1\n\n ; c=2\ny => 2 ; c\n  z = a=b \r\n", "x=1\n\n ; c=2\ny => 2 ; c\n  z = a=b \r\n", "x=1@2 y=2@5 z=a=b@6"},
		{"to the next", "[a]\nx=1\n[b]\ny=1\n", "x=1\n", "x=1@2"},
		{"no newline", "[a]\nx=1", "x=1", "x=1@2"},
		{"escaped ;", "[a]\nx=1\\;2\n", "x=1\\;2\n", "x=1;2@2"},
		{"behind a template", "[t](!)\nx=1\n[a](t)\ny=2\n", "y=2\n", "x=1@2 y=2@4"},
		{"of two templates", "[t](!)\nx=1\n[a](t,t)\ny=2\n", "y=2\n", "x=1@2 x=1@2 y=2@4"},
		{"+=", "[a]\nx=1\nx+=2\ny=3\n", "", "x=12@2 y=3@4"},
		{"+= of another's", `[t](!)
x=1
[a](t)
x+=2
[b](t)
[a](+)
z=3
`, "", "x=12@2 z=3@7"},
		{"+= of a template", "[t](!)\nx=1\n[a](t)\n[t](+TEMPLATES=restrict)\nx+=2\n", "", "x=1@2"},
		{"=", "[a]\nx=1\n=2\ny=3\n", "", "x=1@2 y=3@4"},
		{"no =", "[a]\nx=1\ny;=2\nz=3\n", "", "x=1@2 z=3@4"},
		{"backslash", "[a]\nx=1\n\\y=2\nz=3\n", "", "x=1@2 y=2@3 z=3@4"},
		{"comment", `[a]
x=1
;--
y=2
--;
z=3
`, "", "x=1@2 z=3@6"},
		{"NUL", "[a]\nx=1\x002\ny=2\n", "", "x=1@2 y=2@3"},
		{"included", "[a]\nx=1\n#include inc\nz=3\n", "", "x=1@2 y=2@1 z=3@4"},
		{"added to", "[a]\nx=1\n[b]\n[a](+)\ny=2\n", "", "x=1@2 y=2@5"},
		{"added to twice", `[base](!)
x=1
[a](!)
y=2
[a]
q=0
[a](+TEMPLATES=restrict,+,base)
`, "", "q=0@6 x=1@2"},
		{"long", "[a]\nx=1\n" + strings.Repeat("v", maxLine+1) + "\ny=2\n", "", "x=1@2 y=2@4"},
		{"as long as may be", "[a]\nx=" + strings.Repeat("v", maxLine-2) + "\n", "", "x=" + strings.Repeat("v", maxLine-2) + "@2"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, err := files{main: row.text, "inc": "y=2\n"}.loader().Load(main)
			if err != nil {
				t.Fatal(err)
			}
			a := f.Category("a")
			var vars []string
			for v := range a.Vars() {
				_, line, _ := strings.Cut(v.Pos.String(), ":")
				vars = append(vars, v.Name+"="+v.Value+"@"+line)
			}
			if got := strings.Join(vars, " "); got != row.vars {
				t.Errorf("variables: got %q, want %q", got, row.vars)
			}
			if a.own.text != row.own {
				t.Errorf("plain lines: got %q, want %q", a.own.text, row.own)
			}
		})
	}
}
