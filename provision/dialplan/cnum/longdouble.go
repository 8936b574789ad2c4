package cnum

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
func fit(n LongDouble) LongDouble {
	switch exp := n.MantExp(nil); {
	case exp > maxExponent:
		n.SetInf(n.Signbit())
	case exp < minExponent:
		n.SetInt64(0)
	}
	return n
}

type LongDouble = *big.Float

func New(n int64) LongDouble { return new(big.Float).SetPrec(precision).SetInt64(n) }

// Parse reads digits with at most one point among or around them.
func Parse(s string) (LongDouble, bool) {
	if len(s) > maxDigits {
		return nil, false
	}
	n, _, err := big.ParseFloat(s, 10, precision, big.ToNearestEven)
	return n, err == nil
}

// IsDecimal tells whether s is digits[.digits]: what an expression's text calls a
// number.
func IsDecimal(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	return IsDigits(whole) && (!point || IsDigits(fraction))
}

func IsDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// significant is how many digits a number is printed with.
const significant = 18

// Format is C's %.18Lg.
func Format(n LongDouble) string { return FormatG(n, significant) }

// FormatG is C's %g with that many digits.
func FormatG(n LongDouble, digits int) string {
	if n.IsInf() {
		return strings.ToLower(strings.TrimPrefix(n.Text('g', digits), "+"))
	}
	text := n.Text('e', digits-1)
	mantissa, exp, _ := strings.Cut(text, "e")
	if e := Atoi(exp); e >= -4 && e < digits {
		return TrimZeros(n.Text('f', digits-1-e))
	}
	return TrimZeros(mantissa) + "e" + exp
}

func TrimZeros(s string) string {
	if strings.IndexByte(s, '.') < 0 {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

// Atoi reads a signed number that is known to be one.
func Atoi(s string) int {
	n, _, _ := ScanInt(s)
	return n
}

// Div yields C's INT_MAX for a division by zero, as Asterisk does.
func Div(a, b LongDouble) (LongDouble, bool) {
	if b.Sign() == 0 {
		return New(math.MaxInt32), false
	}
	return fit(new(big.Float).SetPrec(precision).Quo(a, b)), true
}

// Mod is fmodl: exact, with the sign of a. Of a zero, even a negative one, it is
// that zero.
func Mod(a, b LongDouble) (LongDouble, bool) {
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

func Add(a, b LongDouble) LongDouble { return fit(new(big.Float).SetPrec(precision).Add(a, b)) }
func Sub(a, b LongDouble) LongDouble { return fit(new(big.Float).SetPrec(precision).Sub(a, b)) }
func Mul(a, b LongDouble) LongDouble { return fit(new(big.Float).SetPrec(precision).Mul(a, b)) }
