package dialplan

import (
	"math/big"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// call reads the arguments of a function within an expression and applies it. Asterisk has mathematical functions
// there. It could call other functions only on a channel, and there is none when a file is rendered, so they are 0.
func (p *exprParser) call(name string) (operand, error) {
	p.advance()
	args, err := p.args()
	if err != nil {
		return operand{}, err
	}
	want, known := mathFuncs[name]
	if !known || want != len(args) {
		p.diag("no such function, or not with %d arguments", len(args))
		return numberOperand(cnum.New(0)), nil
	}
	for _, arg := range args {
		if _, ok := arg.number(); !ok {
			p.diag("%s: the argument is not a number", name)
		}
	}
	x, _ := args[0].number()
	if x.IsInf() {
		return operand{}, errOnlyAsterisk
	}
	switch name {
	case "ABS":
		if x.Sign() < 0 {
			x = cnum.New(0).Neg(x)
		}
		return numberOperand(x), nil // a negative zero stays one
	case "FLOOR", "CEIL", "ROUND", "RINT", "TRUNC":
		return numberOperand(integral(name, x)), nil
	case "SQRT":
		if x.Sign() >= 0 {
			return numberOperand(cnum.New(0).Sqrt(x)), nil
		}
	}
	return operand{}, errOnlyAsterisk
}

// args reads `conditional { "," [ conditional ] } ")"`. A missing argument after a comma is an empty text.
func (p *exprParser) args() (args []operand, err error) {
	for {
		v, err := operand{}, error(nil)
		if len(args) == 0 || !p.is(",") && !p.is(")") {
			v, err = p.parse(lowest)
		}
		if err != nil {
			return nil, err
		}
		args = append(args, v)
		if p.accept(")") {
			return args, nil
		}
		if !p.accept(",") {
			return nil, errSyntax
		}
	}
}

// mathFuncs are the functions of expressions, and how many arguments each takes.
var mathFuncs = map[string]int{
	"ABS": 1, "ACOS": 1, "ASIN": 1, "ATAN": 1, "ATAN2": 2, "CEIL": 1, "COS": 1, "EXP": 1, "EXP10": 1,
	"EXP2": 1, "FLOOR": 1, "LOG": 1, "LOG10": 1, "LOG2": 1, "POW": 2, "REMAINDER": 2, "RINT": 1,
	"ROUND": 1, "SIN": 1, "SQRT": 1, "TAN": 1, "TRUNC": 1,
}

// integral rounds: FLOOR down, CEIL up, TRUNC to zero, ROUND halves away from zero, RINT halves to even. The sign
// stays, even of a zero.
func integral(name string, x cnum.LongDouble) cnum.LongDouble {
	whole, _ := x.Int(nil)
	n := cnum.New(0).SetInt(whole)
	rest := cnum.New(0).Abs(cnum.Sub(x, n))
	half := rest.Cmp(big.NewFloat(0.5))
	up := false
	switch name {
	case "FLOOR":
		up = rest.Sign() > 0 && x.Signbit()
	case "CEIL":
		up = rest.Sign() > 0 && !x.Signbit()
	case "ROUND":
		up = half >= 0
	case "RINT":
		up = half > 0 || half == 0 && whole.Bit(0) == 1
	}
	switch {
	case up && x.Signbit():
		n = cnum.Sub(n, cnum.New(1))
	case up:
		n = cnum.Add(n, cnum.New(1))
	}
	if n.Sign() == 0 && x.Signbit() && !n.Signbit() {
		n.Neg(n)
	}
	return n
}
