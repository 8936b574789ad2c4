package dialplan

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strconv"
)

// Evaluate evaluates the template. The error comes from a limit, the context, env.Lookup or a Func, or wraps
// ErrCannotAsk; then there is no text. A nil env is an empty one.
func (t *Template) Evaluate(ctx context.Context, env *Env) (Value, error) {
	out, varies, err := t.AppendTo(ctx, make([]byte, 0, len(t.text)+len(t.text)/2), env)
	if err != nil {
		return Value{Varies: varies}, err
	}
	return Value{Text: string(out), Varies: varies}, nil
}

// Expand is Evaluate for callers that only want the text.
func (t *Template) Expand(ctx context.Context, env *Env) (string, error) {
	v, err := t.Evaluate(ctx, env)
	return v.Text, err
}

// AppendTo appends the result to dst, so that a caller can reuse a buffer. After an error dst may have a part of the
// output: drop it. Varies is what the output, or the error, depends on.
func (t *Template) AppendTo(ctx context.Context, dst []byte, env *Env) (out []byte, varies Varies, err error) {
	before := len(dst)
	x, limit := t.expansion(env, before)
	if dst, err = x.segments(ctx, dst, x.t.segs, limit); err == nil {
		dst, err = x.finish(dst, before, limit)
	}
	return dst, x.run.varies, err
}

// expansion starts an expansion that is not within another one. limit is the largest length of an output that has so
// many bytes before it.
func (t *Template) expansion(env *Env, before int) (x *expansion, limit int) {
	if env == nil {
		env = &Env{}
	}
	if env.EscapeXML {
		t = t.unmarked()
	}
	return t.begin(env, before)
}

// begin is expansion for a template without bytes that would be taken for marks, if marks are used.
func (t *Template) begin(env *Env, before int) (x *expansion, limit int) {
	lim := env.Limits
	if lim.Output <= 0 {
		lim.Output = DefaultOutput
	}
	if lim.Depth <= 0 {
		lim.Depth = DefaultDepth
	}
	if lim.Steps <= 0 {
		lim.Steps = DefaultSteps
	}
	both := &struct { // one allocation for both
		expansion
		run
	}{expansion{t: t, env: env}, run{Limits: lim, native: native, marking: env.EscapeXML}}
	both.expansion.run = &both.run
	return &both.expansion, before + lim.Output
}

// finish escapes the output after the first bytes of dst, if it is XML.
func (x *expansion) finish(dst []byte, before, limit int) ([]byte, error) {
	if !x.run.marked && !(x.run.marking && oddComment(dst[before:])) {
		return dst, nil
	}
	return escapeXML(dst[:before], bytes.Clone(dst[before:]), limit)
}

// run counts what one expansion uses, in all templates that it enters.
type run struct {
	Limits
	native       map[string]*Function // a field, because EVAL is in the table and cannot refer to it
	depth, steps int
	varies       Varies // what the output so far depends on
	slot         int    // the slot of the variable that was looked up last

	work int // bytes that functions have read and returned

	marking bool // values get marks
	marked  bool // a value got marks
}

// expansion is one template being expanded in an environment.
type expansion struct {
	t    *Template
	env  *Env
	run  *run
	call *Call // the call whose argument this text is, as of EVAL; nil: the template stands alone

	within *Call // the call that expands this template; nil: none

	computed bool // the text may have values in it, so no message quotes it
}

// nested expands inner within this expansion.
func (x *expansion) nested(ctx context.Context, inner *expansion) (Value, error) {
	if err := x.run.enter(); err != nil {
		return Value{}, err
	}
	defer x.run.leave()
	inner.run = x.run
	before := x.run.begin()
	out, err := inner.segments(ctx, nil, inner.t.segs, x.run.Output)
	return Value{Text: string(out), Varies: x.run.since(before)}, err
}

// begin starts a new sum of what values depend on, and returns the old one for since.
func (r *run) begin() (before Varies) {
	before, r.varies = r.varies, Varies{}
	return before
}

// since returns the sum since begin, and adds it to the old one.
func (r *run) since(before Varies) Varies {
	v := r.varies
	r.varies.Add(before)
	return v
}

func (r *run) enter() error {
	if r.depth++; r.depth > r.Depth {
		r.depth--
		return ErrTooDeep
	}
	return nil
}

func (r *run) leave() { r.depth-- }

// stepsPerCheck is how many substitutions a long expansion makes between two checks of its context.
const stepsPerCheck = 1 << 10

// step counts n substitutions.
func (r *run) step(ctx context.Context, n int) error {
	before := r.steps
	if r.steps += n; r.steps > r.Steps {
		return ErrTooManySteps
	}
	if before/stepsPerCheck != r.steps/stepsPerCheck {
		return ctx.Err()
	}
	return nil
}

// bytesPerCheck is how many bytes functions read between two checks of the context. They take some milliseconds.
const bytesPerCheck = 1 << 20

// spend counts bytes that a function reads or writes.
func (r *run) spend(ctx context.Context, n int) error {
	before := r.work
	if r.work += n; before/bytesPerCheck != r.work/bytesPerCheck {
		return ctx.Err()
	}
	return nil
}

