package dialplan

import "github.com/phoneprov/phoneprov/provision/dialplan/cnum"

// binary applies an operator to its two sides.
func (p *exprParser) binary(op token, a, b operand) (operand, error) {
	switch op.text {
	case "|", "||":
		if a.null() {
			return b, nil
		}
		return a.plain(), nil
	case "&", "&&":
		if a.null() || b.null() {
			return boolean(false), nil
		}
		return a.plain(), nil
	case "=", "==":
		return boolean(compare(a, b) == 0), nil
	case "!=":
		return boolean(compare(a, b) != 0), nil
	case "<":
		return boolean(compare(a, b) < 0), nil
	case ">":
		return boolean(compare(a, b) > 0), nil
	case "<=":
		return boolean(compare(a, b) <= 0), nil
	case ">=":
		return boolean(compare(a, b) >= 0), nil
	case "~~":
		return p.concatenate(a, b)
	case ":", "=~":
		return p.match(op.text, a, b)
	}
	return p.arithmetic(op, a, b), nil
}

func (p *exprParser) concatenate(a, b operand) (operand, error) {
	s := a.unquoted() + b.unquoted()
	if len(s) > p.x.run.Output {
		return operand{}, ErrTooLong
	}
	return computed(s), nil
}

func (p *exprParser) arithmetic(tok token, a, b operand) operand {
	op := tok.text
	x, xok := a.number()
	y, yok := b.number()
	switch {
	case !xok && !yok:
		p.diag("neither side of %s is a number", tok)
	case !xok:
		p.diag("left side of %s is not a number", tok)
	case !yok:
		p.diag("right side of %s is not a number", tok)
	}
	if x.IsInf() || y.IsInf() {
		p.diag("overflow")
		return numberOperand(cnum.New(0))
	}
	n, ok := cnum.LongDouble(nil), true
	switch {
	case (op == "/" || op == "%") && !xok, op == "*" && !(xok && yok):
		return boolean(false)
	case op == "+" && !yok:
		return numberOperand(x)
	case op == "+" && !xok:
		return numberOperand(y)
	}
	switch op {
	case "+":
		n = cnum.Add(x, y)
	case "-":
		n = cnum.Sub(x, y)
	case "*":
		n = cnum.Mul(x, y)
	case "/":
		n, ok = cnum.Div(x, y)
	default:
		n, ok = cnum.Mod(x, y)
	}
	if !ok {
		p.diag("division by zero")
	}
	return numberOperand(n)
}
