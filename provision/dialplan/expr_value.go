package dialplan

import (
	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"strings"
)

// operand is a value of an expression: a number that was computed, or text.
type operand struct {
	num     cnum.LongDouble // nil: text
	text    string
	numeric bool // the text counts as a number
}

func numberOperand(n cnum.LongDouble) operand { return operand{num: n} }

// word is an operand as it stands in the expression. Quotes stay part of it.
func word(s string) operand { return operand{text: s, numeric: cnum.IsDecimal(s)} }

// computed is a text that an operator made. It counts as a number if it is made
// of digits and points, even "1.2.3", of which the beginning is then the number.
func computed(s string) operand {
	return operand{text: s, numeric: s != "" && strings.Trim(s, "0123456789.") == ""}
}

func (v operand) String() string {
	if v.num != nil {
		return cnum.Format(v.num)
	}
	return v.text
}

// unquoted is the text without the quotes around it.
func (v operand) unquoted() string {
	s := v.String()
	if v.num == nil && len(s) > 1 && s[0] == '"' && s[len(s)-1] == '"' {
		return s[1 : len(s)-1]
	}
	return s
}

// number is the value as a number; ok is false where it is none, and it is 0 then.
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

// null tells whether | and & take the value for false: an empty text or a zero.
func (v operand) null() bool {
	if v.num == nil && !v.numeric {
		return v.text == ""
	}
	n, _ := v.number()
	return n.Sign() == 0
}

// not tells whether `!` makes the value 1. Of a text it sees the C int that it
// begins with, so `!0.5` is 1 and `!5a` is 0; not so of a number that was computed.
func (v operand) not() bool {
	if v.num != nil {
		return v.num.Sign() == 0
	}
	n, _, _ := cnum.ScanInt(v.text)
	return n == 0
}

// plain turns a text that counts as a number into the number: `1.50 & 1` is 1.5.
func (v operand) plain() operand {
	if v.num == nil && v.numeric {
		n, _ := v.number()
		return numberOperand(n)
	}
	return v
}

// compare is -1, 0 or 1: numbers by value; text by its bytes, quotes included.
func compare(a, b operand) int {
	if (a.num != nil || a.numeric) && (b.num != nil || b.numeric) {
		x, _ := a.number()
		y, _ := b.number()
		return x.Cmp(y)
	}
	return strings.Compare(a.String(), b.String())
}
