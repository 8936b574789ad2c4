package provision

import (
	"context"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// phoneKey is a programmable key of a phone, from the option blfN of a line's section:
//
//	blf1 = 6002,Bob          the lamp shows whether 6002 talks, the key calls it
//	blf2 = 0301234,Mum,speed the key dials the number
//
// The label may contain commas. Without a label, the number is the label. The label "speed" needs ",blf" after it.
type phoneKey struct {
	n             int // N of blfN
	number, label string
	speed         bool
}

// maxKeys is the highest N of blfN: more keys than any phone has with all its extension modules.
const maxKeys = 999

// keyVariables are the variables that the text of PP_EACH_KEY can use besides those of the line.
var keyVariables = [...]struct {
	name  string
	value func(*phoneKey) string
}{
	{"KEY", func(k *phoneKey) string { return strconv.Itoa(k.n) }},
	{"KEY_NUMBER", func(k *phoneKey) string { return k.number }},
	{"KEY_LABEL", func(k *phoneKey) string { return k.label }},
	{"KEY_BLF", func(k *phoneKey) string {
		if k.speed {
			return "0"
		}
		return "1"
	}},
}

// variable returns the value of one of keyVariables. k may be nil.
func (k *phoneKey) variable(name string) (string, bool) {
	if k == nil || !strings.HasPrefix(name, "KEY") {
		return "", false
	}
	for _, v := range keyVariables {
		if v.name == name {
			return v.value(k), true
		}
	}
	return "", false
}

// parseKey parses the value of blfN. ok is false if it has no number to call.
func parseKey(n int, value string) (k phoneKey, ok bool) {
	number, rest, _ := strings.Cut(value, ",")
	k = phoneKey{n: n, number: strings.TrimSpace(number), label: strings.TrimSpace(rest)}
	before, word := "", rest
	if i := strings.LastIndexByte(rest, ','); i >= 0 {
		before, word = rest[:i], rest[i+1:]
	}
	if word = strings.ToLower(strings.TrimSpace(word)); word == "speed" || word == "blf" {
		k.speed, k.label = word == "speed", strings.TrimSpace(before)
	}
	if k.label == "" {
		k.label = k.number
	}
	return k, k.number != ""
}

// keys returns the keys of a line's section, sorted by N.
func (l *Line) keys() []phoneKey {
	var keys []phoneKey
	add := func(option string) {
		digits, ok := cutPrefixFold(option, "blf")
		n, err := strconv.Atoi(digits)
		if !ok || err != nil || n < 1 || n > maxKeys || strconv.Itoa(n) != digits ||
			slices.ContainsFunc(keys, func(k phoneKey) bool { return k.n == n }) {
			return
		}
		if k, ok := parseKey(n, l.option(option)); ok {
			keys = append(keys, k)
		}
	}
	for _, option := range l.shape.options {
		add(option)
	}
	for v := range l.general.Vars() {
		add(v.Name)
	}
	slices.SortFunc(keys, func(a, b phoneKey) int { return a.n - b.n })
	return keys
}

// eachKey implements PP_EACH_KEY(text[,blf|speed[,last]]). It returns the text once for each key of the line, or for
// each key of that type up to N = last. In the text, %{KEY} is N, and keyVariables has the others.
func (s *scope) eachKey(ctx context.Context, c *dialplan.Call) (dialplan.Value, error) {
	args := c.SplitText(math.MaxInt)
	if args[0] == "" {
		c.Diag("PP_EACH_KEY needs a text")
		return dialplan.Value{}, nil
	}
	only, last, ok := keyFilter(c.Plain(strings.Join(args[1:], ",")))
	if !ok {
		c.Diag("PP_EACH_KEY: behind its text may stand blf or speed, and behind that a number; a comma in the text has a backslash before it")
		return dialplan.Value{}, nil
	}
	t := inlineText(c.Name, args[0])
	var out eachText
	for _, k := range s.line.keys() {
		if k.n > last || only != "" && k.speed != (only == "speed") {
			continue
		}
		sc := s.rd.scope(s.phone, s.line)
		sc.key = &k
		if err := out.add(ctx, c.Expand, t, sc); err != nil {
			return dialplan.Value{}, err
		}
	}
	return out.value()
}

// keyFilter parses "[blf|speed][,last]". An empty text selects all keys.
func keyFilter(s string) (only string, last int, ok bool) {
	only, rest, limited := strings.Cut(s, ",")
	only, last = strings.ToLower(strings.TrimSpace(only)), maxKeys
	if limited {
		n, err := strconv.Atoi(strings.TrimSpace(rest))
		if err != nil {
			return "", 0, false
		}
		last = n
	}
	return only, last, only == "" || only == "blf" || only == "speed"
}
