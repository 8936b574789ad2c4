package uploads

import (
	"container/list"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/phoneprov/phoneprov/provision/device"
)

// MaxFile bounds a file, in bytes. A phone cuts its log at some hundred kB.
const MaxFile = 1 << 20

// block is the unit in which files are counted, in bytes, so that many empty files are bounded too.
const block = 4 << 10

// ErrFull says that files other than logs use up the phone's quota, or the quota of all phones.
var ErrFull = errors.New("no room for the file")

var errNoDir = errors.New("not a directory")

// Limits bound a Store, in bytes.
type Limits struct {
	Phone int64 // for each phone
	All   int64 // for all phones together
}

// Store stores files in a directory.
type Store struct {
	root   *os.Root
	limits Limits

	mu     sync.Mutex
	phones map[device.MAC]*phone // that have files
	logs   *list.List            // of type key, the oldest first
	all    int64                 // bytes of all files
}

type phone struct {
	files map[string]file
	taken int64 // bytes
}

type key struct {
	mac  device.MAC
	name string
}

func (k key) path() string { return path.Join(k.mac.String(), k.name) }

// keyOf returns the key of a path in the directory. ok is false for a path that Put does not write.
func keyOf(name string) (key, bool) {
	dir, base, _ := strings.Cut(name, "/")
	mac, err := device.ParseMAC(dir)
	k := key{mac, base}
	return k, err == nil && k.path() == name && strings.Contains(base, dir) && isName(base)
}

type file struct {
	taken int64         // bytes
	log   *list.Element // its element in Store.logs; nil: the file is not a log
}

// Open opens the directory, creates it if it does not exist, and counts its files. The caller closes the Store.
func Open(dir string, limits Limits) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{root: root, limits: limits, phones: map[device.MAC]*phone{}, logs: list.New()}
	if err := s.scan(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

// Close closes the directory.
func (s *Store) Close() error { return s.root.Close() }

// scan counts the files, and removes temporary files of a run that was killed.
func (s *Store) scan() error {
	type found struct {
		key
		fs.FileInfo
	}
	var all []found
	err := fs.WalkDir(s.root.FS(), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		if path.Ext(name) == temporary {
			return s.root.Remove(name)
		}
		info, err := e.Info()
		if err != nil {
			return err
		}
		if k, ok := keyOf(name); ok { // other files are not ours
			all = append(all, found{k, info})
		}
		return nil
	})
	slices.SortStableFunc(all, func(a, b found) int { return a.ModTime().Compare(b.ModTime()) })
	for _, f := range all {
		s.add(f.key, f.Size())
	}
	return err
}

// taken returns the bytes that a file of a size counts for.
func taken(size int64) int64 { return max(1, (size+block-1)/block) * block }

// add counts a file as the newest.
func (s *Store) add(k key, size int64) {
	p := s.phones[k.mac]
	if p == nil {
		p = &phone{files: map[string]file{}}
		s.phones[k.mac] = p
	}
	f := file{taken: taken(size)}
	if isLog(k.name) {
		f.log = s.logs.PushBack(k)
	}
	p.files[k.name] = f
	p.taken += f.taken
	s.all += f.taken
}

func (s *Store) drop(k key) {
	p := s.phones[k.mac]
	f := p.files[k.name]
	if f.log != nil {
		s.logs.Remove(f.log)
	}
	delete(p.files, k.name)
	p.taken -= f.taken
	s.all -= f.taken
	if len(p.files) == 0 {
		delete(s.phones, k.mac)
	}
}

func (s *Store) find(k key) (f file, ok bool) {
	if p := s.phones[k.mac]; p != nil {
		f, ok = p.files[k.name]
	}
	return f, ok
}

// temporary is the extension of a file that is being written. No name of a phone's file ends with it.
const temporary = ".tmp~"

