package dialplan

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// operand is a value of an expression: a computed number, or a text.
type operand struct {
	num     cnum.LongDouble // nil: it is a text
	text    string
	numeric bool // the text counts as a number
}

func numberOperand(n cnum.LongDouble) operand { return operand{num: n} }

// word is an operand that the expression spells. Its quotes are part of it.
func word(s string) operand { return operand{text: s, numeric: cnum.IsDecimal(s)} }

// computed is a text that an operator returned. It counts as a number if it has digits and points only. Even "1.2.3"
// does: the number is its beginning.
func computed(s string) operand {
	return operand{text: s, numeric: s != "" && strings.Trim(s, "0123456789.") == ""}
}

func (v operand) String() string {
	if v.num != nil {
		return cnum.Format(v.num)
	}
	return v.text
}

// unquoted returns the text without the quotes around it.
func (v operand) unquoted() string {
	s := v.String()
	if v.num == nil && len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// number returns the value as a number. If it is none, ok is false and n is 0.
func (v operand) number() (n cnum.LongDouble, ok bool) {
	if v.num != nil {
		return v.num, true
	}
	if v.numeric {
		s := v.text
		if first := strings.IndexByte(s, '.'); first >= 0 {
			if second := strings.IndexByte(s[first+1:], '.'); second >= 0 {
				s = s[:first+1+second]
			}
		}
		if n, ok := cnum.Parse(s); ok {
			return n, true
		}
	}
	return cnum.New(0), false
}

// null reports whether | and & take the value for false: an empty text or a zero.
func (v operand) null() bool {
	if v.num == nil && !v.numeric {
		return v.text == ""
	}
	n, _ := v.number()
	return n.Sign() == 0
}

// not reports whether `!` returns 1 for the value. For a text it reads the C int at its beginning, so `!0.5` is 1 and
// `!5a` is 0. A computed number is compared with zero.
func (v operand) not() bool {
	if v.num != nil {
		return v.num.Sign() == 0
	}
	n, _, _ := cnum.ScanInt(v.text)
	return n == 0
}

// plain converts a text that counts as a number to the number: `1.50 & 1` is 1.5.
func (v operand) plain() operand {
	if v.num == nil && v.numeric {
		n, _ := v.number()
		return numberOperand(n)
	}
	return v
}

// compare returns -1, 0 or 1. It compares numbers by value, and texts by their bytes with their quotes.
func compare(a, b operand) int {
	if (a.num != nil || a.numeric) && (b.num != nil || b.numeric) {
		x, _ := a.number()
		y, _ := b.number()
		return x.Cmp(y)
	}
	return strings.Compare(a.String(), b.String())
}
