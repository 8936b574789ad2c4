package dialplan

import (
	"context"
	"math"
	"strings"
	"unicode/utf8"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// printf is one SPRINTF.
type printf struct {
	c     *Call
	args  []string
	limit int
	out   []byte
}

// directive is one conversion: %[flags][width][.precision][length]verb.
type directive struct {
	minus, plus, space, zero, sharp bool

	width, precision int // precision -1: none
	length           string
	verb             byte
}

// sprintf is SPRINTF(format,value...). If a value is missing or not a number, or C does not have the conversion, the
// result is empty. A missing text is "(null)", as in C.
func sprintf(ctx context.Context, c *Call) (string, error) {
	if c.Args == "" {
		c.fault("no argument") // Asterisk crashes
		return "", nil
	}
	parts := c.Split(math.MaxInt)
	p := &printf{c: c, args: parts[1:], limit: c.ex.run.Output}
	for format := parts[0]; format != ""; {
		text, rest, found := strings.Cut(format, "%")
		p.out = append(p.out, text...)
		if !found {
			break
		}
		var d directive
		if d, format = parseDirective(rest); d.verb == 0 {
			break // the format ends within the conversion: it is ignored
		}
		if ok, err := p.write(d); !ok {
			return "", err
		}
		if err := c.ex.run.spend(ctx, bytesOfVerb); err != nil {
			return "", err
		}
	}
	return string(p.out), nil
}

// parseDirective reads what follows a %. The verb is 0 if the format ends before it.
func parseDirective(s string) (d directive, rest string) {
	i := 0
flags:
	for ; i < len(s); i++ {
		switch s[i] {
		case '-':
			d.minus = true
		case '+':
			d.plus = true
		case ' ':
			d.space = true
		case '0':
			d.zero = true
		case '#':
			d.sharp = true
		case '\'', 'I': // no effect in the C locale
		default:
			break flags
		}
	}
	d.width, i = digitsAt(s, i)
	d.precision = -1
	if i < len(s) && s[i] == '.' {
		d.precision, i = digitsAt(s, i+1)
	}
	for _, length := range [...]string{"hh", "h", "ll", "l", "L", "q", "j", "z", "t"} {
		if strings.HasPrefix(s[i:], length) {
			d.length = length
			i += len(length)
			break
		}
	}
	if i == len(s) {
		return d, ""
	}
	d.verb = s[i]
	return d, s[i+1:]
}

// digitsAt reads a number, of at most math.MaxInt32.
func digitsAt(s string, i int) (n, next int) {
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = min(math.MaxInt32, n*10+int(s[i]-'0'))
	}
	return n, i
}

// write writes one conversion. ok is false if the result of SPRINTF is empty.
func (p *printf) write(d directive) (ok bool, err error) {
	body, ok := "%", true
	switch d.verb {
	case '%':
		d.width = 0
	case 's':
		body, ok = p.text(d)
	case 'c':
		body, ok = p.char(d)
		p.c.marked = p.c.marked || strings.ContainsAny(body, special) // a number became this character
	case 'd', 'i', 'o', 'u', 'x', 'X', 'e', 'E', 'f', 'F', 'g', 'G', 'a', 'A':
		if max(d.width, d.precision)+len(p.out) > p.limit {
			return false, ErrTooLong
		}
		if strings.IndexByte("diouxX", d.verb) >= 0 {
			body, ok = p.integer(d)
		} else {
			body, ok = p.real(d)
		}
	default:
		p.c.fault("unknown conversion")
		return false, nil
	}
	if max(d.width, len(body))+len(p.out) > p.limit {
		return false, ErrTooLong
	}
	if fill := strings.Repeat(" ", max(0, d.width-len(body))); !d.minus {
		body = fill + body
	} else {
		body += fill
	}
	if d.verb == 'c' { // a NUL ends the text
		body, _, _ = strings.Cut(body, "\x00")
	}
	p.out = append(p.out, body...)
	return ok, nil
}

// next returns the next value.
func (p *printf) next() (s string, ok bool) {
	if len(p.args) == 0 {
		return "", false
	}
	s, p.args = p.args[0], p.args[1:]
	return s, true
}

func (p *printf) text(d directive) (string, bool) {
	if strings.HasPrefix(d.length, "l") {
		p.c.fault("Asterisk does not know %ls")
		return "", false
	}
	const null = "(null)"
	s, given := p.next()
	switch {
	case !given && d.precision >= 0 && d.precision < len(null):
		s = ""
	case !given:
		s = null
	case d.precision >= 0:
		s = s[:min(len(s), d.precision)]
	}
	return s, true
}

// char is %c. The value is the number of a byte, with l that of a character.
func (p *printf) char(d directive) (string, bool) {
	n, ok := p.number()
	if ok && strings.HasPrefix(d.length, "l") && n != 0 {
		if !utf8.ValidRune(rune(n)) {
			return "", true
		}
		return string(rune(n)), true
	}
	return string([]byte{byte(n)}), ok
}

// number returns the next value as a C int.
func (p *printf) number() (int, bool) {
	s, _ := p.next()
	n, _, ok := cnum.ScanInt(s)
	if !ok {
		p.c.fault("a value is missing or is not a number")
	}
	return n, ok
}
