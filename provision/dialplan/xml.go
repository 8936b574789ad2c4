package dialplan

import (
	"bytes"
	"context"
	"strconv"
	"strings"
)

// entities are the entities of special, in its order.
var entities = [len(special)]string{"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"}

const (
	cdata    = "<![CDATA["
	cdataEnd = "]]>"
)

// escapeXML appends a text with its marks replaced by entities. The mark of an & that begins an entity becomes &. A
// CDATA section of the template has no entities: marks become plain there, and a "]]>" of a value does not end the
// section. Hyphens have no marks. In a comment of the template two hyphens can only be a value's, because XML allows
// them only at the comment's end.
func escapeXML(dst, text []byte, limit int) ([]byte, error) {
	var in opaque
	begin := 0 // where the content of that section begins
	for i, c := range text {
		switch {
		case isMark(c) && in.end == cdataEnd:
			if c = plainOf(c); c == '>' && bytes.HasSuffix(dst, []byte("]]")) {
				dst = append(dst, cdataEnd+cdata...)
			}
			dst = append(dst, c)
		case isMark(c) && plainOf(c) == '&' && beginsEntity(text[i+1:]):
			dst = append(dst, '&')
		case isMark(c):
			dst = append(dst, entities[c-1]...)
		case c == '-' && in.end == commentEnd && i > begin && text[i-1] == '-' && !bytes.HasPrefix(text[i:], []byte("->")):
			dst = append(dst, " -"...)
		default:
			if c == '<' && in.end == "" {
				in = opaqueAt(text[i:])
				begin = i + len(in.open)
			} else if c == '>' && in.end != "" && bytes.HasSuffix(text[begin:i+1], []byte(in.end)) {
				in = opaque{}
			}
			dst = append(dst, c)
		}
		if len(dst) > limit {
			return dst, ErrTooLong
		}
	}
	return dst, nil
}

// opaque is a part of a document in which a < begins no tag.
type opaque struct{ open, end string }

const commentEnd = "-->"

// opaqueAt returns the opaque part that begins s.
func opaqueAt(s []byte) opaque {
	for _, sec := range [...]opaque{{"<!--", commentEnd}, {cdata, cdataEnd}, {"<?", "?>"}} {
		if bytes.HasPrefix(s, []byte(sec.open)) {
			return sec
		}
	}
	return opaque{}
}

// oddComment reports whether a comment may have hyphens that XML forbids. It searches for "!", of which an XML file has
// few, so it is fast on whole files.
func oddComment(text []byte) bool {
	for {
		at := bytes.Index(text, []byte("!--"))
		if at < 0 {
			return false
		}
		if at == 0 || text[at-1] != '<' {
			text = text[at+1:]
			continue
		}
		_, text, _ = bytes.Cut(text[at+len("!--"):], []byte("--"))
		if !bytes.HasPrefix(text, []byte(">")) {
			return true
		}
	}
}

// maxEntity bounds the search for the ; of an entity after its &, in bytes: "#x0000000010FFFF" is a long one.
const maxEntity = 16

// beginsEntity reports whether the text after an & makes it a well-formed entity: one of XML's own, or a character by
// its number.
func beginsEntity(s []byte) bool {
	n := bytes.IndexByte(s[:min(len(s), maxEntity+1)], ';')
	if n < 0 {
		return false
	}
	name := string(s[:n])
	digits, numeric := strings.CutPrefix(name, "#")
	if !numeric {
		return name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos"
	}
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	char, err := strconv.ParseUint(digits, base, 32)
	return err == nil && isXMLChar(char)
}

// isXMLChar is production 2 of XML 1.0.
func isXMLChar(c uint64) bool {
	return c == '\t' || c == '\n' || c == '\r' || c >= 0x20 && c <= 0xD7FF || c >= 0xE000 && c <= 0xFFFD || c >= 0x10000 && c <= 0x10FFFF
}

// xmlEscape is XML_ESCAPE(text). It escapes the text as EscapeXML escapes a value.
func xmlEscape(_ context.Context, c *Call) (string, error) {
	out, err := escapeXML(nil, []byte(mapBytes(c.Args, markOf)), c.ex.run.Output)
	return string(out), err
}
