package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.etcd.io/bbolt"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// TestFaultsOfTheFile has a row for each fault of a file that Open meets.
func TestFaultsOfTheFile(t *testing.T) {
	d := openDB(t, t.TempDir(), Options{NoSync: true})
	for i := range 200 {
		commit(t, d, ledger.Batch{Records: []ledger.Record{record(fmt.Sprintf("%012x", i))}})
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(d.path)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name  string
		spoil func(t *testing.T, path string)
		aside bool   // the file is renamed, and an empty one begins
		err   string // error of Open; empty: none
	}{
		{"nothing", func(*testing.T, string) {}, false, ""},
		{"empty", func(t *testing.T, path string) { truncate(t, path, 0) }, false, ""},
		{"garbage", func(t *testing.T, path string) { write0(t, path, bytes.Repeat([]byte("garbage "), 10_000)) }, true, ""},
		{"text", func(t *testing.T, path string) { write0(t, path, []byte("# state\n")) }, true, ""},
		{"both metas overwritten", func(t *testing.T, path string) { overwrite(t, path, 0, 3*int64(os.Getpagesize())) }, true, ""},
		{"pages overwritten", func(t *testing.T, path string) { overwrite(t, path, 2*int64(os.Getpagesize()), 1<<20) }, true, ""},
		{"cut in the middle", func(t *testing.T, path string) { truncate(t, path, 3*int64(os.Getpagesize())) }, true, ""},
		{"cut within a page", func(t *testing.T, path string) { truncate(t, path, 3*int64(os.Getpagesize())+100) }, true, ""},
		{"of a newer version", newer, false, "is of a newer phoneprov"},
		{"a directory", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, false, "is a directory"},
	} {
		t.Run(row.name, func(t *testing.T) {
			var notes []string
			o := Options{NoSync: true, Note: func(s string) { notes = append(notes, s) }}
			dir := t.TempDir()
			path := filepath.Join(dir, filepath.Base(d.path))
			if err := os.WriteFile(path, whole, 0o600); err != nil {
				t.Fatal(err)
			}
			row.spoil(t, path)
			before, _ := os.ReadFile(path)
			next, err := Open(dir, o)
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) || !strings.Contains(err.Error(), path) {
					t.Errorf("got error %v, want %q", err, row.err)
				}
				if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
					t.Error("the file was changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer next.Close()
			aside, asideErr := os.ReadFile(path + ".corrupt")
			if row.aside != (asideErr == nil) || row.aside && !bytes.Equal(aside, before) {
				t.Errorf("set aside: %v, want %v", asideErr, row.aside)
			}
			if row.aside != (len(notes) == 1) {
				t.Errorf("got notes %q", notes)
			}
			commit(t, next, ledger.Batch{Records: []ledger.Record{record(phoneID)}})
			records, _ := all(t, next)
			if want := map[bool]int{true: 1, false: 201}[row.aside]; len(records) != want && row.name != "empty" {
				t.Errorf("got %d records, want %d", len(records), want)
			}
		})
	}
}

func truncate(t *testing.T, path string, size int64) {
	t.Helper()
	if err := os.Truncate(path, size); err != nil {
		t.Fatal(err)
	}
}

func write0(t *testing.T, path string, text []byte) {
	t.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// overwrite replaces a part of the file with nonsense.
func overwrite(t *testing.T, path string, from, to int64) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for i := from; i < min(to, int64(len(text))); i++ {
		text[i] = byte(i * 7)
	}
	write0(t, path, text)
}

func newer(t *testing.T, path string) {
	t.Helper()
	db, err := bbolt.Open(path, 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	err = db.Update(func(tx *bbolt.Tx) error {
		return tx.Bucket(metaBucket).Put(versionKey, []byte{byte(2 + len(upgrades))})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestFileIsDamagedWhileItIsOpen truncates the file under an open DB.
func TestFileIsDamagedWhileItIsOpen(t *testing.T) {
	var notes []string
	d := openDB(t, t.TempDir(), Options{NoSync: true, Note: func(s string) { notes = append(notes, s) }})
	var many []ledger.Record
	for i := range 2000 {
		many = append(many, record(fmt.Sprintf("%012x", i)))
	}
	commit(t, d, ledger.Batch{Records: many})
	truncate(t, d.path, 2*int64(os.Getpagesize()))
	if _, err := d.Load(func(ledger.Record) {}); err == nil {
		t.Error("Load of a file that was cut: no error")
	}
	err := d.Commit(ledger.Batch{Now: at, Records: many[:1000:1000]})
	if !errors.Is(err, ledger.ErrLost) || len(notes) != 1 {
		t.Fatalf("got %v, %q", err, notes)
	}
	commit(t, d, ledger.Batch{Records: many})
	if records, _ := all(t, reopen(t, d)); len(records) != len(many) {
		t.Errorf("got %d records, want %d", len(records), len(many))
	}
}

func TestFileThatCannotBeOpened(t *testing.T) {
	for _, row := range []struct {
		name string
		open func(string, int, os.FileMode) (*os.File, error)
		err  string
	}{
		{"read-only file system", func(name string, flag int, _ os.FileMode) (*os.File, error) {
			return nil, &os.PathError{Op: "open", Path: name, Err: errors.New("read-only file system")}
		}, "read-only file system"},
		{"opened for reading only", func(name string, _ int, perm os.FileMode) (*os.File, error) {
			return os.OpenFile(name, os.O_RDONLY|os.O_CREATE, perm)
		}, "bad file descriptor"},
	} {
		t.Run(row.name, func(t *testing.T) {
			if _, err := Open(t.TempDir(), Options{OpenFile: row.open}); err == nil || !strings.Contains(err.Error(), row.err) || !strings.HasPrefix(err.Error(), "state.dir: ") {
				t.Errorf("got %v, want %q", err, row.err)
			}
		})
	}
	t.Run("directory that cannot be made", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		write0(t, file, nil)
		if _, err := Open(filepath.Join(file, "dir"), Options{}); err == nil || !strings.HasPrefix(err.Error(), "state.dir: ") {
			t.Errorf("got %v", err)
		}
	})
	t.Run("opened by another process", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			d, start := openDB(t, t.TempDir(), Options{}), time.Now()
			if _, err := Open(filepath.Dir(d.path), Options{}); err == nil || !strings.Contains(err.Error(), "timeout") {
				t.Errorf("got %v", err)
			}
			if waited := time.Since(start); waited < lockWait/2 {
				t.Errorf("gave up after %v", waited)
			}
		})
	})
}

// TestFullFile fills the file to its bound: the records stay, the history is deleted.
func TestFullFile(t *testing.T) {
	var notes []string
	d := openDB(t, t.TempDir(), Options{NoSync: true, MaxSize: 4 << 20, Note: func(s string) { notes = append(notes, s) }})
	phones := 0
	for ; len(notes) == 0 && phones < 100_000; phones += 100 {
		var b ledger.Batch
		for i := range 100 {
			r := record(fmt.Sprintf("%012x", phones+i))
			b.Records = append(b.Records, r)
			for _, e := range numbered(30, "some text") {
				e.Phone = r.ID
				b.Events = append(b.Events, e)
			}
		}
		commit(t, d, b)
	}
	if len(notes) != 1 || !strings.Contains(notes[0], "history of all phones is given up") {
		t.Fatalf("got notes %q", notes)
	}
	records, _ := all(t, reopen(t, d))
	if len(records) != phones {
		t.Errorf("got %d records, want %d", len(records), phones)
	}
	if d.Size() > 4<<20 {
		t.Errorf("got %d bytes", d.Size())
	}
}
