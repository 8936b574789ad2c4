package ere

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// Bounds of a regular expression: the machine takes a step for each byte of the text and instruction of the program.
const (
	// maxPattern is in bytes: a line of Asterisk's configuration has as many at most.
	maxPattern = 8190
	// maxRegexSteps bounds bytes times instructions. A step takes some 8 ns, so these are two to three seconds; a pattern
	// as they are used, of 30 instructions, can search 9 MB.
	maxRegexSteps = 1 << 28
	// fewRegexSteps are a few milliseconds: so many are made without a look at the context.
	fewRegexSteps = 1 << 20
	// mostInstructions is what a byte of a pattern can become: Go repeats what a pattern has a thousand times at most.
	mostInstructions = 1001
)

// Machine is a compiled expression for one text.
type Machine struct {
	*regexp.Regexp
	looks bool // it looks at the context while it runs
}

// newMachine bounds what an expression, in Go's syntax, can cost for a text.
func newMachine(re *regexp.Regexp, text string) (Machine, error) {
	if len(text)*len(re.String())*mostInstructions <= fewRegexSteps {
		return Machine{Regexp: re}, nil
	}
	steps := (len(text) + 1) * instructions(re.String())
	if steps > maxRegexSteps {
		return Machine{}, &TooLargeError{fmt.Sprintf("a regular expression for %d bytes of text", len(text))}
	}
	return Machine{re, steps > fewRegexSteps}, nil
}

// instructions is the size of the program of an expression that compiles.
func instructions(expr string) int {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return maxRegexSteps
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return maxRegexSteps
	}
	return len(prog.Inst)
}

// Find is FindStringSubmatchIndex that ends with the context.
func (m Machine) Find(ctx context.Context, text string) ([]int, error) {
	if !m.looks {
		return m.FindStringSubmatchIndex(text), ctx.Err()
	}
	at := m.FindReaderSubmatchIndex(&watchful{ctx: ctx, text: text})
	return at, ctx.Err()
}

// watchful reads a text for a machine, and ends early with the context.
type watchful struct {
	ctx  context.Context
	text string
	read int
}

// runesPerLook is how many characters are read between two looks at the context. The largest program has maxRegexSteps
// instructions for a text of one byte; for one of a thousand times as many, a character takes some milliseconds.
const runesPerLook = 16

func (w *watchful) ReadRune() (r rune, size int, err error) {
	if w.read++; w.read%runesPerLook == 0 && w.ctx.Err() != nil || w.text == "" {
		return 0, 0, io.EOF
	}
	r, size = utf8.DecodeRuneInString(w.text)
	w.text = w.text[size:]
	return r, size, nil
}
