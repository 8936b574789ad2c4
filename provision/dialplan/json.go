package dialplan

import (
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// maxJSONDepth is how deep Asterisk's parser lets values nest.
const maxJSONDepth = 2048

// jsonObject keeps the order of its keys. A value is a jsonObject, an []any, a string, an int64, a float64, a bool or
// nil.
type jsonObject struct {
	keys   []string
	values map[string]any
}

// parseJSON reads an object or an array. It refuses what Asterisk's parser refuses: numbers that fit neither a 64-bit
// integer nor a double, zero bytes, half surrogates.
func parseJSON(text string) (value any, ok bool) {
	if !utf8.ValidString(text) || !json.Valid([]byte(text)) || badEscape(text) {
		return nil, false
	}
	if first := strings.TrimLeft(text, " \t\r\n")[0]; first != '{' && first != '[' {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	return readJSON(d, 1)
}

// badEscape reports whether otherwise valid JSON escapes a zero byte or one half of a surrogate pair.
func badEscape(s string) bool {
	for {
		at := strings.IndexByte(s, '\\')
		if at < 0 {
			return false
		}
		if s = s[at:]; s[1] != 'u' {
			s = s[2:]
			continue
		}
		r := hexRune(s)
		s = s[6:]
		if utf16.IsSurrogate(r) {
			if !strings.HasPrefix(s, `\u`) || utf16.DecodeRune(r, hexRune(s)) == utf8.RuneError {
				return true
			}
			s = s[6:]
		}
		if r == 0 {
			return true
		}
	}
}

// hexRune reads \uXXXX.
func hexRune(s string) rune {
	n, _ := strconv.ParseUint(s[2:6], 16, 16)
	return rune(n)
}

// readJSON reads one value of valid JSON. depth is how deep it is nested.
func readJSON(d *json.Decoder, depth int) (value any, ok bool) {
	token, err := d.Token()
	if err != nil || depth > maxJSONDepth {
		return nil, false
	}
	switch t := token.(type) {
	case json.Number:
		return jsonNumber(string(t))
	case json.Delim:
		if t == '{' {
			return readObject(d, depth)
		}
		return readArray(d, depth)
	}
	return token, true
}

func readArray(d *json.Decoder, depth int) (value any, ok bool) {
	items := []any{}
	for d.More() {
		item, ok := readJSON(d, depth+1)
		if !ok {
			return nil, false
		}
		items = append(items, item)
	}
	_, err := d.Token()
	return items, err == nil
}

// readObject reads an object. If a key is repeated, its last value counts, at the position of the first.
func readObject(d *json.Decoder, depth int) (value any, ok bool) {
	o := &jsonObject{values: map[string]any{}}
	for d.More() {
		token, err := d.Token()
		key, isText := token.(string)
		if err != nil || !isText {
			return nil, false
		}
		item, ok := readJSON(d, depth+1)
		if !ok {
			return nil, false
		}
		if _, known := o.values[key]; !known {
			o.keys = append(o.keys, key)
		}
		o.values[key] = item
	}
	_, err := d.Token()
	return o, err == nil
}

func jsonNumber(s string) (value any, ok bool) {
	if strings.ContainsAny(s, ".eE") {
		f, ok := cnum.ParseDouble(s)
		return f, ok && !math.IsInf(f, 0)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	return n, err == nil
}

// appendJSON writes a value without blanks.
func appendJSON(b []byte, value any) []byte {
	switch v := value.(type) {
	case *jsonObject:
		b = append(b, '{')
		for i, key := range v.keys {
			if i > 0 {
				b = append(b, ',')
			}
			b = append(appendJSONString(b, key), ':')
			b = appendJSON(b, v.values[key])
		}
		return append(b, '}')
	case []any:
		b = append(b, '[')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendJSON(b, item)
		}
		return append(b, ']')
	case string:
		return appendJSONString(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case float64:
		return append(b, jsonDouble(v)...)
	case bool:
		return strconv.AppendBool(b, v)
	}
	return append(b, "null"...)
}

// appendJSONString appends a string. It escapes quotes, backslashes and control characters only.
func appendJSONString(b []byte, s string) []byte {
	b = append(b, '"')
	for i := range len(s) {
		c := s[i]
		switch at := strings.IndexByte("\"\\\b\f\n\r\t", c); {
		case at >= 0:
			b = append(b, '\\', `"\bfnrt`[at])
		case c < ' ':
			b = fmt.Appendf(b, `\u%04X`, c)
		default:
			b = append(b, c)
		}
	}
	return append(b, '"')
}

// jsonDouble writes the shortest text that reads back as the number, with a point or an exponent.
func jsonDouble(f float64) string {
	mantissa, exp, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, 64), "e")
	e := cnum.Atoi(exp)
	if e < -4 || e > 15 {
		return mantissa + "e" + strconv.Itoa(e)
	}
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if strings.IndexByte(text, '.') < 0 {
		text += ".0"
	}
	return text
}
