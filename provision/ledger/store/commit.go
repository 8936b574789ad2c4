package store

import (
	"cmp"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// pageFill is how full a page is left. A site's phones boot once in random order and change little afterwards.
const pageFill = 0.8

// maxSyncs is the number of syncs in the file.
const maxSyncs = 100

// Commit implements ledger.Store. If the file is damaged, Commit begins an empty one and returns ledger.ErrLost. If the
// file is full, Commit deletes the history.
func (d *DB) Commit(b ledger.Batch) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.db == nil {
		if err := d.open(); err != nil {
			return err
		}
		return ledger.ErrLost
	}
	defer d.measure()
	defer d.release()
	err := d.update(func(tx *bbolt.Tx) error { return d.write(tx, &b) })
	if errors.Is(err, bolterrors.ErrMaxSizeReached) {
		d.o.Note(fmt.Sprintf("%s has the most bytes that it may have: the history of all phones is given up", d.path))
		err = d.update(func(tx *bbolt.Tx) error {
			if err := tx.DeleteBucket(historyBucket); err != nil {
				return err
			}
			_, err := tx.CreateBucket(historyBucket)
			return err
		})
		if err == nil {
			err = d.update(func(tx *bbolt.Tx) error { return d.write(tx, &b) })
		}
	}
	if !damaged(err) {
		return err
	}
	d.db = nil // it stays open: after a panic, Close could block for ever
	if aside := d.setAside(err); aside != nil {
		return errors.Join(err, aside)
	}
	if err := d.open(); err != nil {
		return err
	}
	return ledger.ErrLost
}

// update runs f in a transaction. If that fails, the bases are read again, because the file has those of before.
func (d *DB) update(f func(*bbolt.Tx) error) error {
	err := guard(func() error { return d.db.Update(f) })
	if err != nil && !damaged(err) {
		err = errors.Join(err, guard(func() error { return d.db.View(d.texts.open) }))
	}
	return err
}

func (d *DB) write(tx *bbolt.Tx, b *ledger.Batch) error {
	phones, events := tx.Bucket(phonesBucket), tx.Bucket(historyBucket)
	if phones == nil || events == nil {
		return bolterrors.ErrBucketNotFound
	}
	phones.FillPercent, events.FillPercent = pageFill, pageFill
	for _, id := range b.Forgotten {
		if err := errors.Join(phones.Delete([]byte(id)), events.Delete([]byte(id))); err != nil {
			return err
		}
	}
	for i := range b.Records {
		if err := phones.Put([]byte(b.Records[i].ID), encodeRecord(&b.Records[i])); err != nil {
			return err
		}
	}
	if err := writeEvents(events, b); err != nil {
		return err
	}
	strangers := tx.Bucket(strangersBucket)
	for _, mac := range b.Left {
		if err := strangers.Delete([]byte(mac)); err != nil {
			return err
		}
	}
	for i := range b.Strangers {
		if err := putJSON(strangers, []byte(b.Strangers[i].MAC), &b.Strangers[i]); err != nil {
			return err
		}
	}
	if err := d.writeTexts(tx, b); err != nil {
		return err
	}
	if b.Key != nil {
		if err := tx.Bucket(metaBucket).Put(keyKey, b.Key); err != nil {
			return err
		}
	}
	if b.Day != nil {
		if err := tx.Bucket(metaBucket).Put(dayKey, encodeDay(b.Day)); err != nil {
			return err
		}
	}
	return writeSyncs(tx.Bucket(syncsBucket), b.Syncs)
}

// writeEvents adds each phone's events to its history. It goes in the order of the phones, because neighbours are on
// one page.
func writeEvents(bucket *bbolt.Bucket, b *ledger.Batch) error {
	events := slices.Clone(b.Events)
	slices.SortStableFunc(events, func(a, b ledger.Event) int { return cmp.Compare(a.Phone, b.Phone) })
	oldest := b.Now.Add(-ledger.MaxHistoryAge)
	for len(events) > 0 {
		n := 1
		for n < len(events) && strings.Compare(events[n].Phone, events[0].Phone) == 0 {
			n++
		}
		if key := []byte(events[0].Phone); len(key) > 0 {
			if err := bucket.Put(key, history(bucket.Get(key)).with(events[:n], oldest)); err != nil {
				return err
			}
		}
		events = events[n:]
	}
	return nil
}

func writeSyncs(bucket *bbolt.Bucket, syncs []ledger.Sync) error {
	for i := range syncs {
		n, err := bucket.NextSequence()
		if err != nil {
			return err
		}
		if err := putJSON(bucket, binary.BigEndian.AppendUint64(nil, n), &syncs[i]); err != nil {
			return err
		}
		if n > maxSyncs {
			if err := bucket.Delete(binary.BigEndian.AppendUint64(nil, n-maxSyncs)); err != nil {
				return err
			}
		}
	}
	return nil
}

func putJSON(bucket *bbolt.Bucket, key []byte, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return bucket.Put(key, text)
}
