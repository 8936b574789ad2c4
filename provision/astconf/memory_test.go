package astconf

import (
	"io/fs"
	"path"
	"slices"
	"strings"
)

// etc is the directory of the tests' files in Asterisk's container, and also in tests without a disk.
const etc = "/etc/asterisk"

// files are configuration files by name, relative to etc.
type files map[string]string

// loader returns a Loader that reads from memory.
func (f files) loader() *Loader {
	return &Loader{Dir: etc, ReadFile: f.read, Glob: f.glob}
}

func (f files) read(name string) ([]byte, error) {
	rel, ok := strings.CutPrefix(path.Clean(name), etc+"/")
	text, there := f[rel]
	if !ok || !there || !f.dirsExist(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	return []byte(text), nil
}

// dirsExist reports whether the path up to its first ".." is a directory.
func (f files) dirsExist(name string) bool {
	left, _, found := strings.Cut(name, "/..")
	for have := range f {
		if !found || strings.HasPrefix(etc+"/"+have, path.Clean(left)+"/") {
			return true
		}
	}
	return false
}

func (f files) glob(pattern string) ([]string, error) {
	found := map[string]bool{}
	for name := range f {
		for p := path.Join(etc, name); p != "/"; p = path.Dir(p) {
			if ok, err := path.Match(path.Clean(pattern), p); err != nil {
				return nil, err
			} else if ok {
				found[p] = true
			}
		}
	}
	var paths []string
	for p := range found {
		paths = append(paths, p)
	}
	slices.Sort(paths)
	return paths, nil
}

// main is the file that a row loads.
const main = "t.conf"
