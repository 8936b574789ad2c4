// Package filediff shows how a phone's file changes, without showing a secret.
//
// The caller renders each file twice: as the phone gets it, and masked (provision.Renderer.RenderMasked). The texts
// decide which lines differ, and the diff shows the masked lines. So a changed secret shows as changed, and no secret
// shows.
package filediff

import (
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// The texts that stand for a secret. Masked is provision's.
const (
	Masked  = "<secret>"
	Changed = "<secret, changed>"
)

// File is one rendering of a file.
type File struct {
	Text   string // as the phone gets it
	Masked string // the same file with Masked in place of each secret
}

// keySign separates a masked line from the key of its text. No file has this byte.
const keySign = "\x00"

// side is a File split into lines.
type side struct {
	lines  string            // the masked lines; a line that hides something is followed by a key of its text
	texts  map[string]string // lines of the text by their keys
	values map[string]bool   // the texts that Masked stands for
}

// Unified returns the unified diff of two files under their names. It is empty if the files are the same. If a secret
// changes the number of lines, Unified compares the masked files. If the masked files are the same, one line says that
// secrets changed.
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
	if err != nil { // the library's edits do not fit its own lines
		return fmt.Sprintf("--- %s\n+++ %s\n(%v)\n", oldName, newName, err)
	}
	return text
}

// sideOf returns false if the masked file and the text have different line counts.
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

// mark returns a new masked line with a mark on each secret that the old file did not have. If the line was computed
// from a secret and looks like the line it replaces, mark marks the whole line.
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

// valuesOf returns the text behind each Masked of a masked line. It returns nil if there is none, or if the line is
// ambiguous.
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