// segments appends the value of each segment. dst may not exceed limit bytes. If a segment is pending, the others are
// still evaluated.
func (x *expansion) segments(ctx context.Context, dst []byte, segs []segment, limit int) ([]byte, error) {
	var pending error
	for i := range segs {
		s := &segs[i]
		if s.kind == literal {
			dst = append(dst, s.text...)
		} else {
			v, err := x.substitute(ctx, s)
			switch {
			case errors.Is(err, ErrPending):
				pending = err
			case err != nil:
				return dst, err
			}
			dst = append(dst, v...)
		}
		if len(dst) > limit {
			return dst, ErrTooLong
		}
	}
	return dst, pending
}

// substitute returns the value of one ${} or $[].
func (x *expansion) substitute(ctx context.Context, s *segment) (string, error) {
	if s.kind == tooDeep {
		return "", ErrTooDeep
	}
	if err := x.run.step(ctx, 1); err != nil {
		return "", err
	}
	if s.open {
		x.diag(s.pos, "missing '%c'", s.shut())
	}
	inside := s.text
	if s.sub != nil {
		var err error
		if inside, err = x.inside(ctx, s); err != nil {
			return "", err
		}
	}
	if s.kind == express {
		plain := x.run.plain(inside)
		v, err := x.expression(ctx, s, plain)
		if plain != inside {
			v = x.run.mark(x.run.plain(v))
		}
		return v, err
	}
	if s.sub != nil {
		r := parseRef(inside)
		return x.value(ctx, &r, s)
	}
	return x.value(ctx, &s.ref, s)
}

// inside expands what is nested within a ${} or $[].
func (x *expansion) inside(ctx context.Context, s *segment) (string, error) {
	if err := x.run.enter(); err != nil {
		return "", err
	}
	defer x.run.leave()
	out, err := x.segments(ctx, make([]byte, 0, 64), s.sub, x.run.Output)
	return string(out), err
}

func (s *segment) shut() byte {
	if s.kind == express {
		return ']'
	}
	return '}'
}

// value returns the value of a variable or of a function call, with its slice applied.
func (x *expansion) value(ctx context.Context, r *ref, s *segment) (v string, err error) {
	if r.call {
		v, err = x.function(ctx, r, s)
	} else {
		v, err = x.lookup(ctx, r.name)
	}
	if err != nil {
		return v, err
	}
	if r.part.slice.bad {
		x.diag(s.pos, "bad offset")
	}
	return r.part.Of(v), nil
}

func (x *expansion) lookup(ctx context.Context, name string) (string, error) {
	name = x.run.plain(name)
	v, ok, err := x.find(ctx, name)
	if ok || err != nil {
		return x.run.mark(v.Text), err
	}
	if name == "EPOCH" && !x.env.Now.IsZero() {
		x.run.varies.With |= Unpredictable
		return strconv.FormatInt(x.env.Now.Unix(), 10), nil
	}
	return "", nil
}

// find looks a variable up in Env.Lookup.
func (x *expansion) find(ctx context.Context, name string) (v Value, ok bool, err error) {
	if x.env.Lookup != nil {
		v, ok, err = x.env.Lookup(ctx, name)
	}
	x.run.varies.Add(v.Varies)
	x.run.slot = v.Slot
	return v, ok, err
}

func (x *expansion) function(ctx context.Context, r *ref, s *segment) (string, error) {
	if r.noEnd {
		x.diag(s.pos, "missing ')'")
	}
	c := &Call{Name: r.name, Args: r.args, Env: x.env, ex: x, seg: s, ref: r}
	if err := x.run.spend(ctx, len(r.args)); err != nil {
		return "", err
	}
	if f, ok := x.env.Funcs[r.name]; ok {
		v, err := f(ctx, c)
		x.run.varies.Add(v.Varies)
		return v.Text, err
	}
	if f, ok := x.run.native[r.name]; ok {
		return c.native(ctx, f)
	}
	if !askable(r.name) {
		c.fault("no such function")
		return "", nil
	}
	return c.ask(ctx)
}

// ask asks Asterisk to answer the call.
func (c *Call) ask(ctx context.Context) (string, error) {
	return c.askAs(ctx, c.Name+"("+c.Args+")")
}

// askAs asks Asterisk another call in place of this one.
func (c *Call) askAs(ctx context.Context, call string) (string, error) {
	function := c.ex.functionName(c.seg, c.ref)
	v, err := c.ex.ask(ctx, function, call, c.seg)
	switch {
	case errors.Is(err, ErrPending):
		return "", err
	case errors.Is(err, ErrNoFunction):
		c.fault("no such function in Asterisk")
		return "", nil
	case err != nil:
		return "", fmt.Errorf("%s: %w", function, err)
	}
	return c.seenByFunction(v), nil
}

// askable reports whether a function of Asterisk could have that name.
func askable(name string) bool {
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '_', c == '-', c == '.':
		default:
			return false
		}
	}
	return name != ""
}

// diag reports something at a position of the template's text. If the text is an argument, it reports the position of
// the call.
func (x *expansion) diag(pos int, format string, args ...any) {
	x.run.varies.With |= ByPlace
	if x.env.Diag == nil {
		return
	}
	name, line, col := x.origin(pos)
	x.env.Diag(Diagnostic{Template: name, Line: line, Col: col, Message: fmt.Sprintf(format, args...)})
}

// origin returns the template, line and column of a position in the text.
func (x *expansion) origin(pos int) (name string, line, col int) {
	for x.call != nil {
		x, pos = x.call.ex, x.call.seg.pos
	}
	line, col = x.t.position(pos)
	return x.t.name, line, col
}
