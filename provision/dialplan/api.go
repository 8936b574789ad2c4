package dialplan

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"time"
)

// Errors that a caller distinguishes. Every other error of an expansion comes from Lookup, from a Func or from the
// context.
var (
	// ErrCannotAsk: a function that only Asterisk can answer was called, and Env.Ask is nil or failed. A file without
	// its answer must not be sent.
	ErrCannotAsk = errors.New("cannot ask asterisk")
	// ErrPending: an Asker has begun to ask and has no answer yet. The expansion still evaluates everything that does
	// not need the answer, so that other calls begin too. Then it ends with ErrPending. The caller expands again when
	// the answers are there.
	ErrPending = errors.New("asterisk has not answered yet")
	// ErrNoFunction: an Asker found that Asterisk has no such function. As in Asterisk the value is empty and the
	// expansion continues.
	ErrNoFunction = errors.New("no such function in asterisk")
	// ErrRefused: a function was called that is never answered here. A file without its answer must not be sent.
	ErrRefused = errors.New("not answered")
	// ErrTooMuchWork: a regular expression is too expensive for its text.
	ErrTooMuchWork = errors.New("too much work")
	// ErrTooLong: the output would exceed Limits.Output.
	ErrTooLong = errors.New("output too long")
	// ErrTooDeep: the nesting would exceed Limits.Depth.
	ErrTooDeep = errors.New("nested too deep")
	// ErrTooManySteps: the expansion would evaluate more than Limits.Steps.
	ErrTooManySteps = errors.New("too many substitutions")
)

// Defaults of Limits.
const (
	// DefaultOutput is in bytes: a hundred times the largest phone file that we have seen, and small enough that a
	// hundred concurrent requests fit in memory.
	DefaultOutput = 16 << 20
	// DefaultDepth bounds the open `${`, `$[`, EVAL and includes. Real templates nest three or four of them. Each level
	// costs a few hundred bytes of stack.
	DefaultDepth = 64
	// DefaultSteps bounds the substitutions of one expansion. A directory of 5,000 users takes about 50,000. Without a
	// bound EVAL could double its work at every level.
	DefaultSteps = 4 << 20
)

// Limits bound one expansion. Zero means the default.
type Limits struct {
	Output int // bytes of output, and of every intermediate value
	Depth  int // open `${`, `$[`, EVAL and Call.Expand
	Steps  int // evaluated `${` and `$[`
}

// Asker answers a function call of the form FUNC(args) by asking Asterisk. It must be safe for concurrent use. The call
// comes unchanged: an Asker that writes it to a line protocol must refuse CR, LF and NUL. Its error may be ErrPending
// or ErrNoFunction; the expansion reports any other error as ErrCannotAsk.
type Asker func(ctx context.Context, call string) (string, error)

// Question is a call for Asterisk with the place where it stands.
type Question struct {
	Call      string // FUNC(args)
	Function  string // the function's name for a message; "a function" if the template does not spell the name
	Template  string // the name that Parse was given
	Line, Col int    // both from 1, Col in bytes
	// Source is the call as the template spells it, without values. If the call stands in an argument that is expanded
	// again (of EVAL, for example), the outer calls come before it; such an argument may have values in it.
	Source string
}

// Func answers a call of one of the caller's functions. Its Value says how long the result holds; the expansion itself
// adds what Expand and Include depend on. An error ends the whole expansion. For what Asterisk would only log, use
// Call.Diag and return an empty value.
type Func func(ctx context.Context, c *Call) (Value, error)

