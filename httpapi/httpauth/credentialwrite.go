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

// Write gives a phone and user these hashes in a file, in place of those they had; none take them out of it. The zero MAC
// is the user that all phones share. All other lines stay as they are, and must be valid: a file of another kind is not
// touched.
//
// Who reads the file meanwhile sees the old text or the new, and two that write take turns. A new file is for its owner
// alone; one that is there keeps its owner, and its group may go on reading it.
func Write(path string, mac device.MAC, user string, hashes []string) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real // a link stays one
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer dir.Close()
	if err := syscall.Flock(int(dir.Fd()), syscall.LOCK_EX); err != nil { // of the directory: the file becomes another
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

// replace writes beside the file and renames. Info is of the file that was there, nil for none.
func replace(path string, data []byte, info os.FileInfo) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // of mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // gone, if all went well
	_, err = f.Write(data)
	err = errors.Join(err, keepAccess(f, info), f.Sync(), f.Close())
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// groupMay is what is left to others than the owner: the service may have been let in as the group.
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
