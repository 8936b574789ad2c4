package phoneconf

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Tree is Asterisk's configuration directory, with edits that Write has not written yet. One goroutine uses a Tree.
type Tree struct {
	Dir string // absolute
	// Backup is a suffix. Write keeps each file that it replaces under the file's name with this suffix. If empty,
	// Write keeps none.
	Backup string
	read   map[string]original
	edits  map[string]string // new text by path
}

// original is the content of a file when the Tree read it.
type original struct {
	text    string
	missing bool
}

// Open returns the tree of a directory. The error says that the directory does not exist or cannot be read.
func Open(dir string) (*Tree, error) {
	info, err := os.Stat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%s: there is no such directory: asterisk's files are changed on its own machine; where are they?", dir)
	case err != nil:
		return nil, err
	case !info.IsDir():
		return nil, fmt.Errorf("%s: not a directory", dir)
	}
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	return &Tree{Dir: dir, read: map[string]original{}, edits: map[string]string{}}, nil
}

// path returns the path of a file that a position or an option names.
func (t *Tree) path(file string) string {
	if filepath.IsAbs(file) {
		return filepath.Clean(file)
	}
	return filepath.Join(t.Dir, file)
}

// text returns the edited text of a file, or the text on the disk if there is no edit. The text of a missing file is
// empty.
func (t *Tree) text(path string) (string, error) {
	if text, ok := t.edits[path]; ok {
		return text, nil
	}
	if o, ok := t.read[path]; ok {
		return o.text, nil
	}
	o, err := readOriginal(path)
	if err == nil {
		t.read[path] = o
	}
	return o.text, err
}

// maxFile bounds a file in bytes: 100,000 users take some 40 MB.
const maxFile = 512 << 20

func readOriginal(path string) (original, error) {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return original{missing: true}, nil
	case err != nil:
		return original{}, err
	case !info.Mode().IsRegular():
		return original{}, &fs.PathError{Op: "read", Path: path, Err: fs.ErrInvalid}
	case info.Size() > maxFile:
		return original{}, fmt.Errorf("%s: more than %d bytes", path, maxFile)
	}
	text, err := os.ReadFile(path)
	return original{text: string(text)}, err
}

// Edit sets the new text of a file. Write writes it.
func (t *Tree) Edit(path, text string) { t.edits[path] = text }

// Edited returns the paths that Write would write, sorted.
func (t *Tree) Edited() []string { return slices.Sorted(maps.Keys(t.edits)) }

// loader returns a loader that reads the files with their edits.
func (t *Tree) loader() *astconf.Loader {
	return &astconf.Loader{
		Dir: t.Dir,
		ReadFile: func(path string) ([]byte, error) {
			clean := t.path(path)
			text, err := t.text(clean)
			if _, edited := t.edits[clean]; err == nil && !edited && t.read[clean].missing {
				err = &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
			}
			return []byte(text), err
		},
		Glob: func(pattern string) ([]string, error) {
			found, err := filepath.Glob(pattern)
			for path := range t.edits {
				if is, _ := filepath.Match(pattern, path); is && !slices.Contains(found, path) {
					found = append(found, path)
				}
			}
			return found, err
		},
	}
}

// Load reads a file as Asterisk does, with the files that it includes. It returns nil if the file does not exist. An
// error says what Asterisk could not read.
func (t *Tree) Load(name string) (*astconf.File, error) {
	file, err := t.loader().Load(name)
	if errors.Is(err, fs.ErrNotExist) {
		if _, broken := errors.AsType[*astconf.Error](err); !broken {
			return nil, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return file, nil
}

// config reads all files that matter for phones. It skips the dialplan and the database functions, which do not matter
// here.
func (t *Tree) config() (provision.Config, error) {
	config := provision.Config{}
	var errs []error
	for name := range config.Files() {
		if name == provision.GlobalsFile || name == provision.ODBCFile {
			continue
		}
		switch file, err := t.Load(name); {
		case err != nil:
			errs = append(errs, err)
		case file != nil:
			config[name] = file
		}
	}
	return config, errors.Join(errs...)
}

// section is a section in comparable form: its file, its name, its templates and its options, without its position.
type section struct {
	file, name, content string
}

func newSection(file string, name string, bases []string, vars []astconf.Var) section {
	var b strings.Builder
	fmt.Fprintf(&b, "%q", bases)
	for _, v := range vars {
		fmt.Fprintf(&b, "\n%s=%s", v.Name, v.Value)
	}
	return section{file, name, b.String()}
}

// sections returns all sections of all files, sorted by the files' names. The sections of a file are in its order.
func sections(config provision.Config) []section {
	var all []section
	for _, file := range slices.Sorted(maps.Keys(config)) {
		for _, c := range config[file].Categories {
			all = append(all, newSection(file, c.Name, c.Bases, slices.Collect(c.Vars())))
		}
	}
	return all
}

// verify compares the sections before and after an edit. after must have all sections of before in the same order, plus
// the sections in added and minus those in removed. Otherwise verify returns the first wrong section and false.
func verify(before, after []section, added, removed []section) (wrong section, ok bool) {
	expect := map[section]int{}
	for _, s := range added {
		expect[s]++
	}
	gone := map[section]int{}
	for _, s := range removed {
		gone[s]++
	}
	i := 0
	for _, s := range before {
		for i < len(after) && after[i] != s && expect[after[i]] > 0 {
			expect[after[i]]--
			i++
		}
		switch {
		case i < len(after) && after[i] == s:
			i++
		case gone[s] > 0:
			gone[s]--
		default:
			return s, false
		}
	}
	for ; i < len(after); i++ {
		if expect[after[i]] == 0 {
			return after[i], false
		}
		expect[after[i]]--
	}
	for _, s := range added {
		if expect[s] > 0 {
			return s, false
		}
	}
	for _, s := range removed {
		if gone[s] > 0 {
			return s, false
		}
	}
	return section{}, true
}
