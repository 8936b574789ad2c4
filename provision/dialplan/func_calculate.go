package dialplan

import (
	"context"
	"math"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
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
	x, okx := cnum.ScanFloat(left, 64)
	y, oky := cnum.ScanFloat(right, 64)
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

// resultType returns the function that writes a result of that type.
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

// formatChar writes one byte. A zero byte is an empty text, as in C.
func formatChar(f float64) string {
	if b := byte(cnum.ToInt(f)); b != 0 {
		return string([]byte{b})
	}
	return ""
}

// splitOperator splits the text at an operator. It does not take the first operator, but searches for one kind after
// the other, in Asterisk's order. op is "" if there is none.
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

// apply computes. Integer operators read C ints.
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
		if y <= 0 { // Asterisk reports a negative divisor too
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

// invalid gives a result that is NaN the sign that it has on x86: the sign of the operand that is NaN, else a minus.
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

// power returns x to the power of y. Go's result is less exact than C's. If the difference could show, Asterisk is
// asked.
func (c *Call) power(ctx context.Context, x, y float64, format func(float64) string) (string, error) {
	result := invalid(math.Pow(x, y), x, y)
	text := format(result)
	if exactPower(x, y, result) {
		return text, nil
	}
	margin := (math.Abs(y) + 8) * 0x1p-52 // the error doubles each time that x is squared
	if text == format(result*(1-margin)) && text == format(result*(1+margin)) {
		return text, nil
	}
	return c.ask(ctx)
}

// exactPower reports whether Go's result is exact: every step fits a double, or an operand is infinite or NaN.
func exactPower(x, y, result float64) bool {
	if x-x != 0 || y-y != 0 {
		return true
	}
	return x == math.Trunc(x) && y == math.Trunc(y) && y >= 0 && math.Abs(result) < 1<<53
}
