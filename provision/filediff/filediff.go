// Package filediff shows how a phone's file changes, without showing a secret.
//
// Each side is rendered twice: as the phone gets it, and masked (provision.Renderer.RenderMasked). The texts decide which lines
// differ, and the masked lines are what is shown. So a changed secret shows as changed, and no secret shows.
package filediff

import (
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// What stands for a secret. Masked is what provision puts in place of each.
const (
	Masked  = "<secret>"
	Changed = "<secret, changed>"
)

// File is one rendering of a file.
type File struct {
	Text   string // as the phone gets it
	Masked string // the same with Masked in place of each secret
}

// keySign parts a masked line from the key of its text. Neither has one.
const keySign = "\x00"

// side is a File with its lines.
type side struct {
	lines  string            // the masked lines; one that is not as in the text is followed by a key of the text's
	texts  map[string]string // lines of the text by their keys
	values map[string]bool   // that the text has in place of Masked
}

// Unified is the unified diff of two files, with the names of the files above it; empty: they are the same. Where a secret decides
// how many lines a file has, the masked files are compared, and a line says that secrets changed if these are the same.
func Unified(oldName, newName string, old, new File) string {
	if old.Text == new.Text {
		return ""
	}
	seed := maphash.MakeSeed()
	before, okBefore := sideOf(old, seed)
	after, okAfter := sideOf(new, seed)
	if !okBefore || !okAfter {
		if old.Masked == new.Masked {
			return fmt.Sprintf("--- %s\n+++ %s\n%s\n", oldName, newName, Changed)
		}
		return unified(oldName, newName, old.Masked, new.Masked)
	}
	lines := strings.SplitAfter(unified(oldName, newName, before.lines, after.lines), "\n")
	gone := map[string]bool{} // the masked lines that are replaced
	for _, line := range lines[2:] {
		if strings.HasPrefix(line, "-") {
			masked, _, _ := strings.Cut(strings.TrimSuffix(line[1:], "\n"), keySign)
			gone[masked] = true
		}
	}
	for i, line := range lines {
		masked, key, isKeyed := strings.Cut(strings.TrimSuffix(line, "\n"), keySign)
		if i < 2 || !isKeyed {
			continue
		}
		if sign, rest := masked[:1], masked[1:]; sign == "+" {
			masked = sign + after.mark(rest, after.texts[key], before.values, gone[rest])
		}
		lines[i] = masked + line[len(strings.TrimSuffix(line, "\n")):]
	}
	return strings.Join(lines, "")
}

func unified(oldName, newName, old, new string) string {
	text, err := udiff.ToUnified(oldName, newName, old, udiff.Lines(old, new), udiff.DefaultContextLines)
	if err != nil { // its own edits do not fit
		return fmt.Sprintf("--- %s\n+++ %s\n(%v)\n", oldName, newName, err)
	}
	return text
}

// sideOf reports false where the masked file does not have the lines of the text.
func sideOf(f File, seed maphash.Seed) (s side, ok bool) {
	s.texts, s.values = map[string]string{}, map[string]bool{}
	texts, masks := strings.SplitAfter(f.Text, "\n"), strings.SplitAfter(f.Masked, "\n")
	if len(texts) != len(masks) {
		return s, false
	}
	var lines strings.Builder
	for i, text := range texts {
		mask, end := strings.CutSuffix(masks[i], "\n")
		mask = strings.ReplaceAll(mask, keySign, "")
		lines.WriteString(mask)
		if text = strings.TrimSuffix(text, "\n"); text != mask {
			key := fmt.Sprintf("%x", maphash.String(seed, text))
			s.texts[key] = text
			for _, value := range valuesOf(mask, text) {
				s.values[value] = true
			}
			lines.WriteString(keySign + key)
		}
		if end {
			lines.WriteByte('\n')
		}
	}
	s.lines = lines.String()
	return s, true
}

// mark is a new masked line, in which those secrets are marked that the old file did not have. Where a line was computed from a
// secret, it is marked as a whole if the line that it replaces looks the same.
func (s side) mark(mask, text string, old map[string]bool, replaced bool) string {
	values := valuesOf(mask, text)
	if values == nil {
		if replaced {
			return mask + " " + Changed
		}
		return mask
	}
	for i, part := range strings.Split(mask, Masked) {
		switch {
		case i == 0:
			mask = part
		case old[values[i-1]]:
			mask += Masked + part
		default:
			mask += Changed + part
		}
	}
	return mask
}

// valuesOf are what the text has in place of each Masked of a masked line; nil: there is none, or it cannot be told.
func valuesOf(mask, text string) (values []string) {
	parts := strings.Split(mask, Masked)
	last := len(parts) - 1
	rest, ok := strings.CutPrefix(text, parts[0])
	if last == 0 || !ok {
		return nil
	}
	for _, part := range parts[1:last] {
		value, after, ok := strings.Cut(rest, part)
		if !ok || part == "" {
			return nil
		}
		values, rest = append(values, value), after
	}
	value, ok := strings.CutSuffix(rest, parts[last])
	if !ok {
		return nil
	}
	return append(values, value)
}
