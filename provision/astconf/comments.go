package astconf

import (
	"errors"
	"strings"
)

// maxNest is how deep ;-- blocks may nest. At one more, Asterisk 22 loops for ever (measured; 16 was not asked); we refuse the
// file.
const maxNest = 128

var errNest = errors.New("too many nested ;-- comments")

// comments takes the comments out of the lines of a file, or of the files of one #include.
//
// Measured rules: of the semicolons of a line, from the left, one is escaped after a backslash, which goes away, in
// blocks too; one before "--", but not "---", opens a block; one after "--" closes one; any other outside of a block
// ends the line. The characters of one mark are not used for another, so ";--;" only opens. A "--;" with no block to
// close is text, but from the next line on everything is comment until a ";--" makes good for it: hence a level
// below 0.
type comments struct {
	level  int  // 0: text; above: that many blocks are open; below: so many were closed too often
	opened Pos  // where level left 0
	cut    bool // the last line ended at a ";" right behind text
}

// strip returns what is left of a line.
func (c *comments) strip(text string, pos Pos) (string, error) {
	c.cut = false
	if c.level == 0 && !strings.Contains(text, ";") {
		return text, nil
	}
	var out strings.Builder
	visible := c.level == 0
	start, from := 0, 0 // of the text not yet in out; of what is not yet looked at
	for {
		i := strings.IndexByte(text[from:], ';')
		if i < 0 {
			break
		}
		semi := from + i
		switch {
		case semi > from && text[semi-1] == '\\':
			if visible {
				out.WriteString(text[start : semi-1])
				start = semi
			}
			from = semi + 1
		case strings.HasPrefix(text[semi:], ";--") && !strings.HasPrefix(text[semi:], ";---"):
			if c.level == maxNest {
				return "", errNest
			}
			if visible {
				out.WriteString(text[start:semi])
				visible = false
			}
			c.nest(+1, pos)
			from = semi + len(";--")
		case strings.HasSuffix(text[from:semi], "--"):
			c.nest(-1, pos)
			from = semi + 1
			if c.level == 0 {
				visible, start = true, from
			}
		case c.level == 0:
			if visible {
				out.WriteString(text[start:semi])
				c.cut = semi > start && text[semi-1] > ' ' && trim(text[semi+1:]) != ""
			}
			return out.String(), nil
		default:
			from = semi + 1
		}
	}
	if visible {
		out.WriteString(text[start:])
	}
	return out.String(), nil
}

func (c *comments) nest(by int, pos Pos) {
	if c.level == 0 {
		c.opened = pos
	}
	c.level += by
}
