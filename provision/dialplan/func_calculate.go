package dialplan

import (
	"context"
	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"math"
	"strconv"
	"strings"
)

// calculate is MATH(number operator number[,type]).
func calculate(ctx context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	parts := c.Split(2)
	format, ok := cnum.FormatDouble, true
	if len(parts) > 1 {
		format, ok = resultType(parts[1])
	}
	if !ok {
		c.fault("unknown type of result")
		return "", nil
	}
	text, negative := strings.CutPrefix(parts[0], "-")
	left, op, right := splitOperator(text)
	if op == "" {
		c.fault("no operator")
		return "", nil
	}
	x, okx := cnum.ScanDouble(left)
	y, oky := cnum.ScanDouble(right)
	if !okx || !oky {
		c.fault(notNumber)
		return "", nil
	}
	if negative {
		x = 0 - x
	}
	if op == "^" {
		return c.power(ctx, x, y, format)
	}
	return c.apply(op, x, y, format), nil
}

// resultType is how a type of result is printed.
func resultType(name string) (format func(float64) string, ok bool) {
	switch strings.ToLower(name) {
	case "f", "float":
		return cnum.FormatDouble, true
	case "i", "int":
		return func(f float64) string { return strconv.Itoa(int(cnum.ToInt(f))) }, true
	case "h", "hex":
		return func(f float64) string { return strconv.FormatUint(uint64(cnum.ToUnsigned(f)), 16) }, true
	case "c", "char":
		return formatChar, true
	}
	return nil, false
}

// formatChar is one byte; a zero ends the text.
func formatChar(f float64) string {
	if b := byte(cnum.ToInt(f)); b != 0 {
		return string([]byte{b})
	}
	return ""
}

// splitOperator takes the text apart at an operator: not at the first, but at the
// first of the kind that Asterisk looks for first. op is "" where there is none.
func splitOperator(s string) (left, op, right string) {
	for _, op := range [...]string{"*", "/", "%", "^", "AND", "XOR", "OR", ">", "<", "=", "+", "-"} {
		left, right, found := strings.Cut(s, op)
		if !found {
			continue
		}
		next := right[:min(1, len(right))]
		switch {
		case op == "=" && next != "=":
			return "", "", ""
		case op == ">" || op == "<" || op == "=":
			if next == op || next == "=" {
				return left, op + next, right[1:]
			}
		}
		return left, op, right
	}
	return "", "", ""
}

// apply computes. Integer operators see C ints.
func (c *Call) apply(op string, x, y float64, format func(float64) string) string {
	m, n := cnum.ToInt(x), cnum.ToInt(y)
	switch op {
	case "+":
		return format(invalid(x+y, x, y))
	case "-":
		return format(invalid(x-y, x, y))
	case "*":
		return format(invalid(x*y, x, y))
	case "/":
		if y <= 0 { // so does Asterisk with a divisor below 0
			c.fault("the divisor is not above 0")
			return format(0)
		}
		return format(invalid(x/y, x, y))
	case "%":
		if n == 0 {
			c.fault("division by 0")
			return format(0)
		}
		return format(float64(m % n))
	case "AND":
		return format(float64(m & n))
	case "OR":
		return format(float64(m | n))
	case "XOR":
		return format(float64(m ^ n))
	case "<<":
		return format(float64(m << (uint32(n) % 32)))
	case ">>":
		return format(float64(m >> (uint32(n) % 32)))
	}
	return strings.ToUpper(strconv.FormatBool(compareDoubles(op, x, y)))
}

func compareDoubles(op string, x, y float64) bool {
	switch op {
	case "<":
		return x < y
	case "<=":
		return x <= y
	case ">":
		return x > y
	case ">=":
		return x >= y
	}
	return x == y
}

// invalid gives a result that is not a number the sign that it has on x86: that of
// the operand that is none, else a minus.
func invalid(result, x, y float64) float64 {
	switch {
	case !math.IsNaN(result):
		return result
	case math.IsNaN(x):
		return x
	case math.IsNaN(y):
		return y
	}
	return math.Copysign(result, -1)
}

// power is x to the y. Go computes it less exactly than C: where that could show,
// Asterisk is asked.
func (c *Call) power(ctx context.Context, x, y float64, format func(float64) string) (string, error) {
	result := invalid(math.Pow(x, y), x, y)
	text := format(result)
	if exactPower(x, y, result) {
		return text, nil
	}
	margin := (math.Abs(y) + 8) * 0x1p-52 // the error doubles as often as x is squared
	if text == format(result*(1-margin)) && text == format(result*(1+margin)) {
		return text, nil
	}
	return c.ask(ctx)
}

// exactPower tells whether Go's result has no error: every step has room in a
// double, or an operand is no finite number.
func exactPower(x, y, result float64) bool {
	if x-x != 0 || y-y != 0 {
		return true
	}
	return x == math.Trunc(x) && y == math.Trunc(y) && y >= 0 && math.Abs(result) < 1<<53
}
