package cnum

import (
	"math/big"
	"regexp"
	"strings"
)

// longDoubleText matches a number of C's scanf. A text that begins as hexadecimal or with an exponent must be one: 0x
// and 1e are no numbers, but 1x begins with the number 1.
var longDoubleText = regexp.MustCompile(`^[ \t\n\v\f\r]*([+-]?(?i:` +
	`0x([0-9a-f]*\.?[0-9a-f]*)(?:p([+-]?[0-9]*))?|` +
	`(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e([+-]?[0-9]*))?))`)

// ScanLongDouble reads a long double as C's scanf does, 1e9 and 0x10 too. It ignores the text after the number.
func ScanLongDouble(s string) (n LongDouble, ok bool) {
	if len(s) > maxDigits {
		return nil, false
	}
	m := longDoubleText.FindStringSubmatchIndex(s)
	if m == nil || missing(s, m[4:6]) || missing(s, m[6:8]) || missing(s, m[8:10]) {
		return nil, false
	}
	n, _, err := big.ParseFloat(s[m[2]:m[3]], 0, precision, big.ToNearestEven)
	return n, err == nil
}

// missing reports whether a group of the match has no digit.
func missing(s string, group []int) bool {
	return group[0] >= 0 && strings.Trim(s[group[0]:group[1]], "+-.") == ""
}
