package astconf

import (
	"fmt"
	"strings"
)

// Cuts returns a warning for each option of a loaded file whose value ends at a ";" directly after it, with more text
// after the ";". To Asterisk that is a comment, and often the admin meant it as a part of the value. Cuts reads the
// files again.
func (l *Loader) Cuts(f *File) []Warning {
	p := &parser{source: &source{Loader: l, cache: map[string]string{}, globs: map[string][]string{}, dirs: map[string]bool{}}, file: &File{}}
	for _, path := range f.Sources {
		text, err := p.read(path)
		if err != nil {
			continue // the file was missing during Load, or is missing now
		}
		var blocks comments
		for lines := newReader(text, true); ; {
			raw, line, long, ok := lines.next()
			if !ok {
				break
			}
			left, err := blocks.strip(raw, Pos{})
			if name, _, isOption := strings.Cut(left, "="); !long && err == nil && blocks.cut && isOption {
				p.warn(Pos{p.display(path), line}, "%s: the value ends at the \";\", and what follows it is a comment: write \\; where it belongs to the value", option(name))
			}
		}
	}
	return p.file.Warnings
}

// option returns the name of an option for a message. It hides a name that is no word, which may be anything, a secret
// too.
func option(name string) string {
	name = trim(strings.TrimRight(name, "+"))
	if strings.Trim(lowerASCII(name), "abcdefghijklmnopqrstuvwxyz0123456789_-./") != "" {
		return "a line"
	}
	return fmt.Sprintf("%q", name)
}
