package provision

import (
	"iter"
	"strings"
)

// minPrefix is how many letters a name must have so that a longer name may be meant by it, as "macaddress" by "mac".
const minPrefix = 3

// maxTypos bounds the edits between two names of any length. With more edits it is another name.
const maxTypos = 3

// Nearest returns the name that was likely meant by an unknown name, or "". It prefers a name that differs only in
// case, "_", "-", blanks and dots. Next comes the name with the fewest edits, then a name that begins with the unknown
// one, or the reverse. Of equally near names it returns the first.
func Nearest(name string, names iter.Seq[string]) (nearest string) {
	name = foldName(name)
	if len(name) > maxNearest {
		return ""
	}
	best := maxTypos + 2 // number of edits; one more than maxTypos stands for a common beginning
	for other := range names {
		folded := foldName(other)
		if len(folded) > maxNearest {
			continue
		}
		longer, shorter := max(len(name), len(folded)), min(len(name), len(folded))
		edits := maxTypos + 2
		if longer-shorter <= maxTypos {
			if d := editDistance(name, folded); d <= min(max(shorter/3, 1), maxTypos) && d < shorter {
				edits = d
			}
		}
		if shorter >= minPrefix && (strings.HasPrefix(name, folded) || strings.HasPrefix(folded, name)) {
			edits = min(edits, maxTypos+1)
		}
		if edits < best {
			nearest, best = other, edits
		}
	}
	return nearest
}

// maxNearest is in bytes. Nobody types a longer name, and the comparison takes quadratic time.
const maxNearest = 64

// meant returns `; is "NAME" meant?` for the end of a message, or "" if no name is near.
func meant(name string, names iter.Seq[string]) string {
	if nearest := Nearest(name, names); nearest != "" {
		return "; is \"" + nearest + "\" meant?"
	}
	return ""
}

func foldName(name string) string {
	return strings.Map(func(r rune) rune {
		switch r {
		case '_', '-', ' ', '.':
			return -1
		}
		return r
	}, strings.ToLower(name))
}

// editDistance returns how many bytes must be inserted, deleted, replaced or swapped with the next one to turn a into
// b.
func editDistance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			replaced := last[j-1]
			if a[i-1] != b[j-1] {
				replaced++
			}
			row[j] = min(replaced, last[j]+1, row[j-1]+1)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
