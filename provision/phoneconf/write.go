package phoneconf

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// siblings are models for a new file: it gets the owner and the mode of the first that exists. Asterisk reads these
// files, and they have secrets too.
var siblings = [...]string{"pjsip.conf", "manager.conf", "asterisk.conf"}

// newMode is the mode of a new file in a directory without siblings. Others may not read it, because it has secrets.
const newMode = 0o640

// Change is an edit that Write would write.
type Change struct {
	Path          string
	New           bool // the file does not exist yet
	Before, After string
}

// Changes returns the edits, sorted by path.
func (t *Tree) Changes() []Change {
	var all []Change
	for _, path := range t.Edited() {
		all = append(all, Change{path, t.read[path].missing, t.read[path].text, t.edits[path]})
	}
	return all
}

// Write writes all edits, or none and returns an error. Another Write in the same directory waits meanwhile. Write
// refuses if a file has changed since the Tree read it.
func (t *Tree) Write() error {
	unlock, err := lock(t.Dir)
	if err != nil {
		return fmt.Errorf("%s: %w", t.Dir, err)
	}
	defer unlock()
	var staged []stagedFile
	defer func() {
		for _, s := range staged {
			_ = os.Remove(s.beside) // fails if Write renamed it
		}
	}()
	for _, path := range t.Edited() {
		s, err := t.stage(path)
		if err != nil {
			return err
		}
		staged = append(staged, s)
	}
	for i, s := range staged {
		if t.Backup != "" && !s.before.missing {
			if err := os.Link(s.target, s.target+t.Backup); err != nil {
				return errors.Join(fmt.Errorf("%s: no copy of it could be kept: %w", s.path, err), restore(staged[:i]))
			}
		}
		if err := os.Rename(s.beside, s.target); err != nil {
			return errors.Join(fmt.Errorf("%s: cannot be replaced: %w", s.path, err), restore(staged[:i]))
		}
	}
	clear(t.read)
	clear(t.edits)
	return nil
}

// stagedFile is an edit in a new file beside its file.
type stagedFile struct {
	path, target, beside string // target is path with its symbolic links resolved; beside is the new file
	info                 fs.FileInfo
	before               original
}

// stage writes an edit to a new file beside its file, with the owner and the mode of the file.
func (t *Tree) stage(path string) (stagedFile, error) {
	s := stagedFile{path: path, target: path, before: t.read[path]}
	now, err := readOriginal(path)
	if err != nil {
		return s, err
	}
	if now != s.before {
		return s, fmt.Errorf("%s: it has changed meanwhile: nothing was written, try again", path)
	}
	model := path
	if now.missing {
		model = t.sibling()
	} else if s.target, err = filepath.EvalSymlinks(path); err != nil {
		return s, err
	}
	if s.info, err = os.Stat(model); err != nil {
		return s, err
	}
	s.beside, err = writeBeside(s.target, t.edits[path], s.info)
	return s, err
}

// sibling returns the model for the owner and the mode of a new file: one of siblings, else the directory.
func (t *Tree) sibling() string {
	for _, name := range siblings {
		if info, err := os.Stat(t.path(name)); err == nil && info.Mode().IsRegular() {
			return t.path(name)
		}
	}
	return t.Dir
}

// writeBeside writes a text to a new file in target's directory and returns the file's name. The file gets the owner
// and the mode of like. If like is a directory, the mode is newMode.
func writeBeside(target, text string, like fs.FileInfo) (name string, err error) {
	f, err := os.CreateTemp(filepath.Dir(target), "."+filepath.Base(target)+".*")
	if err != nil {
		return "", explain(target, err)
	}
	mode := like.Mode().Perm()
	if like.IsDir() {
		mode = newMode
	}
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Chmod(mode), chown(f, like), f.Sync(), f.Close())
	if err != nil {
		return "", errors.Join(explain(target, err), os.Remove(f.Name()))
	}
	return f.Name(), nil
}

// explain returns err with the path. If a right is missing, the error says what to do.
func explain(path string, err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%s: no right to replace it and keep its owner: be root, or its owner, for example with sudo", path)
	}
	return fmt.Errorf("%s: %w", path, err)
}

// restore restores the text of files. It deletes a file that did not exist before.
func restore(staged []stagedFile) error {
	var errs []error
	for _, s := range staged {
		if s.before.missing {
			errs = append(errs, os.Remove(s.target))
			continue
		}
		beside, err := writeBeside(s.target, s.before.text, s.info)
		if err == nil {
			err = os.Rename(beside, s.target)
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}
