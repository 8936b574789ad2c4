package dialplan

import (
	"bytes"
	"context"
	"strconv"
	"strings"
)

// entities are those of special, in its order.
var entities = [len(special)]string{"&amp;", "&lt;", "&gt;", "&quot;", "&apos;"}

const (
	cdata    = "<![CDATA["
	cdataEnd = "]]>"
)

// escapeXML appends a text with an entity for each mark; a mark of an & that begins an entity is that &. In a CDATA
// section of the template, where there are no entities, marks are plain, and a value's end of it does not end it. Hyphens
// have no marks; in a comment two of them are a value's, for there the template itself may have but those of its end.
func escapeXML(dst, text []byte, limit int) ([]byte, error) {
	var in section
	begin := 0 // of what is in that section
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
				in = sectionAt(text[i:])
				begin = i + len(in.open)
			} else if c == '>' && in.end != "" && bytes.HasSuffix(text[begin:i+1], []byte(in.end)) {
				in = section{}
			}
			dst = append(dst, c)
		}
		if len(dst) > limit {
			return dst, ErrTooLong
		}
	}
	return dst, nil
}

// section is a part of a document in which a < begins no tag.
type section struct{ open, end string }

const commentEnd = "-->"

// sectionAt is the one that s begins with.
func sectionAt(s []byte) section {
	for _, sec := range [...]section{{"<!--", commentEnd}, {cdata, cdataEnd}, {"<?", "?>"}} {
		if bytes.HasPrefix(s, []byte(sec.open)) {
			return sec
		}
	}
	return section{}
}

// oddComment looks for a comment with hyphens in it that may not be there. It is for whole files: a ! is found fast, as an XML
// file has few.
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

// maxEntity bounds in bytes how far behind an & the ; of an entity is looked for: "#x0000000010FFFF" is a long one.
const maxEntity = 16

// beginsEntity tells whether what follows an & makes a well-formed entity of it: one of XML's own, or a character by
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

// xmlEscape is XML_ESCAPE(text): what EscapeXML does to a value.
func xmlEscape(_ context.Context, c *Call) (string, error) {
	out, err := escapeXML(nil, []byte(mapBytes(c.Args, markOf)), c.ex.run.Output)
	return string(out), err
}
