package dialplan

import "strings"

type tokenKind uint8

const (
	endToken  tokenKind = iota
	wordToken           // a number, a bare word or a quoted string with its quotes
	opToken
)

type token struct {
	kind tokenKind
	text string
	pos  int
}

// whole reports whether each ${ in an expression has its }. An open one can only come from a value, and Asterisk drops
// such an expression.
func whole(text string) bool {
	for {
		at := strings.Index(text, "${")
		if at < 0 {
			return true
		}
		end, next := closing(text, at+2, '{')
		if end == next {
			return false
		}
		text = text[next:]
	}
}

// operatorLen returns the length of the operator at the beginning of s, or 0.
func operatorLen(s string) int {
	if len(s) > 1 {
		switch s[:2] {
		case "||", "&&", "==", "!=", "<=", ">=", "=~", "~~", "::":
			return 2
		}
	}
	if strings.IndexByte("|&=<>+-*/%!?:(),", s[0]) >= 0 {
		return 1
	}
	return 0
}

// lexer splits an expression into tokens. It skips characters that begin no token (a single quote, { } ~ `), as
// Asterisk does.
type lexer struct {
	text string
	pos  int
}

func (l *lexer) next() token {
	for ; l.pos < len(l.text); l.pos++ {
		if t, ok := l.token(); ok {
			l.pos += len(t.text)
			return t
		}
	}
	return token{kind: endToken, pos: l.pos}
}

// token returns the token that begins at the current position, if there is one.
func (l *lexer) token() (token, bool) {
	rest := l.text[l.pos:]
	if n := quotedLen(rest); n > 0 {
		return token{wordToken, rest[:n], l.pos}, true
	}
	if n := wordLen(rest); n > 0 {
		return token{wordToken, rest[:n], l.pos}, true
	}
	n := operatorLen(rest)
	return token{opToken, rest[:n], l.pos}, n > 0
}

// quotedLen returns the length of the quoted string at the beginning of s, or 0. Nothing escapes a quote.
func quotedLen(s string) int {
	if s == "" || s[0] != '"' {
		return 0
	}
	end := strings.IndexByte(s[1:], '"')
	if end < 0 {
		return 0
	}
	return end + 2
}

// wordLen returns the length of the bare word at the beginning of s, or 0. A `$` is part of a word together with the
// next character, even a blank, and so is a ${} that is part of a value.
func wordLen(s string) int {
	i := 0
	for i < len(s) {
		switch {
		case strings.HasPrefix(s[i:], "${"):
			_, next := closing(s, i+2, '{')
			i = next
		case s[i] == '$' && i+1 < len(s):
			i += 2
		case isWord(s[i]):
			i++
		default:
			return i
		}
	}
	return i
}

func isWord(c byte) bool {
	switch {
	case c >= 0x80, c >= '0' && c <= '9', c >= 'A' && c <= 'Z', c >= 'a' && c <= 'z':
		return true
	}
	return strings.IndexByte(`#';@\^_.`, c) >= 0
}
