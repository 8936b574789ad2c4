package provision

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// maxTemplate bounds a template in bytes: what is larger is no template, but a file that someone named as one.
const maxTemplate = 16 << 20

// settleTime is how old a file's last change must be for its parsed template to be kept: a second change within the
// clock of the file system would not show.
const settleTime = 100 * time.Millisecond

// DataDir is the directory of templates and static files. No name and no symbolic link leads out of it.
type DataDir struct {
	data, config directory // config: for the function STAT
	mu           sync.RWMutex
	templates    map[string]*templateFile
	etags        etags
}

// templateFile is a template as of a state of its file.
type templateFile struct {
	*dialplan.Template
	cut     bool   // a NUL ends it, and what stands behind that is left out, as in Asterisk
	path    string // of the file, by that of the directory
	info    fs.FileInfo
	settled bool // another state of the file would show
}

// OpenData opens the directory. Asterisk's configuration directory, whose files the function STAT may see, need not be
// there.
func OpenData(dir, configDir string) (*DataDir, error) {
	d := &DataDir{templates: map[string]*templateFile{}}
	d.data.path, d.config.path = dir, configDir
	if _, err := d.data.root(); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	return d, nil
}

// Close ends the use of the directory.
func (d *DataDir) Close() error { return errors.Join(d.data.close(), d.config.close()) }

// localName is a configured name as a path under the root: Asterisk puts the directory before whatever it is, so a
// leading slash means nothing.
func localName(name string) string {
	if name = strings.TrimLeft(path.Clean(name), "/"); name == "" {
		return "."
	}
	return name
}

// open opens a regular file; anything else is fs.ErrNotExist.
func (d *DataDir) open(name string) (*os.File, fs.FileInfo, error) {
	root, err := d.data.root()
	if err != nil {
		return nil, nil, err
	}
	info, err := root.Stat(localName(name)) // before it is opened: to open a pipe waits for its writer
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	if err != nil {
		return nil, nil, err
	}
	f, err := root.Open(localName(name))
	if err != nil {
		return nil, nil, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, nil, err
	}
	return f, info, nil
}

// template gives the parsed template of a file, parsing it again when the file is another or has changed.
func (d *DataDir) template(name string) (*templateFile, error) {
	d.mu.RLock()
	have := d.templates[name]
	d.mu.RUnlock()
	if have != nil && d.current(have) {
		return have, nil
	}
	f, info, err := d.open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTemplate+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxTemplate {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, maxTemplate)
	}
	text, behind, hasNUL := bytes.Cut(text, []byte{0})
	t := &templateFile{dialplan.Parse(name, string(text)), hasNUL && len(behind) > 0, filepath.Join(d.data.path, localName(name)), info,
		time.Since(info.ModTime()) >= settleTime}
	d.mu.Lock()
	defer d.mu.Unlock()
	if t.settled {
		d.templates[name] = t
	} else {
		delete(d.templates, name)
	}
	return t, nil
}

// current says whether a template's file is as it was. It is looked at by its path first, which is half the calls of the
// system: a symbolic link may lead anywhere, but the file it leads to is the one that was read.
func (d *DataDir) current(t *templateFile) bool {
	if info, err := os.Stat(t.path); err == nil && unchanged(t.info, info) {
		return true
	}
	root, err := d.data.root()
	if err != nil {
		return false
	}
	info, err := root.Stat(localName(t.Name()))
	return err == nil && unchanged(t.info, info)
}

func unchanged(a, b fs.FileInfo) bool {
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// names lists the regular files under the directory, in lexical order.
func (d *DataDir) names() ([]string, error) {
	var names []string
	root, err := d.data.root()
	if err != nil {
		return nil, err
	}
	err = fs.WalkDir(root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			names = append(names, name)
		}
		return err
	})
	return names, err
}

// stat answers the function STAT, for files of the data and the configuration directory only: by their absolute path,
// or by their path under the data directory.
func (d *DataDir) stat(name string) (fs.FileInfo, error) {
	if !path.IsAbs(name) {
		root, err := d.data.root()
		if err != nil {
			return nil, err
		}
		return root.Stat(localName(name))
	}
	for _, dir := range []*directory{&d.data, &d.config} {
		if rel, ok := strings.CutPrefix(path.Clean(name), path.Clean(dir.path)+"/"); ok {
			root, err := dir.root()
			if err != nil {
				return nil, err
			}
			return root.Stat(rel)
		}
	}
	return nil, &fs.PathError{Op: "stat", Path: name, Err: fs.ErrPermission}
}
