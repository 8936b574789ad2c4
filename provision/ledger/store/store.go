package store

import (
	"bytes"
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
	// FileName is the name of the file in the state directory.
	FileName = "ledger.db"
	// maxFileSize bounds the file in bytes: 100,000 phones with a full history.
	maxFileSize = 500_000_000
	// growth is how many bytes the file grows at a time.
	growth = 1 << 20
	// lockWait is how long Open waits for another process to close the file: one that is just ending.
	lockWait = time.Second
)

// The buckets of the file.
var (
	metaBucket      = []byte("meta")
	phonesBucket    = []byte("phones")
	historyBucket   = []byte("history")
	strangersBucket = []byte("strangers")
	syncsBucket     = []byte("syncs")
	textsBucket     = []byte("texts")
	basesBucket     = []byte("bases")

	versionKey = []byte("version")
	dayKey     = []byte("day")
	keyKey     = []byte("key")
)

// upgrades bring a file to the next version of the format: upgrades[0] from version 1 to 2. A row is added when an older
// phoneprov would misread the file. A new state, a new kind of event, and a field at the end of a record or in its JSON
// need none.
var upgrades []func(*bbolt.Tx) error

// ErrNewer means that a newer phoneprov wrote the file. Open does not change it.
var ErrNewer = errors.New("the file is of a newer phoneprov, and is left as it is")

// Options are the options of Open.
type Options struct {
	// OpenFile opens the file. If nil, os.OpenFile.
	OpenFile func(name string, flag int, perm os.FileMode) (*os.File, error)
	// Note is called with a text about a damaged file and what was done. It may be nil.
	Note func(text string)
	// NoSync skips the flush of each commit to disk. A crash of the machine may then lose more than the last second. It
	// is for tests of speed.
	NoSync bool
	// MaxSize bounds the file in bytes. If zero, 500 MB.
	MaxSize int
}

// DB is a ledger.Store in a file.
type DB struct {
	o        Options
	path     string
	mu       sync.RWMutex // guards db, which is replaced after damage
	db       *bbolt.DB
	upgrades []func(*bbolt.Tx) error // a test has others
	size     atomic.Int64
	released time.Time // time of the last release
	texts    texts     // only Commit uses it
}

// Open opens the file in a directory. It creates the directory and the file if they are missing. It renames a damaged
// file. An error says why nothing can be stored there.
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
	return openAs(dir, o, upgrades)
}

// openAs opens the file with the version that the last of some upgrades brings it to.
func openAs(dir string, o Options, upgrades []func(*bbolt.Tx) error) (*DB, error) {
	d := &DB{o: o, path: filepath.Join(dir, FileName), upgrades: upgrades}
	if err := d.open(); err != nil {
		return nil, fmt.Errorf("state.dir: %s: %w", d.path, err)
	}
	return d, nil
}

// version is the version of the format that d reads and writes.
func (d *DB) version() uint64 { return 1 + uint64(len(d.upgrades)) }

// open opens the file. It sets a damaged file aside and begins an empty one.
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
	if err := guard(func() error { return db.View(d.texts.open) }); err != nil {
		return errors.Join(err, db.Close())
	}
	d.db = db
	d.measure()
	return nil
}

