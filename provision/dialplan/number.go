package dialplan

import (
	"math"
	"math/big"
	"strings"
)

// Asterisk computes with the 80-bit long double of x86: 64 bits of mantissa,
// rounded to nearest even. A big.Float of precision 64 is that to the bit, but
// for the exponent, which fit bounds; numbers below 1e-4931 lose no digits here.
const precision = 64

// maxDigits bounds a number's text; a longer one is not a number. In C it would
// be infinite from 4,933 digits on.
const maxDigits = 4096

// maxExponent and minExponent are the powers of two where a long double becomes
// infinite or zero.
const (
	maxExponent = 16384
	minExponent = -16445
)

// fit makes a number infinite or zero where a long double would be.
func fit(n number) number {
	switch exp := n.MantExp(nil); {
	case exp > maxExponent:
		n.SetInf(n.Signbit())
	case exp < minExponent:
		n.SetInt64(0)
	}
	return n
}

type number = *big.Float

func newNumber(n int64) number { return new(big.Float).SetPrec(precision).SetInt64(n) }

// parseNumber reads digits with at most one point among or around them.
func parseNumber(s string) (number, bool) {
	if len(s) > maxDigits {
		return nil, false
	}
	n, _, err := big.ParseFloat(s, 10, precision, big.ToNearestEven)
	return n, err == nil
}

// isDecimal tells whether s is digits[.digits]: what an expression's text calls a
// number.
func isDecimal(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	return isDigits(whole) && (!point || isDigits(fraction))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// significant is how many digits a number is printed with.
const significant = 18

// formatNumber is C's %.18Lg.
func formatNumber(n number) string { return formatGeneral(n, significant) }

// formatGeneral is C's %g with that many digits.
func formatGeneral(n number, digits int) string {
	if n.IsInf() {
		return strings.ToLower(strings.TrimPrefix(n.Text('g', digits), "+"))
	}
	text := n.Text('e', digits-1)
	mantissa, exp, _ := strings.Cut(text, "e")
	if e := atoi(exp); e >= -4 && e < digits {
		return trimZeros(n.Text('f', digits-1-e))
	}
	return trimZeros(mantissa) + "e" + exp
}

func trimZeros(s string) string {
	if strings.IndexByte(s, '.') < 0 {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// atoi reads a signed number that is known to be one.
func atoi(s string) int {
	n, _, _ := scanInt(s)
	return n
}

// divide yields C's INT_MAX for a division by zero, as Asterisk does.
func divide(a, b number) (number, bool) {
	if b.Sign() == 0 {
		return newNumber(math.MaxInt32), false
	}
	return fit(new(big.Float).SetPrec(precision).Quo(a, b)), true
}

// modulo is fmodl: exact, with the sign of a. Of a zero, even a negative one, it is
// that zero.
func modulo(a, b number) (number, bool) {
	if b.Sign() == 0 {
		return b, false
	}
	x, _ := a.Rat(nil)
	y, _ := b.Rat(nil)
	q := new(big.Rat).Quo(x, y)
	whole := new(big.Int).Quo(q.Num(), q.Denom())
	r := new(big.Rat).Sub(x, y.Mul(y, new(big.Rat).SetInt(whole)))
	n := new(big.Float).SetPrec(precision).SetRat(r)
	if n.Sign() == 0 && a.Signbit() {
		n.Neg(n)
	}
	return n, true
}

func add(a, b number) number { return fit(new(big.Float).SetPrec(precision).Add(a, b)) }
func sub(a, b number) number { return fit(new(big.Float).SetPrec(precision).Sub(a, b)) }
func mul(a, b number) number { return fit(new(big.Float).SetPrec(precision).Mul(a, b)) }
