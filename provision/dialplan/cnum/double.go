package cnum

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// doubleText is what scanf reads for a number before it judges it: 1e and 0x are
// not numbers then, though they begin with one.
var doubleText = regexp.MustCompile(`(?i)^[+-]?(?:inf(?:i(?:n(?:i(?:ty?)?)?)?)?|nan(?:\([0-9a-z_]*\)?)?|` +
	`0x[0-9a-f]*\.?[0-9a-f]*(?:p[+-]?[0-9]*)?|[0-9]*\.?[0-9]*(?:e[+-]?[0-9]*)?)`)

// ScanDouble reads a C double as scanf("%30lf") does. What follows it is ignored.
func ScanDouble(s string) (f float64, ok bool) {
	s = strings.TrimLeft(s, Blanks)
	s = strings.ToLower(doubleText.FindString(s[:min(len(s), scanDigits)]))
	unsigned := strings.TrimLeft(s, "+-")
	switch {
	case strings.HasPrefix(unsigned, "nan"):
		f, ok = math.NaN(), unsigned == "nan" || strings.HasSuffix(unsigned, ")")
	case strings.HasPrefix(unsigned, "0x") && !strings.Contains(unsigned, "p"):
		f, ok = ParseDouble(unsigned + "p0")
	default:
		f, ok = ParseDouble(unsigned)
	}
	if strings.HasPrefix(s, "-") {
		return math.Copysign(f, -1), ok
	}
	return math.Copysign(f, 1), ok
}

// ParseDouble is ParseFloat, to which a number too large is infinite.
func ParseDouble(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

// FormatDouble is C's %f.
func FormatDouble(f float64) string {
	switch {
	case math.IsNaN(f) && math.Signbit(f):
		return "-nan"
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 0):
		return strings.ToLower(strings.TrimPrefix(strconv.FormatFloat(f, 'f', 6, 64), "+"))
	}
	return strconv.FormatFloat(f, 'f', 6, 64)
}

// ToInt is the cast to C's int as x86 does it: what does not fit is INT_MIN.
func ToInt(f float64) int32 {
	if n := math.Trunc(f); n >= math.MinInt32 && n <= math.MaxInt32 {
		return int32(n)
	}
	return math.MinInt32
}

// ToUnsigned is the cast to C's unsigned int: the low half of a 64-bit one.
func ToUnsigned(f float64) uint32 {
	if n := math.Trunc(f); n >= math.MinInt64 && n < math.MaxInt64 {
		return uint32(int64(n))
	}
	return 0
}
