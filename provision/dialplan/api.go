package dialplan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Errors that a caller branches on. Everything else an expansion returns comes
// from the caller's own effects (Lookup, Funcs) or its context.
var (
	// ErrCannotAsk: a function that only Asterisk can answer was called, and
	// Env.Ask is nil or failed. A file must not be sent with a hole in it.
	ErrCannotAsk = errors.New("cannot ask asterisk")
	// ErrPending: an Asker has begun to ask, and has no answer yet. What does not
	// depend on it is evaluated nevertheless, so that it can ask too; then the
	// expansion ends with ErrPending, to be done again when the answers are there.
	ErrPending = errors.New("asterisk has not answered yet")
	// ErrNoFunction: an Asker found that Asterisk has no such function. As in
	// Asterisk its value is empty, and the expansion goes on.
	ErrNoFunction = errors.New("no such function in asterisk")
	// ErrRefused: a function was called that is not answered here, whatever Asterisk would
	// say. A file must not be sent with a hole in it.
	ErrRefused = errors.New("not answered")
	// ErrTooMuchWork: a regular expression is too large for its text.
	ErrTooMuchWork = errors.New("too much work")
	// ErrTooLong: the output would exceed Limits.Output.
	ErrTooLong = errors.New("output too long")
	// ErrTooDeep: the nesting would exceed Limits.Depth.
	ErrTooDeep = errors.New("nested too deep")
	// ErrTooManySteps: the expansion would evaluate more than Limits.Steps.
	ErrTooManySteps = errors.New("too many substitutions")
)

// The defaults of Limits.
const (
	// DefaultOutput is in bytes: a hundred times the largest phone file we have
	// seen, and small enough that a hundred requests at once fit in memory.
	DefaultOutput = 16 << 20
	// DefaultDepth counts the `${`, `$[`, EVAL and includes that are open at once.
	// Real templates nest three or four; each level costs a few hundred bytes of stack.
	DefaultDepth = 64
	// DefaultSteps counts the substitutions of one expansion. A directory of 5,000
	// users takes some 50,000; EVAL could otherwise double its work at every level.
	DefaultSteps = 4 << 20
)

// Limits bound one expansion. A zero field is its default.
type Limits struct {
	Output int // bytes of output, and of every intermediate value
	Depth  int // open `${`, `$[`, EVAL and Call.Expand
	Steps  int // `${` and `$[` evaluated
}

// Asker answers a function call of the form FUNC(args) by asking Asterisk.
// It must be safe for concurrent use. The call is passed on as it stands: an
// Asker that writes it to a line protocol must refuse CR, LF and NUL. Its error may
// be ErrPending or ErrNoFunction; any other is told as ErrCannotAsk.
type Asker func(ctx context.Context, call string) (string, error)

// Question is a call for an asker that wants to know where it comes from.
type Question struct {
	Call      string // FUNC(args)
	Function  string // its name for a message: "a function" where it is not written there
	Template  string // the name given to Parse
	Line, Col int    // both from 1, Col in bytes
	// Source is the call as it is written, before values are put in, and before it
	// the calls of which it stands in an argument as text: EVAL, say. In the text of
	// such an argument values may stand.
	Source string
}

// Func answers one function call of the caller's own. Its value says how long it holds, besides what Expand and Include
// have seen: the expansion knows of that. An error ends the whole expansion: what Asterisk would only log belongs in
// Call.Diag, with an empty value.
type Func func(ctx context.Context, c *Call) (Value, error)

