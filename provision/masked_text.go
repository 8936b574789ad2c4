package provision

import (
	"cmp"
	"slices"
	"strings"
)

// TextMasker hides secrets in texts that somebody else rendered from the same configuration.
type TextMasker struct{ secrets []string }

// NewTextMasker returns a masker for the values of all options of a configuration whose names are those of secrets, and
// for the secrets of a snapshot's lines.
func NewTextMasker(c Config, s *Snapshot) *TextMasker {
	m := new(TextMasker)
	add := func(value string) {
		if len(value) >= minContained {
			m.secrets = append(m.secrets, value)
		}
	}
	for _, file := range c {
		if file == nil {
			continue
		}
		for _, category := range file.Categories {
			for v := range category.Vars() {
				if name, value, ok := strings.Cut(v.Value, "="); ok && secretName(name) { // setvar => NAME=value
					add(strings.TrimSpace(value))
				}
				if secretName(v.Name) {
					add(v.Value)
				}
			}
		}
	}
	for _, p := range s.phoneList {
		for _, l := range p.Lines {
			for v := range l.variables() {
				if secretName(v.name) {
					add(v.value)
				}
			}
		}
	}
	// The longest first, so that no secret is left of one that contains another.
	slices.SortFunc(m.secrets, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(a, b)) })
	m.secrets = slices.Compact(m.secrets)
	return m
}

// Mask returns a text with "<secret>" in place of each secret. like is a masked rendering of the same file: in a line
// that begins as a line of like does before a secret, everything after that beginning is hidden, so that a value which
// no configuration has (a hash, an old password, a short PIN) does not show either.
func (m *TextMasker) Mask(text, like string) string {
	var begins []string
	for line := range strings.Lines(like) {
		if begin, _, ok := strings.Cut(line, masked); ok && strings.TrimSpace(begin) != "" && !slices.Contains(begins, begin) {
			begins = append(begins, begin)
		}
	}
	var out strings.Builder
	for line := range strings.Lines(text) {
		plain := strings.TrimRight(line, "\r\n")
		end := line[len(plain):]
		for _, secret := range m.secrets {
			plain = strings.ReplaceAll(plain, secret, masked)
		}
		for _, begin := range begins {
			if strings.HasPrefix(plain, begin) && !strings.HasPrefix(plain[len(begin):], masked) {
				plain = begin + masked
			}
		}
		out.WriteString(plain + end)
	}
	return out.String()
}
