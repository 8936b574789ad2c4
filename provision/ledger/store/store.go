package store

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

const (
	// FileName is the name of the file in the directory of the state.
	FileName = "ledger.db"
	// version of the format. One that is higher is of a newer phoneprov.
	version = 1
	// maxFileSize bounds the file in bytes: 100,000 phones with a full history.
	maxFileSize = 500_000_000
	// lockWait is how long another process that has the file open is waited for: one that is just ending.
	lockWait = time.Second
)

// The buckets of the file.
var (
	metaBucket      = []byte("meta")
	phonesBucket    = []byte("phones")
	historyBucket   = []byte("history")
	strangersBucket = []byte("strangers")
	syncsBucket     = []byte("syncs")

	versionKey = []byte("version")
)

// ErrNewer means that the file is of a newer phoneprov. It is left as it is.
var ErrNewer = errors.New("the file is of a newer phoneprov, and is left as it is")

// Options are for Open.
type Options struct {
	// OpenFile opens the file. Nil: os.OpenFile.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)
	// Note is told what was done about a file that was damaged. Nil: nobody is told.
	Note func(text string)
	// Sync is false where a crash of the machine may take more than the last second: for tests of speed.
	NoSync bool
	// MaxSize bounds the file in bytes; zero: 500 MB.
	MaxSize int
}

// DB is a ledger.Store in a file.
type DB struct {
	o        Options
	path     string
	mu       sync.RWMutex // for db: it is another one after the file was damaged
	db       *bbolt.DB
	size     atomic.Int64
	released time.Time // see release
}

// Open opens the file in a directory, or begins one; the directory is made where it is missing. A damaged file is renamed. An error
// means that nothing can be kept there, and why.
func Open(dir string, o Options) (*DB, error) {
	if o.OpenFile == nil {
		o.OpenFile = os.OpenFile
	}
	if o.Note == nil {
		o.Note = func(string) {}
	}
	if o.MaxSize == 0 {
		o.MaxSize = maxFileSize
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("state.dir: %w", err)
	}
	d := &DB{o: o, path: filepath.Join(dir, FileName)}
	if err := d.open(); err != nil {
		return nil, fmt.Errorf("state.dir: %s: %w", d.path, err)
	}
	return d, nil
}

// open opens the file. One that is damaged is set aside, and an empty one begins.
func (d *DB) open() error {
	db, err := d.attempt()
	if damaged(err) {
		if err := d.setAside(err); err != nil {
			return err
		}
		db, err = d.attempt()
	}
	if err != nil {
		return err
	}
	d.db = db
	d.measure()
	return nil
}

// attempt opens the file and reads all that Load does.
func (d *DB) attempt() (*bbolt.DB, error) {
	var db *bbolt.DB
	err := guard(func() (err error) {
		// The list of free pages is in the file: without it Open looks for them in a goroutine, whose panics nobody can recover.
		db, err = bbolt.Open(d.path, 0o600, &bbolt.Options{
			Timeout: lockWait, FreelistType: bbolt.FreelistMapType, OpenFile: d.o.OpenFile, MaxSize: d.o.MaxSize,
			NoSync: d.o.NoSync, NoGrowSync: d.o.NoSync, NoStatistics: true,
		})
		if err != nil {
			return err
		}
		if err = prepare(db); err != nil {
			return err
		}
		return db.View(func(tx *bbolt.Tx) error {
			_, err := load(tx, func(ledger.Record) {})
			return err
		})
	})
	if err != nil && db != nil && !errors.Is(err, errPanic) {
		err = errors.Join(err, db.Close())
	}
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(d.path, 0o600); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

// prepare checks the version and makes the buckets.
func prepare(db *bbolt.DB) error {
	return db.Update(func(tx *bbolt.Tx) error {
		meta, err := tx.CreateBucketIfNotExists(metaBucket)
		if err != nil {
			return err
		}
		if had := meta.Get(versionKey); len(had) > 0 {
			n, _ := binary.Uvarint(had)
			if n > version {
				return fmt.Errorf("%w: it has format %d, and this phoneprov knows %d", ErrNewer, n, version)
			}
			return nil
		}
		for _, name := range [][]byte{phonesBucket, historyBucket, strangersBucket, syncsBucket} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return meta.Put(versionKey, binary.AppendUvarint(nil, version))
	})
}

// errPanic is of bbolt's panics, and of reading where a file ends too early.
var errPanic = errors.New("the file is damaged")

// guard runs f, which reads or writes the file. What bbolt panics with, and a fault of memory that the file is mapped to, is an error.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errPanic, v)
		}
	}()
	return f()
}

// damaged reports an error that means that the content of the file is of no use.
func damaged(err error) bool {
	for _, is := range []error{errPanic, errShort, bolterrors.ErrInvalid, bolterrors.ErrVersionMismatch, bolterrors.ErrChecksum, bolterrors.ErrInvalidMapping, bolterrors.ErrBucketNotFound} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// setAside renames the file. An older one that was set aside is replaced.
func (d *DB) setAside(why error) error {
	aside := d.path + ".corrupt"
	if err := os.Rename(d.path, aside); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	d.o.Note(fmt.Sprintf("%s is damaged (%v): it is now %s, and the history begins anew", d.path, why, aside))
	return nil
}

func (d *DB) measure() {
	if info, err := os.Stat(d.path); err == nil {
		d.size.Store(info.Size())
	}
}

// Size is how many bytes the file has.
func (d *DB) Size() int64 { return d.size.Load() }

// Close closes the file.
func (d *DB) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.db == nil {
		return nil
	}
	err := d.db.Close()
	d.db = nil
	return err
}

// errClosed is of a DB after Close, or whose file could not be begun anew.
var errClosed = errors.New("the file is not open")

// view reads the file.
func (d *DB) view(f func(*bbolt.Tx) error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.db == nil {
		return errClosed
	}
	return guard(func() error { return d.db.View(f) })
}

// Load is ledger.Store's.
func (d *DB) Load(yield func(ledger.Record)) (kept ledger.Kept, err error) {
	err = d.view(func(tx *bbolt.Tx) error {
		kept, err = load(tx, yield)
		return err
	})
	return kept, err
}

func load(tx *bbolt.Tx, yield func(ledger.Record)) (kept ledger.Kept, err error) {
	for _, name := range [][]byte{phonesBucket, historyBucket, strangersBucket, syncsBucket} {
		if tx.Bucket(name) == nil {
			return kept, bolterrors.ErrBucketNotFound
		}
	}
	err = tx.Bucket(phonesBucket).ForEach(func(id, value []byte) error {
		r, err := decodeRecord(string(id), value)
		if err == nil {
			yield(r)
		}
		return err
	})
	if err != nil {
		return kept, err
	}
	if err = loadJSON(tx.Bucket(strangersBucket), &kept.Strangers); err != nil {
		return kept, err
	}
	return kept, loadJSON(tx.Bucket(syncsBucket), &kept.Syncs)
}

func loadJSON[T any](b *bbolt.Bucket, list *[]T) error {
	return b.ForEach(func(_, value []byte) error {
		var v T
		if json.Unmarshal(value, &v) != nil {
			return errShort
		}
		*list = append(*list, v)
		return nil
	})
}

// History is ledger.Store's.
func (d *DB) History(phone string) (events []ledger.Event, err error) {
	err = d.view(func(tx *bbolt.Tx) error {
		events, err = history(tx.Bucket(historyBucket).Get([]byte(phone))).events(phone)
		return err
	})
	return events, err
}
