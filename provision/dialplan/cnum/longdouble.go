package cnum

import (
	"math"
	"math/big"
	"strings"
)

// Asterisk computes with the 80-bit long double of x86, which has a mantissa of 64 bits and rounds to nearest even. A
// big.Float of precision 64 gives the same bits. Only its exponent is larger, so fit bounds it. Numbers below 1e-4931
// lose no digits here, unlike in C.
const precision = 64

// maxDigits bounds the text of a number. A longer text is no number; in C it would be infinite from 4,933 digits on.
const maxDigits = 4096

// maxExponent and minExponent are the powers of two at which a long double becomes infinite or zero.
const (
	maxExponent = 16384
	minExponent = -16445
)

// fit makes a number infinite or zero if a long double would be.
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

// Parse reads digits with at most one point before, in or after them.
func Parse(s string) (LongDouble, bool) {
	if len(s) > maxDigits {
		return nil, false
	}
	n, _, err := big.ParseFloat(s, 10, precision, big.ToNearestEven)
	return n, err == nil
}

// IsDecimal reports whether s is digits[.digits]. That is what an expression takes for a number.
func IsDecimal(s string) bool {
	whole, fraction, point := strings.Cut(s, ".")
	return IsDigits(whole) && (!point || IsDigits(fraction))
}

func IsDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// significant is how many digits Format writes.
const significant = 18

// Format writes a number as C's %.18Lg does.
func Format(n LongDouble) string { return FormatG(n, significant) }

// FormatG writes a number as C's %g does, with that many digits.
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

// Atoi reads a signed number. The caller knows that s is one.
func Atoi(s string) int {
	n, _, _ := ScanInt(s)
	return n
}

// Div divides. A division by zero returns C's INT_MAX, as in Asterisk, and false.
func Div(a, b LongDouble) (LongDouble, bool) {
	if b.Sign() == 0 {
		return New(math.MaxInt32), false
	}
	return fit(new(big.Float).SetPrec(precision).Quo(a, b)), true
}

// Mod is fmodl: the result is exact and has the sign of a. A zero result of a negative number is a negative zero.
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
