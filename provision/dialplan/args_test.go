package dialplan

import (
	"math"
	"strings"
	"testing"
)

// TestCutArgument: for the value of a static_file, the first argument is what `phoneprov show routes` of Asterisk 16
// and 22 prints, without the blanks around it.
func TestCutArgument(t *testing.T) {
	for _, row := range []struct {
		text string
		sep  byte
		arg  string
		rest string
		more bool
	}{
		{`e.txt`, ',', `e.txt`, ``, false},
		{`"e.txt"`, ',', `e.txt`, ``, false},
		{`"a,b.txt",application/x-a`, ',', `a,b.txt`, `application/x-a`, true},
		{`c\,d.txt`, ',', `c,d.txt`, ``, false},
		{`f(1,2).txt`, ',', `f(1,2).txt`, ``, false},
		{`g[1,2].txt`, ',', `g[1,2].txt`, ``, false},
		{`h"i"j.txt`, ',', `hij.txt`, ``, false},
		{`k\"l.txt`, ',', `k"l.txt`, ``, false},
		{`m.txt,text/plain,extra`, ',', `m.txt`, `text/plain,extra`, true},
		{`o.txt,text/x\,y`, ',', `o.txt`, `text/x\,y`, true},
		{`n.txt,"text/x,c"`, ',', `n.txt`, `"text/x,c"`, true},
		{`p(q.txt,text/z`, ',', `p(q.txt,text/z`, ``, false},
		{`r)s,text/z`, ',', `r)s`, `text/z`, true},
		{`"t.txt,text/z`, ',', `t.txt,text/z`, ``, false},
		{`v\\w.txt`, ',', `v\w.txt`, ``, false},
		{`{x,y}.txt`, ',', `{x`, `y}.txt`, true},
		{`'z,z'.txt`, ',', `'z`, `z'.txt`, true},
		{`ab[c,text/q`, ',', `ab[c,text/q`, ``, false},
		{`ab]c,text/q`, ',', `ab]c`, `text/q`, true},
		{`x.txt\`, ',', `x.txt`, ``, false},
		{`" blank ".txt`, ',', ` blank .txt`, ``, false},
		{`(a"b,c"d),text/w`, ',', `(ab,cd)`, `text/w`, true},
		{`""`, ',', ``, ``, false},
		{`"",text/v`, ',', ``, `text/v`, true},
		{`,text/v`, ',', ``, `text/v`, true},
		{``, ',', ``, ``, false},
		{"\tu.txt \t, text/u", ',', `u.txt`, ` text/u`, true},
		{`"K"=k=l`, '=', `K`, `k=l`, true},
		{`L="l"`, '=', `L`, `"l"`, true},
		{`__I = i1`, '=', `__I`, ` i1`, true},
		{`A\=B=x`, '=', `A=B`, `x`, true},
		{`M`, '=', `M`, ``, false},
	} {
		arg, rest, more := CutArgument(row.text, row.sep)
		if arg != row.arg || rest != row.rest || more != row.more {
			t.Errorf("%s: got %q, %q, %v, want %q, %q, %v", row.text, arg, rest, more, row.arg, row.rest, row.more)
		}
	}
}

func TestSplitText(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{``, ``},
		{`a`, `a`},
		{`a,b`, `a|b`},
		{` a , b `, ` a | b `},
		{`a\,b,c`, `a,b|c`},
		{`"a,b",c`, `"a,b"|c`},
		{`f(a,b),c`, `f(a,b)|c`},
		{`[a,b],c`, `[a,b]|c`},
		{`a),b`, `a)|b`},
		{`\"a,b`, `"a|b`},
		{`a\`, `a\`},
		{`a,,b`, `a||b`},
	} {
		c := &Call{Args: row.in, ex: &expansion{run: new(run)}}
		if got := strings.Join(c.SplitText(math.MaxInt), "|"); got != row.want {
			t.Errorf("%q: got %q, want %q", row.in, got, row.want)
		}
	}
}
