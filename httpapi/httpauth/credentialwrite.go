package httpauth

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/regularfile"
)

// Write gives a phone and user these hashes in a file, in place of those that they had; without hashes it removes their
// lines. The zero MAC stands for the user that all phones share. All other lines stay, and must be valid, so that a
// file of another kind is not changed.
//
// Readers see the old text or the new one, and several writers take turns. A new file is readable by its owner alone.
// An existing file keeps its owner, and its group may still read it.
func Write(path string, mac device.MAC, user string, hashes []string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a symbolic link stays one
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil { // of the directory, because the file is replaced
		return &fs.PathError{Op: "lock", Path: dir.Name(), Err: err}
	}
	data, info, err := regularfile.Read(path, maxFile)
	if errors.Is(err, fs.ErrNotExist) && len(hashes) > 0 {
		err = nil
	}
	if err != nil {
		return err
	}
	if data, err = edit(path, data, owner{mac, user}, hashes); err != nil {
		return err
	}
	return replace(path, data, info)
}

// replace writes a new file and renames it. info is of the previous file; nil: there was none.
func replace(path string, data []byte, info os.FileInfo) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // it is gone after the rename
	_, err = f.Write(data)
	err = errors.Join(err, keepAccess(f, info), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// groupMay is the right that the group keeps, because the service may read the file as a member of it.
const groupMay fs.FileMode = 0o040

func keepAccess(f *os.File, info os.FileInfo) error {
	if info == nil {
		return nil
	}
	if old, ok := info.Sys().(*syscall.Stat_t); ok {
		if err := f.Chown(int(old.Uid), int(old.Gid)); err != nil {
			return err
		}
	}
	return f.Chmod(0o600 | info.Mode()&groupMay)
}