// attempt opens the file and reads everything that Load reads.
func (d *DB) attempt() (*bbolt.DB, error) {
	var db *bbolt.DB
	err := guard(func() (err error) {
		// The file holds the list of free pages. Without it Open searches them in a goroutine, and nobody can recover a
		// panic there.
		db, err = bbolt.Open(d.path, 0o600, &bbolt.Options{
			Timeout: lockWait, FreelistType: bbolt.FreelistMapType, OpenFile: d.o.OpenFile, MaxSize: d.o.MaxSize,
			NoSync: d.o.NoSync, NoGrowSync: d.o.NoSync, NoStatistics: true, InitialMmapSize: mapped(d.o),
		})
		if err != nil {
			return err
		}
		db.AllocSize = growth
		if err = d.prepare(db); err != nil {
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

// prepare checks the version, upgrades an older file, and creates the buckets of a new one.
func (d *DB) prepare(db *bbolt.DB) error {
	had, err := versionOf(db)
	switch {
	case err != nil:
		return err
	case had > d.version():
		return fmt.Errorf("%w: it has format %d, and this phoneprov knows %d", ErrNewer, had, d.version())
	case had == d.version():
		return db.Update(createAll)
	case had > 0:
		return d.upgrade(db, had)
	}
	return db.Update(func(tx *bbolt.Tx) error {
		if err := createAll(tx); err != nil {
			return err
		}
		return tx.Bucket(metaBucket).Put(versionKey, binary.AppendUvarint(nil, d.version()))
	})
}

// createAll creates the buckets that are missing: all of a new file, and those that an older phoneprov did not know.
func createAll(tx *bbolt.Tx) error {
	for _, name := range [][]byte{metaBucket, phonesBucket, historyBucket, strangersBucket, syncsBucket, textsBucket, basesBucket} {
		if _, err := tx.CreateBucketIfNotExists(name); err != nil {
			return err
		}
	}
	return nil
}

// versionOf returns the version of a file, or 0 if the file is new.
func versionOf(db *bbolt.DB) (version uint64, err error) {
	err = db.View(func(tx *bbolt.Tx) error {
		if meta := tx.Bucket(metaBucket); meta != nil {
			version, _ = binary.Uvarint(meta.Get(versionKey))
		}
		return nil
	})
	return version, err
}

// upgrade brings a file from a version to the present one, in one transaction. Before, it copies the file, so that the
// phoneprov of before can go on with the copy.
func (d *DB) upgrade(db *bbolt.DB, from uint64) error {
	kept := fmt.Sprintf("%s.%d", d.path, from)
	err := db.View(func(tx *bbolt.Tx) error { return tx.CopyFile(kept+".new", 0o600) })
	if err == nil {
		err = os.Rename(kept+".new", kept)
	}
	if err != nil {
		return err
	}
	err = db.Update(func(tx *bbolt.Tx) error {
		if err := createAll(tx); err != nil {
			return err
		}
		for _, upgrade := range d.upgrades[from-1:] {
			if err := upgrade(tx); err != nil {
				return err
			}
		}
		return tx.Bucket(metaBucket).Put(versionKey, binary.AppendUvarint(nil, d.version()))
	})
	if err == nil {
		d.o.Note(fmt.Sprintf("%s was of an older phoneprov, and has format %d now; the file of before is %s", d.path, d.version(), kept))
	}
	return err
}

// errPanic replaces a panic of bbolt, and a memory fault while reading a file that is too short.
var errPanic = errors.New("the file is damaged")

// guard runs f, which reads or writes the file. It returns a panic of bbolt and a fault of mapped memory as an error.
func guard(f func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("%w: %v", errPanic, v)
		}
	}()
	return f()
}

// damaged reports whether an error means that the file's content is unusable.
func damaged(err error) bool {
	for _, is := range []error{errPanic, errShort, bolterrors.ErrInvalid, bolterrors.ErrVersionMismatch, bolterrors.ErrChecksum, bolterrors.ErrInvalidMapping, bolterrors.ErrBucketNotFound} {
		if errors.Is(err, is) {
			return true
		}
	}
	return false
}

// setAside renames the file. It replaces an older file that was set aside.
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

// Size returns the number of bytes of the file.
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

// errClosed means that the DB is closed, or that an empty file could not be begun.
var errClosed = errors.New("the file is not open")

// view runs f in a read transaction.
func (d *DB) view(f func(*bbolt.Tx) error) error {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.db == nil {
		return errClosed
	}
	return guard(func() error { return d.db.View(f) })
}

// Load implements ledger.Store.
func (d *DB) Load(yield func(ledger.Record)) (kept ledger.Kept, err error) {
	err = d.view(func(tx *bbolt.Tx) error {
		kept, err = load(tx, yield)
		return err
	})
	return kept, err
}

func load(tx *bbolt.Tx, yield func(ledger.Record)) (kept ledger.Kept, err error) {
	for _, name := range [][]byte{metaBucket, phonesBucket, historyBucket, strangersBucket, syncsBucket} {
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
	kept.Key = bytes.Clone(tx.Bucket(metaBucket).Get(keyKey))
	if kept.Day, err = decodeDay(tx.Bucket(metaBucket).Get(dayKey)); err != nil {
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

// History implements ledger.Store.
func (d *DB) History(phone string) (events []ledger.Event, err error) {
	err = d.view(func(tx *bbolt.Tx) error {
		events, err = history(tx.Bucket(historyBucket).Get([]byte(phone))).events(phone)
		return err
	})
	return events, err
}
