package httpapi

import (
	"net/http"
	"net/url"
	"strings"
)

const causeHalf = "request did not end"

// causeOf says in fixed words why net/http refused a request. status and answer are the status and the first line of
// net/http's answer; head is the beginning of the request.
func causeOf(status int, answer, head string) string {
	switch status {
	case http.StatusRequestHeaderFieldsTooLarge:
		return "header is too large"
	case http.StatusExpectationFailed:
		return "Expect is not 100-continue"
	case http.StatusNotImplemented:
		return "Transfer-Encoding is not chunked"
	case http.StatusHTTPVersionNotSupported:
		return "HTTP version is not supported"
	}
	line, headers, _ := strings.Cut(head, "\n")
	if cause := lineCause(strings.TrimRight(line, "\r")); cause != "" {
		return cause
	}
	hosts, ended := 0, false
	for line := range strings.Lines(headers) {
		text, whole := strings.CutSuffix(line, "\n")
		text = strings.TrimSuffix(text, "\r")
		if ended = whole && text == ""; ended || !whole {
			break
		}
		if name, _, _ := strings.Cut(text, ":"); strings.EqualFold(name, "Host") {
			hosts++
		}
		if cause := headerCause(text); cause != "" {
			return cause
		}
	}
	if !ended && len(head) < maxHead { // the rest was not stored
		return causeHalf
	}
	if hosts > 1 {
		return "more than one Host header"
	}
	if _, text, ok := strings.Cut(answer, ": "); ok {
		return text // the words of net/http
	}
	return "header that cannot be read"
}

// lineCause says what is wrong with a request line; "" if nothing is.
func lineCause(line string) string {
	method, rest, ok := strings.Cut(line, " ")
	target, version, hasVersion := strings.Cut(rest, " ")
	switch {
	case line == "":
		return "empty line before the request"
	case !ok || !hasVersion:
		return "request line is not: method, path, version"
	case strings.Contains(version, " "):
		return "blank in the path"
	case strings.ContainsFunc(method, func(c rune) bool { return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c) }):
		return "method is not a word"
	}
	if _, _, ok := http.ParseHTTPVersion(version); !ok {
		return "HTTP version cannot be read"
	}
	if strings.ContainsFunc(target, isOdd) {
		return "control character in the path"
	}
	if _, err := url.PathUnescape(target); err != nil {
		return "percent sign in the path without two hexadecimal digits: is a placeholder of the phone unresolved?"
	}
	if _, err := url.ParseRequestURI(target); err != nil {
		return "path cannot be read"
	}
	return ""
}

// headerCause says what is wrong with a header line; "" if nothing is wrong with the line alone.
func headerCause(line string) string {
	name, value, ok := strings.Cut(line, ":")
	switch {
	case line[0] == ' ' || line[0] == '\t':
		return "header line that begins with a blank"
	case !ok:
		return "header line without a colon"
	case name == "" || strings.ContainsAny(name, " \t"):
		return "blank in a header's name, or none"
	case strings.ContainsFunc(name, func(c rune) bool { return c < ' ' || c >= 0x7f || strings.ContainsRune(`"(),/;<=>?@[\]{}`, c) }):
		return "header's name is not a word"
	case strings.ContainsFunc(value, func(c rune) bool { return isOdd(c) || c == '\r' }):
		return "control character in a header"
	case strings.EqualFold(name, "Content-Length") && strings.Trim(strings.TrimSpace(value), "0123456789") != "":
		return "Content-Length is not a number"
	}
	return ""
}
