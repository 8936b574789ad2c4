package cnum

import "strings"

// scanDigits is how many characters of a number are read, with the sign.
const scanDigits = 30

// ScanInt reads a C int as scanf("%30d") does: it saturates at 64 bits and then keeps the low 32. rest is the text
// after it.
func ScanInt(s string) (n int, rest string, ok bool) {
	s = strings.TrimLeft(s, Blanks)
	i, neg := 0, false
	if i < len(s) && (s[i] == '-' || s[i] == '+') {
		neg = s[i] == '-'
		i++
	}
	start := i
	var v uint64
	for ; i < len(s) && i < scanDigits && s[i] >= '0' && s[i] <= '9'; i++ {
		if v < 1<<60 {
			v = v*10 + uint64(s[i]-'0')
		} else {
			v = 1<<64 - 1
		}
	}
	if i == start {
		return 0, s, false
	}
	return int(int32(saturate(v, neg))), s[i:], true
}

func saturate(v uint64, neg bool) int64 {
	const top = 1<<63 - 1
	switch {
	case neg && v > top:
		return -top - 1
	case neg:
		return -int64(v)
	case v > top:
		return top
	}
	return int64(v)
}
