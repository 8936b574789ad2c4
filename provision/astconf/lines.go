package astconf

import "strings"

// maxLine is the length of the longest line in bytes, without its newline. Asterisk drops longer ones (measured).
const maxLine = 8190

// utf8BOM may stand at the beginning of a file. Of the files of one #include only the first may have it: in the others
// it is text (measured).
const utf8BOM = "\xef\xbb\xbf"

// reader splits a file into lines.
//
// Asterisk reads pieces of at most maxLine+1 bytes as C strings. A NUL ends a piece, and a piece without a newline is
// too long only if it has no NUL. So a long line with a NUL in it is read as several lines (measured).
type reader struct {
	text     string // the rest of the file
	line     int    // the line number of the next piece, from 1
	skipping bool
	skipBOM  bool // skip a BOM in the first piece; it counts for the length of the piece (measured)
}

func newReader(text string, skipBOM bool) *reader {
	return &reader{text: text, line: 1, skipBOM: skipBOM}
}

// next returns the next line, up to its first NUL. It returns a line that is too long once, with long set.
func (r *reader) next() (text string, line int, long, ok bool) {
	for r.text != "" {
		piece := r.text[:min(len(r.text), maxLine+1)]
		line = r.line
		if i := strings.IndexByte(piece, '\n'); i >= 0 {
			piece = piece[:i+1]
			r.line++
		}
		r.text = r.text[len(piece):]
		if i := strings.IndexByte(piece, 0); i >= 0 {
			piece = piece[:i]
		}
		wasSkipping := r.skipping
		r.skipping = len(piece) > maxLine && piece[maxLine] != '\n'
		if r.skipBOM {
			piece, r.skipBOM = strings.TrimPrefix(piece, utf8BOM), false
		}
		switch {
		case wasSkipping:
		case r.skipping:
			return piece, line, true, true
		default:
			return piece, line, false, true
		}
	}
	return "", r.line, false, false
}

// trim removes white space from both ends. For Asterisk that is every byte up to the space (measured).
func trim(s string) string {
	for s != "" && s[0] <= ' ' {
		s = s[1:]
	}
	for s != "" && s[len(s)-1] <= ' ' {
		s = s[:len(s)-1]
	}
	return s
}

// equalFold compares like C: it folds ASCII letters only.
func equalFold(a, b string) bool {
	return len(a) == len(b) && lowerASCII(a) == lowerASCII(b)
}

func lowerASCII(s string) string {
	for i := range len(s) {
		if 'A' <= s[i] && s[i] <= 'Z' {
			lower := []byte(s)
			for j := i; j < len(lower); j++ {
				if 'A' <= lower[j] && lower[j] <= 'Z' {
					lower[j] += 'a' - 'A'
				}
			}
			return string(lower)
		}
	}
	return s
}
