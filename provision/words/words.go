// Package words has the words that people read on the page and in the answers of commands.
//
// Each language is one file, NAME.txt, with a line "key = text" for each text. English (en.txt) has every key and is
// used for a key that another language lacks. A new language is a new file. The English words for the states of phones
// are in provision/ledger; other languages have them under "state.STATE" and "state.STATE.means".
//
// Words never change after the start. All functions are safe for concurrent use.
package words

import (
	"bufio"
	"embed"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"
)

//go:embed *.txt
var files embed.FS

// Standard is the language that has every key.
const Standard = "en"

// Language has the words of one language.
type Language struct {
	Tag   string // BCP 47: "zh-CN"
	Name  string // in the language itself
	words map[string]string
	next  *Language // has the keys that words lacks; nil: none
}

// All returns the languages: English first, then the others by tag.
func All() []*Language { return slices.Clone(all) }

var all = load()

// English returns the standard language.
func English() *Language { return all[0] }

func load() (list []*Language) {
	names, err := files.ReadDir(".")
	if err != nil {
		panic(err) // cannot happen: the files are part of the program
	}
	for _, f := range names {
		text, err := files.ReadFile(f.Name())
		if err != nil {
			panic(err) // cannot happen: as above
		}
		l := &Language{Tag: strings.TrimSuffix(f.Name(), path.Ext(f.Name())), words: read(string(text))}
		l.Name = l.words["language"]
		if l.Tag == Standard {
			list = append([]*Language{l}, list...)
		} else {
			list = append(list, l)
		}
	}
	for _, l := range list[1:] {
		l.next = list[0]
	}
	return list
}

// read returns the words of a file. Lines that begin with # are comments.
func read(text string) map[string]string {
	words := map[string]string{}
	for scan := bufio.NewScanner(strings.NewReader(text)); scan.Scan(); {
		if key, value, ok := strings.Cut(scan.Text(), "="); ok && !strings.HasPrefix(key, "#") {
			words[strings.TrimSpace(key)] = strings.TrimSpace(value)
		}
	}
	return words
}

// Find returns the text of a key, or false if neither the language nor English has it.
func (l *Language) Find(key string) (string, bool) {
	for ; l != nil; l = l.next {
		if text, ok := l.words[key]; ok {
			return text, true
		}
	}
	return "", false
}

// Text returns the text of a key with the arguments in place of its verbs, as fmt.Sprintf does. Without a text it
// returns the key.
func (l *Language) Text(key string, args ...any) string {
	text, ok := l.Find(key)
	switch {
	case !ok:
		return key
	case len(args) == 0:
		return text
	}
	return fmt.Sprintf(text, args...)
}

// Count returns the text for n things: the text of "KEY.one" if n is 1, else the text of "KEY.other", with n in it.
func (l *Language) Count(key string, n int) string {
	form := ".other"
	if n == 1 {
		form = ".one"
	}
	return l.Text(key+form, Number(n))
}

// Or returns the text of a key in this language. If the language has none, Or returns english.
func (l *Language) Or(key, english string) string {
	if text, ok := l.words[key]; ok {
		return text
	}
	return english
}

// Said translates an English sentence of phoneprov, for example a reason. The language has the translation under
// "said.SENTENCE", in lower case and without "=". If it has none, Said returns the sentence.
func (l *Language) Said(sentence string) string {
	return l.Or("said."+strings.ToLower(strings.ReplaceAll(sentence, "=", "")), sentence)
}

// Number returns a number with a thin space between groups of three digits, from 10,000 on.
func Number(n int) string {
	digits := strconv.Itoa(n)
	if n < 10_000 && n > -10_000 {
		return digits
	}
	from := strings.IndexByte(digits, '-') + 1
	for i := len(digits) - 3; i > from; i -= 3 {
		digits = digits[:i] + thinSpace + digits[i:]
	}
	return digits
}

const thinSpace = "\u2009"

// justNow is the age up to which a time is "just now".
const justNow = 5 * time.Second

// Ago returns the age of a time as a text: "3 min ago". For a nil or zero time it returns "never". For a time after now
// it returns the date and the time: somebody set the clock back.
func (l *Language) Ago(t *time.Time, now time.Time) string {
	if t == nil || t.IsZero() {
		return l.Text("never")
	}
	since := now.Sub(*t)
	switch {
	case since < 0:
		return t.Local().Format(time.DateTime)
	case since < justNow:
		return l.Text("ago.now")
	case since < time.Minute:
		return l.Text("ago.s", since/time.Second)
	case since < time.Hour:
		return l.Text("ago.min", since/time.Minute)
	case since < 48*time.Hour:
		return l.Text("ago.h", since/time.Hour)
	}
	return l.Text("ago.d", since/(24*time.Hour))
}

// Choose returns the language for a choice that the reader made (a tag; empty: none), else for a header
// Accept-Language, else English.
func Choose(chosen, accept string) *Language {
	if l := tagged(chosen); l != nil {
		return l
	}
	best, bestWeight := all[0], 0.0
	for part := range strings.SplitSeq(accept, ",") {
		tag, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		weight := 1.0
		if q, ok := strings.CutPrefix(strings.ReplaceAll(params, " ", ""), "q="); ok {
			w, err := strconv.ParseFloat(q, 64)
			if err != nil {
				continue
			}
			weight = w
		}
		if l := near(tag); l != nil && weight > bestWeight {
			best, bestWeight = l, weight
		}
	}
	return best
}

func tagged(tag string) *Language {
	for _, l := range all {
		if strings.EqualFold(l.Tag, tag) {
			return l
		}
	}
	return nil
}

// near returns the language of a tag, else a language with the same first part, else nil. For zh and zh-Hans-SG it
// returns zh-CN.
func near(tag string) *Language {
	if l := tagged(tag); l != nil {
		return l
	}
	first, _, _ := strings.Cut(tag, "-")
	for _, l := range all {
		own, _, _ := strings.Cut(l.Tag, "-")
		if strings.EqualFold(own, first) {
			return l
		}
	}
	return nil
}
