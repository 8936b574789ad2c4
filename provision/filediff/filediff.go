// Package filediff returns the diff of a phone's file, without its secrets.
//
// The caller renders each file twice: as the phone gets it, and masked (provision.Renderer.RenderMasked). filediff
// compares the unmasked texts and shows the masked lines. So the diff marks a changed secret, and shows no secret.
//
// Kept is a File without its secrets, for a later comparison.
package filediff

import (
	"crypto/rand"
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// These texts stand for a secret. provision writes Masked; a diff shows Changed for a secret that the old file lacks.
const (
	Masked  = "<secret>"
	Changed = "<secret, changed>"
)

// File is one rendering of a file.
type File struct {
	Text   string // as the phone gets it
	Masked string // the same file with Masked in place of each secret
}

// keySign separates a masked line from its hashes. No kept line has this byte.
const keySign = "\x00"

// Unified returns the unified diff of two files under their names. It is empty if the files are the same. If a secret
// changes the number of lines, Unified compares the masked files. If the masked files are the same, one line says that
// secrets changed.
func Unified(oldName, newName string, old, new File) string {
	if old.Text == new.Text {
		return ""
	}
	key := make(Key, KeySize)
	rand.Read(key)
	return UnifiedKept(oldName, newName, key.Keep(old), key.Keep(new))
}

// UnifiedKept is Unified for files that were kept with the same Key.
func UnifiedKept(oldName, newName string, old, new Kept) string {
	if old.Sum == new.Sum {
		return ""
	}
	if old.Uneven || new.Uneven {
		before, after := old.Masked(), new.Masked()
		if before == after {
			return fmt.Sprintf("--- %s\n+++ %s\n%s\n", oldName, newName, Changed)
		}
		return unified(oldName, newName, before, after)
	}
	lines := strings.SplitAfter(unified(oldName, newName, old.Lines, new.Lines), "\n")
	if len(lines) < 2 {
		return ""
	}
	gone := map[string]bool{} // the masked lines that are replaced
	for _, line := range lines[2:] {
		if strings.HasPrefix(line, "-") {
			masked, _ := hashesOf(line[1:])
			gone[masked] = true
		}
	}
	had := old.values()
	for i, line := range lines {
		masked, hashes := hashesOf(line)
		if i < 2 || hashes == nil {
			continue
		}
		if sign, rest := masked[:1], masked[1:]; sign == "+" {
			masked = sign + mark(rest, hashes[1:], had, gone[rest])
		}
		lines[i] = masked + line[len(strings.TrimSuffix(line, "\n")):]
	}
	return strings.Join(lines, "")
}

func unified(oldName, newName, old, new string) string {
	text, err := udiff.ToUnified(oldName, newName, old, udiff.Lines(old, new), udiff.DefaultContextLines)
	if err != nil { // only a fault of udiff can cause this
		return fmt.Sprintf("--- %s\n+++ %s\n(%v)\n", oldName, newName, err)
	}
	return text
}

// values returns the hashes of all texts that Masked stands for.
func (k Kept) values() map[string]bool {
	values := map[string]bool{}
	for line := range strings.Lines(k.Lines) {
		if _, hashes := hashesOf(line); len(hashes) > 0 {
			for _, value := range hashes[1:] {
				values[value] = true
			}
		}
	}
	return values
}

// mark returns a new masked line with a mark on each secret that the old file lacks. values has the hashes of the
// line's secrets, and had has those of the old file. If the line has no value per secret and replaced is true, mark
// marks the whole line. replaced means that the diff removes a line with the same masked text.
func mark(mask string, values []string, had map[string]bool, replaced bool) string {
	parts := strings.Split(mask, Masked)
	if len(values) == 0 || len(values) != len(parts)-1 {
		if replaced {
			return mask + " " + Changed
		}
		return mask
	}
	for i, part := range parts {
		switch {
		case i == 0:
			mask = part
		case had[values[i-1]]:
			mask += Masked + part
		default:
			mask += Changed + part
		}
	}
	return mask
}

// valuesOf returns the text that each Masked of a masked line hides. It returns nil if the line has no Masked, or if
// the line does not tell where a hidden text ends.
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