// Env is everything that an expansion sees of the world. The zero Env is valid: it has no variables and the native
// functions only. An expansion never changes its Env.
type Env struct {
	// Lookup returns the value of a variable. The value is inserted as it is and never expanded. If ok is false there
	// is no such variable, and the Value says how long that holds. An error ends the expansion. If nil, there are no
	// variables.
	Lookup func(ctx context.Context, name string) (value Value, ok bool, err error)
	// Now is the time for EPOCH, IFTIME and STRFTIME.
	Now time.Time
	// Zone is the time zone for functions of time without a zone argument; nil: UTC.
	Zone *time.Location
	// LoadZone finds the zone of such an argument; nil: zone.Load, which reads a file at each call.
	LoadZone func(name string) (*time.Location, bool)
	// Stat answers STAT; nil: every file is missing.
	Stat func(path string) (fs.FileInfo, error)
	// Funcs are looked up before the native table.
	Funcs map[string]Func
	// Ask answers the functions that are neither in Funcs nor native, and what cannot be computed here to the last
	// digit. If nil, they fail with ErrCannotAsk.
	Ask Asker
	// AskAt is used instead of Ask if it is not nil. Its Value says what the answer depends on.
	AskAt func(ctx context.Context, q Question) (Value, error)
	// Diag receives what Asterisk would only log; nil: it is dropped.
	Diag func(Diagnostic)
	// EscapeXML: the text is XML. The values of Lookup, Ask and functions are escaped in it; the template's own text is
	// not. Only the Env of the outermost expansion counts, not one given to Call.Expand.
	EscapeXML bool
	// Owner is a value for the caller's Funcs.
	Owner any
	// Limits bound the expansion.
	Limits Limits
}

// Diagnostic is something that Asterisk would log before it goes on.
type Diagnostic struct {
	Template  string // the name that Parse was given
	Line, Col int    // both from 1, Col in bytes
	Message   string // quotes nothing but names of functions
}

// String returns `template:line:col: message`.
func (d Diagnostic) String() string {
	return fmt.Sprintf("%s:%d:%d: %s", d.Template, d.Line, d.Col, d.Message)
}

// Call is one function call.
type Call struct {
	Name string // as written
	Args string // the text between the parentheses, after substitution; for a Func it may have marks, see Plain
	Env  *Env

	ex  *expansion
	seg *segment // of ex.t
	ref *ref

	unseen bool // the function gets its arguments without marks
	marked bool // an argument had marks
}

// Diag reports what Asterisk would only log, at the position of the call. The message goes to logs, so it must not
// contain values: Args may have some.
func (c *Call) Diag(format string, args ...any) {
	c.ex.diag(c.seg.pos, format, args...)
}

// fault is Diag with a constant message and the function's name.
func (c *Call) fault(message string) {
	c.Diag("%s: %s", c.ex.functionName(c.seg, c.ref), message)
}

// Lookup looks a variable up as the template does, and returns it without marks.
func (c *Call) Lookup(ctx context.Context, name string) (text string, ok bool, err error) {
	v, ok, err := c.ex.find(ctx, name)
	return v.Text, ok, err
}

// Expand expands a template within the call. Nesting and output count against the limits of the outer expansion, which
// also adds up what the value depends on. If env is nil, it is the call's own. The template may be made of Args, so
// messages do not quote text that may be a value.
func (c *Call) Expand(ctx context.Context, t *Template, env *Env) (Value, error) {
	return c.expand(ctx, t, env, c.computed())
}

// Include is Expand for a template that is not made of Args, such as a file: messages quote it.
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

// maxInline bounds an argument that is expanded, in bytes. Compiling it is the only step that does not check the
// context, and takes up to maxParse times its length. Real arguments have some hundreds.
const maxInline = 1 << 20

// inline expands the text of an argument.
func (c *Call) inline(ctx context.Context, text string) (string, error) {
	if len(text) > maxInline {
		return "", fmt.Errorf("%s: %w: %d bytes to expand", c.ex.functionName(c.seg, c.ref), ErrTooLong, len(text))
	}
	v, err := c.ex.nested(ctx, &expansion{t: Parse("", text), env: c.Env, call: c, within: c, computed: c.computed()})
	if err == nil { // the function reads the whole result
		err = c.ex.run.spend(ctx, len(v.Text))
	}
	return c.seenByFunction(v.Text), err
}

// computed reports whether Args may contain values.
func (c *Call) computed() bool { return c.ex.computed || c.seg.sub != nil }
