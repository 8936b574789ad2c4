package ere

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// Bounds of a regular expression. The machine takes one step for each byte of the text and instruction of the program.
const (
	// maxPattern is in bytes: the longest line of Asterisk's configuration.
	maxPattern = 8190
	// maxRegexSteps bounds bytes times instructions. A step takes about 8 ns, so this is two to three seconds. A usual
	// pattern of 30 instructions can search 9 MB.
	maxRegexSteps = 1 << 28
	// fewRegexSteps is a few milliseconds. Up to so many steps the context is not checked.
	fewRegexSteps = 1 << 20
	// mostInstructions is how many instructions one byte of a pattern can become: Go repeats at most a thousand times.
	mostInstructions = 1001
)

// Machine is a compiled expression for one text.
type Machine struct {
	*regexp.Regexp
	looks bool // Find checks the context while it runs
}

// newMachine returns a Machine, or an error if the expression would cost too much for the text.
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

// instructions returns the size of an expression's program. The expression must compile.
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

// Find is FindStringSubmatchIndex, and ends with the context.
func (m Machine) Find(ctx context.Context, text string) ([]int, error) {
	if !m.looks {
		return m.FindStringSubmatchIndex(text), ctx.Err()
	}
	at := m.FindReaderSubmatchIndex(&watchful{ctx: ctx, text: text})
	return at, ctx.Err()
}

// watchful reads a text for a machine and ends early with the context.
type watchful struct {
	ctx  context.Context
	text string
	read int
}

// runesPerLook is how many characters are read between two checks of the context. The largest program has maxRegexSteps
// instructions and runs on a text of one byte; on a text of a thousand bytes a character takes some milliseconds.
const runesPerLook = 16

func (w *watchful) ReadRune() (r rune, size int, err error) {
	if w.read++; w.read%runesPerLook == 0 && w.ctx.Err() != nil || w.text == "" {
		return 0, 0, io.EOF
	}
	r, size = utf8.DecodeRuneInString(w.text)
	w.text = w.text[size:]
	return r, size, nil
}
