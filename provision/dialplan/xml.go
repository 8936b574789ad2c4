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
// section of the template, where there are no entities, marks are plain, and a value's end of it does not end it.
func escapeXML(dst, text []byte, limit int) ([]byte, error) {
	end := "" // of the comment, processing instruction or CDATA section that this is in
	for i, c := range text {
		switch {
		case isMark(c) && end == cdataEnd:
			if c = plainOf(c); c == '>' && bytes.HasSuffix(dst, []byte("]]")) {
				dst = append(dst, cdataEnd+cdata...)
			}
			dst = append(dst, c)
		case isMark(c) && plainOf(c) == '&' && beginsEntity(text[i+1:]):
			dst = append(dst, '&')
		case isMark(c):
			dst = append(dst, entities[c-1]...)
		default:
			if c == '<' && end == "" {
				end = sectionEnd(text[i:])
			} else if c == '>' && end != "" && bytes.HasSuffix(text[:i+1], []byte(end)) {
				end = ""
			}
			dst = append(dst, c)
		}
		if len(dst) > limit {
			return dst, ErrTooLong
		}
	}
	return dst, nil
}

// sectionEnd is what ends that which begins with s, where a < is none of a tag's.
func sectionEnd(s []byte) string {
	switch {
	case bytes.HasPrefix(s, []byte("<!--")):
		return "-->"
	case bytes.HasPrefix(s, []byte(cdata)):
		return cdataEnd
	case bytes.HasPrefix(s, []byte("<?")):
		return "?>"
	}
	return ""
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
