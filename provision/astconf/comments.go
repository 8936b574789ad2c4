package astconf

import (
	"errors"
	"strings"
)

// maxNest is how deep ;-- blocks may nest. One level deeper, Asterisk 22 loops for ever (measured on 22 only), and Load
// refuses the file.
const maxNest = 128

var errNest = errors.New("too many nested ;-- comments")

// comments removes the comments from the lines of one file, or of all files of one #include.
//
// Measured rules, for the semicolons of a line from left to right: a semicolon after a backslash is text, and the
// backslash goes away, in blocks too. A semicolon before "--", but not before "---", opens a block. One after "--"
// closes a block. Any other one outside of a block ends the line. Each character belongs to one mark only, so ";--;"
// opens a block and does not close it. A "--;" that closes no block is text, but from the next line on everything is a
// comment until a ";--" follows. That is a level below 0.
type comments struct {
	level  int  // 0: text; above 0: the number of open blocks; below 0: the number of "--;" without a block
	opened Pos  // where level became other than 0
	cut    bool // the last line ended at a ";" directly after text
}

// strip returns the line without its comments.
func (c *comments) strip(text string, pos Pos) (string, error) {
	c.cut = false
	if c.level == 0 && !strings.Contains(text, ";") {
		return text, nil
	}
	var out strings.Builder
	visible := c.level == 0
	start, from := 0, 0 // start: of the text that is not in out yet; from: of what was not searched yet
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
