package astconf

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// Limits that Asterisk does not have.
const (
	maxBytes = 512 << 20 // bytes of all files of a Load; a file counts each time that it is included
	maxReads = 1 << 17   // files of a Load, counted likewise: some sites have one file for each of 100,000 users
)

// Loader reads configuration files. The zero value reads from the current directory.
type Loader struct {
	Dir string // the configuration directory, such as /etc/asterisk
	// ReadFile reads a file; nil: os.ReadFile, for regular files. An error that is fs.ErrNotExist or fs.ErrInvalid
	// means that there is no such regular file.
	ReadFile func(path string) ([]byte, error)
	// Glob returns the paths that match a pattern of filepath.Match; nil: filepath.Glob.
	Glob func(pattern string) ([]string, error)

	maxReads, maxAppended int // replace the constants in tests
}

// Load reads a file, named relative to Dir or absolutely, and all files that it includes. The error is fs.ErrNotExist
// if the file itself is missing, and an *Error if it is broken. With an error, only Name, Sources, Dirs and Warnings of
// the File are valid, so that a watcher can wait for the repair.
func (l *Loader) Load(name string) (*File, error) {
	p := &parser{source: &source{Loader: l, cache: map[string]string{}, globs: map[string][]string{}, dirs: map[string]bool{}}, file: &File{Name: name}}
	path := p.path(name)
	text, err := p.read(path)
	if err == nil {
		err = p.parse(path, text, &context{})
	}
	p.file.Sources, p.file.Dirs = p.sources, p.sortedDirs()
	if err != nil {
		return p.file, err
	}
	p.file.Categories = make([]*Category, 0, len(p.cats))
	for _, c := range p.cats {
		if !c.template {
			p.file.Categories = append(p.file.Categories, &c.Category)
			continue
		}
		if p.file.templates == nil {
			p.file.templates = map[string]Pos{}
		}
		p.file.templates[c.Name] = c.Pos
	}
	return p.file, nil
}

// source is the disk as one Load sees it: it reads each file once and searches for each pattern once.
type source struct {
	*Loader
	cache   map[string]string
	globs   map[string][]string
	sources []string
	dirs    map[string]bool
	reads   int
	bytes   int
}

// path is the path of a file that a configuration names. It is not cleaned: "a/../b" is missing if a is missing.
func (s *source) path(name string) string {
	if filepath.IsAbs(name) || s.Dir == "" {
		return name
	}
	return strings.TrimRight(s.Dir, "/") + "/" + name
}

// display is the path as Asterisk shows it.
func (s *source) display(path string) string {
	path = filepath.Clean(path)
	if rel, err := filepath.Rel(s.Dir, path); err == nil && filepath.IsLocal(rel) {
		return rel
	}
	return path
}

// read returns a file and records it as a source, even if it is missing.
func (s *source) read(path string) (string, error) {
	text, cached := s.cache[path]
	if !cached {
		s.sources = append(s.sources, path)
		s.dirs[filepath.Dir(path)] = true
		var err error
		if s.ReadFile != nil {
			var data []byte
			data, err = s.ReadFile(path)
			text = string(data)
		} else {
			text, err = readRegular(path)
		}
		if err != nil {
			return "", err
		}
		s.cache[path] = text
	}
	s.reads++
	s.bytes += len(text)
	if limit := cmp.Or(s.maxReads, maxReads); s.reads > limit || s.bytes > maxBytes {
		return "", fmt.Errorf("%w: more than %d files or %d bytes", ErrLimit, limit, maxBytes)
	}
	return text, nil
}

// readRegular reads a regular file. It refuses what would block or never end, such as a FIFO or /dev/zero.
func readRegular(path string) (string, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", &fs.PathError{Op: "read", Path: path, Err: fs.ErrInvalid}
	case info.Size() > maxBytes:
		return "", fmt.Errorf("%w: more than %d bytes", ErrLimit, maxBytes)
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	var text strings.Builder
	text.Grow(int(info.Size()))
	_, err = io.Copy(&text, f)
	return text.String(), err
}

// absent reports whether an error means that there is no such regular file. Asterisk treats all of these errors alike.
func absent(err error) bool {
	for _, e := range []error{fs.ErrNotExist, fs.ErrInvalid, syscall.EISDIR, syscall.ENOTDIR, syscall.ELOOP, syscall.ENAMETOOLONG} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (s *source) sortedDirs() []string {
	dirs := make([]string, 0, len(s.dirs))
	for dir := range s.dirs {
		dirs = append(dirs, dir)
	}
	slices.Sort(dirs)
	return dirs
}