// Put stores a file of at most MaxFile bytes under a name that NameOf returned. It replaces a file of that name. The
// error is ErrFull if there is no room.
func (s *Store) Put(mac device.MAC, name string, data []byte) (created bool, err error) {
	k := key{mac, name}
	s.mu.Lock()
	defer s.mu.Unlock()
	before, replaced := s.find(k)
	if err := s.makeRoom(k, taken(int64(len(data)))-before.taken); err != nil {
		return false, err
	}
	if err := s.write(k, data); err != nil {
		return false, fmt.Errorf("keep an upload: %w", err)
	}
	if replaced {
		s.drop(k)
	}
	s.add(k, int64(len(data)))
	return !replaced, nil
}

// makeRoom removes logs to make room for more bytes: the phone's own logs for its quota, any logs for the quota of all.
// If that does not suffice, it removes none.
func (s *Store) makeRoom(k key, more int64) error {
	var logs []key
	own, all := s.takenBy(k.mac)+more, s.all+more
	for _, quota := range []struct {
		full func() bool
		its  func(key) bool
	}{
		{func() bool { return own > s.limits.Phone }, func(log key) bool { return log.mac == k.mac }},
		{func() bool { return all > s.limits.All }, func(key) bool { return true }},
	} {
		for e := s.logs.Front(); e != nil && quota.full(); e = e.Next() {
			log, _ := e.Value.(key)
			if log == k || !quota.its(log) || slices.Contains(logs, log) { // k is going to be replaced
				continue
			}
			f, _ := s.find(log)
			if all -= f.taken; log.mac == k.mac {
				own -= f.taken
			}
			logs = append(logs, log)
		}
	}
	if own > s.limits.Phone || all > s.limits.All {
		return ErrFull
	}
	for _, log := range logs {
		if err := s.root.Remove(log.path()); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("make room for an upload: %w", err)
		}
		s.drop(log)
	}
	return nil
}

func (s *Store) takenBy(mac device.MAC) int64 {
	if p := s.phones[mac]; p != nil {
		return p.taken
	}
	return 0
}

// write writes a file as a whole or not at all.
func (s *Store) write(k key, data []byte) error {
	if err := s.root.Mkdir(k.mac.String(), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := s.ownDir(k.mac); err != nil {
		return err
	}
	name := k.path() + temporary
	err := s.writeNew(name, data)
	if err == nil {
		err = s.root.Rename(name, k.path())
	}
	if err != nil {
		return errors.Join(err, s.root.Remove(name))
	}
	return nil
}

// writeNew creates a file. If something has that name, for example a link or a pipe, it is removed and not written
// through.
func (s *Store) writeNew(name string, data []byte) error {
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	f, err := s.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}

// ownDir refuses a link in place of the phone's directory, which could lead to another phone's files.
func (s *Store) ownDir(mac device.MAC) error {
	info, err := s.root.Lstat(mac.String())
	if err == nil && !info.IsDir() {
		err = &fs.PathError{Op: "open", Path: mac.String(), Err: errNoDir}
	}
	return err
}

// Has reports whether there is a file under a name that NameOf returned.
func (s *Store) Has(mac device.MAC, name string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.find(key{mac, name})
	return ok
}

// Get opens a file. The error is fs.ErrNotExist if there is none, or if somebody has replaced it by a pipe, a link, a
// device or the like. The caller closes the file.
func (s *Store) Get(mac device.MAC, name string) (*os.File, fs.FileInfo, error) {
	if !s.Has(mac, name) || s.ownDir(mac) != nil {
		return nil, nil, fs.ErrNotExist
	}
	k := key{mac, name}
	seen, err := s.root.Lstat(k.path())
	if err != nil || !seen.Mode().IsRegular() { // checked before it is opened, because opening a device can have effects
		return nil, nil, fs.ErrNotExist
	}
	f, err := s.root.OpenFile(k.path(), os.O_RDONLY|openAtOnce, 0)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err == nil && !os.SameFile(seen, info) { // replaced in between
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return f, info, nil
}
