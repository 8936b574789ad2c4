package filediff

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strings"
)

// Kept is a File without its secrets, for storage and for comparison. It has the masked lines. Keyed hashes follow each
// line that hides a text: a hash of the whole line, and a hash of each text that Masked stands for. Equal hashes with
// one key mean equal texts. To find a secret, one needs the key and must try every secret.
type Kept struct {
	Sum    string // hash of the whole text
	Lines  string // the masked lines with their hashes; if Uneven, without hashes
	Uneven bool   // the masked text and the text differ in their number of lines
}

// Key makes the hashes of Kept. Two Kept can be compared if they have the same Key.
type Key []byte

// KeySize is the length of a Key in bytes.
const KeySize = 32

// hashBytes is the number of bytes of a hash in Kept. Two texts have the same hash with a chance of 1 in 2^48.
const hashBytes = 6

func (k Key) hash(text string) string {
	h := hmac.New(sha256.New, k)
	h.Write([]byte(text))
	return base64.RawStdEncoding.EncodeToString(h.Sum(nil)[:hashBytes])
}

// Keep returns a File without its secrets.
func (k Key) Keep(f File) Kept {
	kept := Kept{Sum: k.hash(f.Text)}
	texts, masks := strings.SplitAfter(f.Text, "\n"), strings.SplitAfter(f.Masked, "\n")
	if kept.Uneven = len(texts) != len(masks); kept.Uneven {
		kept.Lines = strings.ReplaceAll(f.Masked, keySign, "")
		return kept
	}
	var lines strings.Builder
	lines.Grow(len(f.Masked))
	for i, text := range texts {
		mask, end := strings.CutSuffix(masks[i], "\n")
		mask = strings.ReplaceAll(mask, keySign, "")
		lines.WriteString(mask)
		if text = strings.TrimSuffix(text, "\n"); text != mask {
			lines.WriteString(keySign + k.hash(text))
			for _, value := range valuesOf(mask, text) {
				lines.WriteString(" " + k.hash(value))
			}
		}
		if end {
			lines.WriteByte('\n')
		}
	}
	kept.Lines = lines.String()
	return kept
}

// Masked returns the masked text, without hashes.
func (k Kept) Masked() string {
	var text strings.Builder
	for line := range strings.Lines(k.Lines) {
		masked, _ := hashesOf(line)
		text.WriteString(masked)
		if strings.HasSuffix(line, "\n") {
			text.WriteByte('\n')
		}
	}
	return text.String()
}

// hashesOf splits a line of Kept, or of a diff of two Kept, into the masked text and the hashes after it. The first
// hash is that of the line. The others are the hashes of its hidden texts. A line without hidden text has no hashes.
func hashesOf(line string) (masked string, hashes []string) {
	masked, rest, isKeyed := strings.Cut(strings.TrimSuffix(line, "\n"), keySign)
	if isKeyed {
		hashes = strings.Split(rest, " ")
	}
	return masked, hashes
}
