package cnum

import (
	"math"
	"strconv"
	"strings"
)

// Blanks are the characters that C's scanf skips before a number, those of isspace.
const Blanks = " \t\n\v\f\r"

// ScanFloat reads a floating-point number as scanf("%30f") and scanf("%30lf") do, with inf, nan and hexadecimal numbers. It ignores the
// text after the number. bits is 32 or 64. A number whose exponent has no digits is no number, as in glibc since 2.38;
// Asterisk 16 runs with an older one.
func ScanFloat(s string, bits int) (x float64, ok bool) {
	s = strings.TrimLeft(s, Blanks)
	s = s[:min(len(s), scanDigits)]
	neg := strings.HasPrefix(s, "-")
	if neg || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	switch lower := strings.ToLower(s); {
	case strings.HasPrefix(lower, "inf"):
		x, ok = math.Inf(1), !strings.HasPrefix(lower, "infi") || strings.HasPrefix(lower, "infinity")
	case strings.HasPrefix(lower, "nan"):
		x, ok = math.NaN(), wholeNaN(lower[len("nan"):])
	case strings.HasPrefix(lower, "0x"):
		x, ok = scanDigitsOf(lower, "0123456789abcdef", "p", bits)
	default:
		x, ok = scanDigitsOf(lower, "0123456789", "e", bits)
	}
	if neg {
		x = math.Copysign(x, -1)
	}
	return x, ok
}

// wholeNaN reports whether "nan" with this text after it is a NaN. It is not if a `(` is not closed after letters and
// digits.
func wholeNaN(rest string) bool {
	if !strings.HasPrefix(rest, "(") {
		return true
	}
	rest = strings.TrimLeft(rest[1:], "0123456789abcdefghijklmnopqrstuvwxyz_")
	return strings.HasPrefix(rest, ")")
}

// scanDigitsOf reads digits with at most one point, then an exponent.
func scanDigitsOf(s, digits, exponent string, bits int) (float64, bool) {
	i, point, any := 0, false, false
	if len(digits) == 16 {
		i = len("0x")
	}
	for ; i < len(s); i++ {
		if s[i] == '.' && !point {
			point = true
		} else if strings.IndexByte(digits, s[i]) >= 0 {
			any = true
		} else {
			break
		}
	}
	text := s[:i]
	switch {
	case !any:
		return 0, false
	case strings.HasPrefix(s[i:], exponent):
		sign := 0
		if rest := s[i+1:]; strings.HasPrefix(rest, "-") || strings.HasPrefix(rest, "+") {
			sign = 1
		}
		from := i + 1 + sign
		for i = from; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		}
		if i == from {
			return 0, false
		}
		text = s[:i]
	case exponent == "p":
		text += "p0" // ParseFloat wants an exponent
	}
	x, err := strconv.ParseFloat(text, bits) // a number that is too large is infinite
	return x, err == nil || math.IsInf(x, 0)
}

// ScanTwo reads a number of at most two characters, with its sign, as scanf("%2d") does.
func ScanTwo(s string) (n int, rest string, ok bool) {
	s = strings.TrimLeft(s, Blanks)
	short := s[:min(len(s), 2)]
	n, left, ok := ScanInt(short)
	return n, s[len(short)-len(left):], ok
}
