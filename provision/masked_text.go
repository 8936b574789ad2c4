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

// Mask returns a text with "<secret>" in place of each secret. own and ownMasked are a rendering of the same file, and the
// same rendering masked. Where a line of own has a secret, or something made of one, the line of text that begins in the
// same way is hidden from there on. So a value that no configuration has (a hash, an old password, a short PIN) does not
// show either.
func (m *TextMasker) Mask(text, own, ownMasked string) string {
	lines, maskedLines := strings.SplitAfter(own, "\n"), strings.SplitAfter(ownMasked, "\n")
	if len(lines) != len(maskedLines) { // a secret has a line break: only what is masked for sure shows
		return maskAllBut(text, maskedLines)
	}
	same := map[string]string{} // lines of own, masked
	var begins []string
	for i, line := range lines {
		if line == maskedLines[i] {
			continue
		}
		same[line] = maskedLines[i]
		n := 0
		for n < min(len(line), len(maskedLines[i])) && line[n] == maskedLines[i][n] {
			n++
		}
		if begin := line[:n]; strings.TrimSpace(begin) != "" && !slices.Contains(begins, begin) {
			begins = append(begins, begin)
		}
	}
	slices.SortFunc(begins, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var out strings.Builder
	for line := range strings.Lines(text) {
		if mask, ok := same[line]; ok {
			out.WriteString(mask)
			continue
		}
		plain := strings.TrimRight(line, "\r\n")
		end := line[len(plain):]
		for _, begin := range begins {
			if strings.HasPrefix(plain, begin) && !slices.Contains(lines, line) {
				plain = begin + masked
				break
			}
		}
		for _, secret := range m.secrets {
			plain = strings.ReplaceAll(plain, secret, masked)
		}
		out.WriteString(plain + end)
	}
	return out.String()
}

// maskAllBut hides all lines of a text but those that are known to have no secret.
func maskAllBut(text string, known []string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if !slices.Contains(known, line) {
			line = masked + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}
