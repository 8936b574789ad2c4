package dialplan

import (
	"context"
	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"math"
	"strings"
	"unicode/utf8"
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

// sprintf is SPRINTF(format,value...). A value that is missing or no number, and a
// conversion that C has not, make the whole of it empty; a text that is missing is
// "(null)", as C says.
func sprintf(ctx context.Context, c *Call) (string, error) {
	if c.Args == "" {
		c.fault("no argument") // Asterisk ends
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
			break // the format ends within it: it is nothing
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

// parseDirective reads what follows a %. The verb is 0 where the format ends in it.
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
		case '\'', 'I': // nothing in the C locale
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

// digitsAt reads a number; it stays at math.MaxInt32.
func digitsAt(s string, i int) (n, next int) {
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		n = min(math.MaxInt32, n*10+int(s[i]-'0'))
	}
	return n, i
}

// write writes one conversion; ok is false where there is no answer.
func (p *printf) write(d directive) (ok bool, err error) {
	body, ok := "%", true
	switch d.verb {
	case '%':
		d.width = 0
	case 's':
		body, ok = p.text(d)
	case 'c':
		body, ok = p.char(d)
		p.c.marked = p.c.marked || strings.ContainsAny(body, special) // a number made it
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
	if d.verb == 'c' { // a NUL ends it
		body, _, _ = strings.Cut(body, "\x00")
	}
	p.out = append(p.out, body...)
	return ok, nil
}

// next is the next value.
func (p *printf) next() (s string, ok bool) {
	if len(p.args) == 0 {
		return "", false
	}
	s, p.args = p.args[0], p.args[1:]
	return s, true
}

func (p *printf) text(d directive) (string, bool) {
	if strings.HasPrefix(d.length, "l") {
		p.c.fault("%ls is of characters that Asterisk has not")
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

// char is %c: the value is the number of a byte, with l that of a character.
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

// number is the next value as a C int.
func (p *printf) number() (int, bool) {
	s, _ := p.next()
	n, _, ok := cnum.ScanInt(s)
	if !ok {
		p.c.fault("a value is missing or no number")
	}
	return n, ok
}
