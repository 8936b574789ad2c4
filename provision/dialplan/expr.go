package dialplan

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// maxExpression bounds the recursion of one expression: eight levels of precedence and a hundred nested parentheses.
const maxExpression = 1000

// expression returns the value of the inside of a $[].
//
// After a syntax error the value is 0. If the text before the error is a whole expression, it is that one's value. If
// the first token is the error, it is empty.
func (x *expansion) expression(ctx context.Context, s *segment, text string) (string, error) {
	p := &exprParser{ctx: ctx, x: x, seg: s, pos: s.pos, lex: lexer{text: text}, depth: maxExpression}
	p.advance()
	switch {
	case !whole(text):
		p.diag("missing '}'")
		return "", nil
	case p.tok.kind == endToken:
		return "", nil
	case !p.startsOperand():
		p.diag("unexpected %s", p.tok)
		return "", nil
	}
	v, err := p.parse(lowest)
	switch {
	case errors.Is(err, errSyntax):
		p.diag("unexpected %s", p.tok)
		return "0", nil
	case errors.Is(err, errOnlyAsterisk):
		return p.ask(ctx)
	case err != nil:
		return "", err
	}
	if p.tok.kind != endToken {
		p.diag("unexpected %s", p.tok)
	}
	return v.String(), nil
}

// ask asks Asterisk to evaluate the expression. It does not if EVAL would expand a ${ or $[ that is part of a value, or
// would end at a ] of a value.
func (p *exprParser) ask(ctx context.Context) (string, error) {
	text := p.lex.text
	if end, _ := closing(text+"]", 0, '['); opening(text) >= 0 || end != len(text) {
		p.diag("cannot be asked of asterisk")
		return "0", nil
	}
	v, err := p.x.ask(ctx, "EVAL", "EVAL($["+p.question()+"])", p.seg)
	switch {
	case errors.Is(err, ErrNoFunction): // an empty value would be wrong
		return "", fmt.Errorf("EVAL: %w: %w", ErrCannotAsk, err)
	case err != nil:
		return "", fmt.Errorf("EVAL: %w", err)
	}
	return v, nil
}

// noFunction is a name that no function has.
const noFunction = "none"

// question returns the expression for Asterisk. A function that is not mathematical is 0 in a file, but has a value
// over AMI, where there is a channel. So question renames such functions.
func (p *exprParser) question() string {
	var b strings.Builder
	text, done := p.lex.text, 0
	l, before := lexer{text: text}, token{}
	for t := l.next(); t.kind != endToken; t = l.next() {
		if _, known := mathFuncs[before.text]; t.text == "(" && before.kind == wordToken && !known {
			b.WriteString(text[done:before.pos] + noFunction)
			done = before.pos + len(before.text)
		}
		before = t
	}
	return b.String() + text[done:]
}

var (
	errSyntax = errors.New("syntax")
	// errOnlyAsterisk: we cannot compute the expression to the last digit, so Asterisk is asked for all of it.
	errOnlyAsterisk = errors.New("ask")
)

// Levels of precedence. All operators group to the left, ?:: too.
//
//	conditional = or { "?" conditional "::" or }
//	or          = and        { ("|" | "||") and }
//	and         = comparison { ("&" | "&&") comparison }
//	comparison  = sum        { ("=" | "==" | "!=" | "<" | ">" | "<=" | ">=") sum }
//	sum         = product    { ("+" | "-") product }
//	product     = sign       { ("*" | "/" | "%") sign }
//	sign        = ("-" | "!") sign | match
//	match       = primary    { (":" | "=~" | "~~") (sign | primary) }
//	primary     = word | word "(" args ")" | "(" conditional ")"
const (
	lowest = iota
	orLevel
	andLevel
	compareLevel
	sumLevel
	productLevel
	matchLevel
	primaryLevel
)

func level(op string) int {
	switch op {
	case "|", "||":
		return orLevel
	case "&", "&&":
		return andLevel
	case "=", "==", "!=", "<", ">", "<=", ">=":
		return compareLevel
	case "+", "-":
		return sumLevel
	case "*", "/", "%":
		return productLevel
	case ":", "=~", "~~":
		return matchLevel
	}
	return -1
}

// exprParser parses and evaluates at the same time, with one token of look-ahead.
type exprParser struct {
	ctx   context.Context
	x     *expansion
	seg   *segment
	pos   int // the position of the `$[` in the template
	lex   lexer
	tok   token
	depth int // how many more parentheses and signs may nest
}

func (p *exprParser) advance() { p.tok = p.lex.next() }

func (p *exprParser) is(op string) bool { return p.tok.kind == opToken && p.tok.text == op }

// accept consumes an operator if it is the next token.
func (p *exprParser) accept(op string) bool {
	if !p.is(op) {
		return false
	}
	p.advance()
	return true
}

func (p *exprParser) startsOperand() bool {
	return p.tok.kind == wordToken || p.is("(") || p.is("-") || p.is("!")
}

func (p *exprParser) diag(format string, args ...any) { p.x.diag(p.pos, format, args...) }

// parse reads an expression whose operators bind at least as strongly as min.
func (p *exprParser) parse(min int) (operand, error) {
	if p.depth--; p.depth < 0 {
		return operand{}, ErrTooDeep
	}
	defer func() { p.depth++ }()
	v, err := p.sign()
	for err == nil && p.tok.kind == opToken {
		op := p.tok
		at := level(op.text)
		if op.text == "?" && min == lowest {
			v, err = p.conditional(v)
			continue
		}
		if at < 0 || at < min {
			break
		}
		p.advance()
		var right operand
		if right, err = p.parse(at + 1); err == nil {
			v, err = p.binary(op, v, right)
		}
	}
	return v, err
}

// conditional reads the rest of `condition ? then :: else`.
func (p *exprParser) conditional(condition operand) (operand, error) {
	p.advance()
	then, err := p.parse(lowest)
	if err != nil {
		return operand{}, err
	}
	if !p.accept("::") {
		return operand{}, errSyntax
	}
	otherwise, err := p.parse(orLevel)
	if err != nil {
		return operand{}, err
	}
	if condition.null() || condition.text == `""` {
		return otherwise, nil
	}
	return then, nil
}

// sign reads a unary operator. It binds weaker than `:`, `=~` and `~~`.
func (p *exprParser) sign() (operand, error) {
	not := p.is("!")
	if !not && !p.is("-") {
		return p.primary()
	}
	op := p.tok
	p.advance()
	v, err := p.parse(matchLevel)
	if err != nil {
		return operand{}, err
	}
	if not {
		return boolean(v.not()), nil
	}
	n, ok := v.number()
	if !ok {
		p.diag("operand of %s is not a number", op)
		return boolean(false), nil
	}
	return numberOperand(cnum.New(0).Neg(n)), nil
}

func (p *exprParser) primary() (operand, error) {
	if p.accept("(") {
		v, err := p.parse(lowest)
		if err == nil && !p.accept(")") {
			err = errSyntax
		}
		return v, err
	}
	if p.tok.kind != wordToken {
		return operand{}, errSyntax
	}
	name := p.tok
	if p.advance(); p.is("(") {
		return p.call(name.text)
	}
	return word(name.text), nil
}

func boolean(b bool) operand {
	if b {
		return numberOperand(cnum.New(1))
	}
	return numberOperand(cnum.New(0))
}
