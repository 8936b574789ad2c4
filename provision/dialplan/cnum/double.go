package cnum

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// ParseDouble is strconv.ParseFloat, but a number that is too large is infinite.
func ParseDouble(s string) (float64, bool) {
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil || errors.Is(err, strconv.ErrRange)
}

// FormatDouble writes a number as C's %f does.
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

// ToInt casts to C's int as x86 does: a number out of range becomes INT_MIN.
func ToInt(f float64) int32 {
	if n := math.Trunc(f); n >= math.MinInt32 && n <= math.MaxInt32 {
		return int32(n)
	}
	return math.MinInt32
}

// ToUnsigned casts to C's unsigned int: it returns the low half of the 64-bit integer.
func ToUnsigned(f float64) uint32 {
	if n := math.Trunc(f); n >= math.MinInt64 && n < math.MaxInt64 {
		return uint32(int64(n))
	}
	return 0
}
