package store

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// line is one line of an export. One of its fields is set.
type line struct {
	Version  int              `json:"phoneprov_state,omitempty"` // in the first line
	Phone    *ledger.Record   `json:"phone,omitempty"`
	History  []ledger.Event   `json:"history,omitempty"` // of the phone in the same line, the oldest first
	Stranger *ledger.Stranger `json:"stranger,omitempty"`
	Sync     *ledger.Sync     `json:"sync,omitempty"`
}

// exportVersion is the version of the lines. It is raised when an older phoneprov would misread them; a new field does
// not raise it, because unknown fields are skipped.
const exportVersion = 1

// maxLine bounds a line of an import in bytes: a phone with 32 files and 100 events takes some 100 kB.
const maxLine = 4 << 20

// Export writes the content of the file as JSON lines: a header, then a line for each phone with its history, for each
// stranger and for each sync.
func (d *DB) Export(w io.Writer) error {
	out := bufio.NewWriter(w)
	enc := json.NewEncoder(out)
	if err := enc.Encode(line{Version: exportVersion}); err != nil {
		return err
	}
	err := d.view(func(tx *bbolt.Tx) error {
		histories := tx.Bucket(historyBucket)
		var failed error
		kept, err := load(tx, func(r ledger.Record) {
			events, err := history(histories.Get([]byte(r.ID))).events(r.ID)
			for i, j := 0, len(events)-1; i < j; i, j = i+1, j-1 {
				events[i], events[j] = events[j], events[i]
			}
			if err == nil {
				err = enc.Encode(line{Phone: &r, History: events})
			}
			if failed == nil {
				failed = err
			}
		})
		if err != nil || failed != nil {
			return fmt.Errorf("export: %w", firstOf(failed, err))
		}
		for i := range kept.Strangers {
			if err := enc.Encode(line{Stranger: &kept.Strangers[i]}); err != nil {
				return err
			}
		}
		for i := range kept.Syncs {
			if err := enc.Encode(line{Sync: &kept.Syncs[i]}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return out.Flush()
}

func firstOf(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// importPart is the number of lines in one transaction of Import.
const importPart = 2000

// Import adds what Export wrote. It replaces a phone that exists, with its history. An error names the line.
func (d *DB) Import(r io.Reader) (phones int, err error) {
	in := bufio.NewScanner(r)
	in.Buffer(nil, maxLine)
	batch := ledger.Batch{Now: time.Now()}
	commit := func() error {
		err := d.Commit(batch)
		batch = ledger.Batch{Now: time.Now()}
		return err
	}
	number := 0
	for in.Scan() {
		number++
		var l line
		if err := json.Unmarshal(in.Bytes(), &l); err != nil {
			return phones, fmt.Errorf("line %d: not JSON as `phoneprov state export` writes it: %w", number, err)
		}
		switch {
		case number == 1 && l.Version == 0:
			return phones, fmt.Errorf("line 1: not the header that `phoneprov state export` writes: {\"phoneprov_state\":%d}", exportVersion)
		case l.Version > exportVersion:
			return phones, fmt.Errorf("line %d: a newer phoneprov exported this, with format %d, and this one knows %d", number, l.Version, exportVersion)
		case l.Phone != nil && l.Phone.ID != "":
			phones++
			batch.Forgotten = append(batch.Forgotten, l.Phone.ID) // deletes its history too
			batch.Records = append(batch.Records, *l.Phone)
			for _, e := range l.History {
				e.Phone = l.Phone.ID
				batch.Events = append(batch.Events, e)
			}
		case l.Stranger != nil && l.Stranger.MAC != "":
			batch.Strangers = append(batch.Strangers, *l.Stranger)
		case l.Sync != nil:
			batch.Syncs = append(batch.Syncs, *l.Sync)
		}
		if number%importPart == 0 {
			if err := commit(); err != nil {
				return phones, fmt.Errorf("line %d: %w", number, err)
			}
		}
	}
	if err := in.Err(); err != nil {
		return phones, fmt.Errorf("line %d: %w", number+1, err)
	}
	if number == 0 {
		return 0, fmt.Errorf("line 1: there is nothing to import")
	}
	return phones, commit()
}

// Exists reports whether a directory has a ledger file.
func Exists(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, FileName))
	return err == nil
}
