package secrettest

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
)

// form is a way in which a secret can be written.
type form struct {
	name   string
	text   []byte // in lower case
	secret string
}

// index adds the forms of a secret.
func (w *Watch) index(secret string) {
	known := map[string]bool{}
	add := func(name, text string) {
		lower := lowerASCII([]byte(text))
		if known[string(lower)] {
			return
		}
		known[string(lower)] = true
		key := [minSecret]byte(lower)
		w.forms[key] = append(w.forms[key], form{name, lower, secret})
		w.longest = max(w.longest, len(lower))
	}
	add("as it is", secret)
	add("in hexadecimal", hex.EncodeToString([]byte(secret)))
	add("%-encoded", url.PathEscape(secret))
	add("%-encoded", url.QueryEscape(secret))
	add("%-encoded", percent(secret))
	add("quoted", unquoted(strconv.Quote(secret)))
	add("in HTML", html.EscapeString(secret))
	if text, err := json.Marshal(secret); err == nil {
		add("in JSON", unquoted(string(text)))
	}
	for before := range 3 {
		text := inBase64(secret, before)
		add("in base64", text)
		add("in base64", strings.NewReplacer("+", "-", "/", "_").Replace(text))
	}
}

// inBase64 returns what base64 always makes of a text, whatever surrounds it. before is the number of bytes before it,
// modulo 3.
func inBase64(text string, before int) string {
	const bits = 6 // of a character
	all := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", before) + text))
	return all[(before*8+bits-1)/bits : (before+len(text))*8/bits]
}

// percent encodes every byte with a percent sign.
func percent(text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, "%%%02x", text[i])
	}
	return b.String()
}

func unquoted(text string) string { return text[1 : len(text)-1] }

// lowerASCII is bytes.ToLower, but it never changes the length.
func lowerASCII(text []byte) []byte {
	lower := make([]byte, len(text))
	for i, c := range text {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		lower[i] = c
	}
	return lower
}