// Env is what an expansion may know of the world. The zero value is valid: no
// variables, native functions only. Expand reads it and never changes it.
type Env struct {
	// Lookup answers a variable; its value is inserted as it is, never expanded
	// again. Where there is none (ok is false) the value says how long that holds. An
	// error ends the expansion. nil: every variable is unknown.
	Lookup func(ctx context.Context, name string) (value Value, ok bool, err error)
	// Now is the time for EPOCH, IFTIME and STRFTIME.
	Now time.Time
	// Zone is that of a function of time when the call names none; nil: UTC.
	Zone *time.Location
	// LoadZone finds the zone that such a call names; nil: zone.Load,
	// which reads a file each time.
	LoadZone func(name string) (*time.Location, bool)
	// Stat answers STAT; nil: every file is missing.
	Stat func(path string) (fs.FileInfo, error)
	// Funcs are consulted before the native table.
	Funcs map[string]Func
	// Ask answers the functions that are neither in Funcs nor native, and what
	// cannot be computed here to the last digit; nil: they fail with ErrCannotAsk.
	Ask Asker
	// AskAt is asked instead of Ask where it is not nil. Its value can say more of what it depends on.
	AskAt func(ctx context.Context, q Question) (Value, error)
	// Diag receives what Asterisk would only log; nil: dropped.
	Diag func(Diagnostic)
	// EscapeXML: the text is XML, and what Lookup and Ask give is escaped in it; what the template says is not. It
	// counts where Expand begins, not in an Env for Call.Expand.
	EscapeXML bool
	// Owner is the caller's own, for its Funcs.
	Owner any
	// Limits bound the expansion.
	Limits Limits
}

// Diagnostic is something that Asterisk would log and go on from.
type Diagnostic struct {
	Template  string // the name given to Parse
	Line, Col int    // both from 1, Col in bytes
	Message   string // quotes nothing but the names of functions
}

// String is `template:line:col: message`.
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", d.Template, d.Line, d.Col, d.Message)
}

// Call is one function call.
type Call struct {
	Name string // as written
	Args string // between the parentheses, after substitution, raw; a Func's may have marks: see Plain
	Env  *Env

	ex  *expansion
	seg *segment // of ex.t
	ref *ref

	unseen bool // the function sees no marks
	marked bool // something that it was given had marks
}

// Diag reports what Asterisk would only log, at the position of the call. It is
// for logs: what may come of a variable, as Args may, does not belong in it.
func (c *Call) Diag(format string, args ...any) {
	c.ex.diag(c.seg.pos, format, args...)
}

// fault is Diag of a constant message, with the function's name.
func (c *Call) fault(message string) {
	c.Diag("%s: %s", c.ex.functionName(c.seg, c.ref), message)
}

// Lookup looks a variable up as the template does, and without marks.
func (c *Call) Lookup(ctx context.Context, name string) (text string, ok bool, err error) {
	v, ok, err := c.ex.find(ctx, name)
	return v.Text, ok, err
}

// Expand expands a template within the call: the nesting and the output count
// against the limits of the outer expansion, which also adds up what the value
// depends on. env nil is the call's own. The template may be made of Args: no
// message shows of it what may be a value.
func (c *Call) Expand(ctx context.Context, t *Template, env *Env) (Value, error) {
	return c.expand(ctx, t, env, c.computed())
}

// Include is Expand of a template that is none of Args, such as a file: messages
// quote it.
func (c *Call) Include(ctx context.Context, t *Template, env *Env) (Value, error) {
	if c.ex.run.marking {
		t = t.unmarked()
	}
	return c.expand(ctx, t, env, false)
}

func (c *Call) expand(ctx context.Context, t *Template, env *Env, computed bool) (Value, error) {
	if env == nil {
		env = c.Env
	}
	return c.ex.nested(ctx, &expansion{t: t, env: env, within: c, computed: computed})
}

// maxInline bounds the text that an argument gives to be expanded, in bytes: to take it apart is the one step that does not
// look at the context, and takes up to maxParse times its length. Real ones have some hundreds.
const maxInline = 1 << 20

// inline expands a text that an argument gave.
func (c *Call) inline(ctx context.Context, text string) (string, error) {
	if len(text) > maxInline {
		return "", fmt.Errorf("%s: %w: %d bytes to expand", c.ex.functionName(c.seg, c.ref), ErrTooLong, len(text))
	}
	v, err := c.ex.nested(ctx, &expansion{t: Parse("", text), env: c.Env, call: c, within: c, computed: c.computed()})
	if err == nil { // the function goes through it
		err = c.ex.run.spend(ctx, len(v.Text))
	}
	return c.taken(v.Text), err
}

// computed tells whether a value may be part of Args.
func (c *Call) computed() bool { return c.ex.computed || c.seg.sub != nil }
