package dialplan

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// integer is %d %i %o %u %x or %X.
func (p *printf) integer(d directive) (string, bool) {
	n, ok := p.number()
	if !ok {
		return "", false
	}
	value := int64(int32(n))
	switch d.length {
	case "":
	case "h":
		value = int64(int16(n))
	case "hh":
		value = int64(int8(n))
	default:
		value = int64(uint32(n)) // Asterisk passes an int where 64 bits are read
	}
	sign, digits := "", ""
	switch d.verb {
	case 'd', 'i':
		sign = d.sign(value < 0)
		digits = strings.TrimPrefix(strconv.FormatInt(value, 10), "-")
	case 'u':
		digits = strconv.FormatUint(d.unsigned(value), 10)
	case 'o':
		digits = strconv.FormatUint(d.unsigned(value), 8)
	default:
		digits = strconv.FormatUint(d.unsigned(value), 16)
		if d.sharp && value != 0 {
			sign = "0x"
		}
	}
	if digits == "0" && d.precision == 0 {
		digits = ""
	}
	digits = strings.Repeat("0", max(0, d.precision-len(digits))) + digits
	if d.verb == 'o' && d.sharp && !strings.HasPrefix(digits, "0") {
		digits = "0" + digits
	}
	body := d.padded(sign, digits, d.zero && d.precision < 0)
	if d.verb == 'X' {
		body = strings.ToUpper(body)
	}
	return body, true
}

// unsigned returns the value in as many bits as the conversion reads.
func (d directive) unsigned(value int64) uint64 {
	switch d.length {
	case "h":
		return uint64(uint16(value))
	case "hh":
		return uint64(uint8(value))
	}
	return uint64(uint32(value))
}

func (d directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.space:
		return " "
	}
	return ""
}

// padded puts zeros between sign and digits if they fill the width.
func (d directive) padded(sign, digits string, zeros bool) string {
	if zeros && !d.minus {
		digits = strings.Repeat("0", max(0, d.width-len(sign)-len(digits))) + digits
	}
	return sign + digits
}

// real is %e %f %g or %a, or one of their capitals.
func (p *printf) real(d directive) (string, bool) {
	if d.length == "L" || d.length == "ll" || d.length == "q" {
		p.c.fault("Asterisk does not know long doubles")
		return "", false
	}
	s, _ := p.next()
	x, ok := cnum.ScanFloat(s, 64)
	if !ok {
		p.c.fault("a value is missing or is not a number")
		return "", false
	}
	sign, verb := d.sign(math.Signbit(x)), d.verb|0x20
	x = math.Abs(x)
	body := ""
	switch {
	case math.IsInf(x, 0):
		body = sign + "inf"
	case math.IsNaN(x):
		body = sign + "nan"
	case verb == 'a':
		body = d.padded(sign+"0x", d.hexFloat(x), d.zero)
	default:
		body = d.padded(sign, d.decimal(x, verb), d.zero)
	}
	if d.verb != verb {
		body = strings.ToUpper(body)
	}
	return body, true
}

// decimal writes %e, %f or %g for a number that is not negative.
func (d directive) decimal(x float64, verb byte) string {
	precision := d.precision
	if precision < 0 {
		precision = 6
	}
	if verb != 'g' {
		return d.point(strconv.FormatFloat(x, verb, precision, 64))
	}
	precision = max(1, precision)
	text := strconv.FormatFloat(x, 'e', precision-1, 64)
	mantissa, exponent, _ := strings.Cut(text, "e")
	if e := cnum.Atoi(exponent); e >= -4 && e < precision {
		mantissa, exponent = strconv.FormatFloat(x, 'f', precision-1-e, 64), ""
	} else {
		exponent = "e" + exponent
	}
	if d.sharp {
		return d.point(mantissa + exponent)
	}
	return cnum.TrimZeros(mantissa) + exponent
}

// point appends a point to a number without one if # asks for it.
func (d directive) point(s string) string {
	if !d.sharp || strings.IndexByte(s, '.') >= 0 {
		return s
	}
	if at := strings.IndexAny(s, "ep"); at >= 0 {
		return s[:at] + "." + s[at:]
	}
	return s + "."
}

// hexFloat writes %a without its 0x, as glibc does. The digit before the point is 1, or 2 after rounding up, and 0 for
// zero and for numbers below 2^-1022.
func (d directive) hexFloat(x float64) string {
	const fraction = 52 // bits
	bits := math.Float64bits(x)
	mantissa, exponent := bits&(1<<fraction-1), int(bits>>fraction)-1023
	switch {
	case exponent > -1023:
		mantissa |= 1 << fraction
	case mantissa == 0:
		exponent = 0
	default:
		exponent = -1022
	}
	digits := fraction / 4
	if d.precision >= 0 && d.precision < digits {
		drop := uint(digits-d.precision) * 4
		half, odd := uint64(1)<<(drop-1), mantissa>>drop&1
		mantissa = (mantissa + half - 1 + odd) >> drop << drop
	}
	text := fmt.Sprintf("%014x", mantissa)
	lead, rest := text[:1], text[1:]
	switch {
	case d.precision < 0:
		rest = strings.TrimRight(rest, "0")
	case d.precision <= digits:
		rest = rest[:d.precision]
	default:
		rest += strings.Repeat("0", d.precision-digits)
	}
	if rest != "" {
		lead += "."
	}
	return d.point(fmt.Sprintf("%s%sp%+d", lead, rest, exponent))
}
