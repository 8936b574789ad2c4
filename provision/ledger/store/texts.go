package store

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"io"
	"slices"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"

	"github.com/phoneprov/phoneprov/provision/filediff"
	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/memo"
)

// Bounds of the texts.
const (
	// maxBases bounds the bases in the file. A site has about one for each template.
	maxBases = 512
	// maxMisses is how many texts in a row may have little in common with their base, before the next one replaces it.
	maxMisses = 4
	// basesRoom bounds the bases in memory, in bytes: some hundreds.
	basesRoom = 8 << 20
	// sweepEvery is the time between two searches for bases that no text needs.
	sweepEvery = time.Hour
)

// texts is what the DB knows of its bases.
type texts struct {
	newest map[string]uint64         // the newest base for texts of a sort, by ledger.Text.Like
	count  int                       // of bases in the file
	swept  time.Time                 // time of the last sweep
	memory *memo.Memo[uint64, *base] // by base.id
	missed map[uint64]int            // by base.id: see maxMisses
	packer *flate.Writer             // makes a deflated text; nil: none was needed yet
}

// open reads which bases there are.
func (t *texts) open(tx *bbolt.Tx) error {
	*t = texts{swept: t.swept, packer: t.packer, newest: map[string]uint64{}, memory: memo.New[uint64, *base](basesRoom, basesRoom), missed: map[uint64]int{}}
	return tx.Bucket(basesBucket).ForEach(func(key, value []byte) error {
		d := decoder{b: value}
		t.count++
		if like := d.text(); d.err == nil && len(key) == 8 {
			t.newest[like] = binary.BigEndian.Uint64(key)
			return nil
		}
		return errShort
	})
}

// kept is the stored form of one text: a delta of a base, or deflated if base is 0.
type kept struct {
	file, etag, sum string
	uneven          bool
	base            uint64
	packed          string
}

func encodeKept(list []kept) []byte {
	var e encoder
	e.number(uint64(len(list)))
	for _, k := range list {
		e.text(k.file)
		e.tag(k.etag)
		e.text(k.sum)
		if k.uneven {
			e.number(1)
		} else {
			e.number(0)
		}
		e.number(k.base)
		e.text(k.packed)
	}
	return e.b
}

func decodeKept(b []byte) ([]kept, error) {
	if len(b) == 0 {
		return nil, nil
	}
	d := decoder{b: b}
	list := make([]kept, d.count())
	for i := range list {
		k := &list[i]
		k.file, k.etag, k.sum, k.uneven, k.base, k.packed = d.text(), d.tag(), d.text(), d.number() == 1, d.number(), d.text()
	}
	return list, d.err
}

// writeTexts stores the texts of a batch. All texts of a phone are one value, without those of files that the phone has
// no more.
func (d *DB) writeTexts(tx *bbolt.Tx, b *ledger.Batch) error {
	bucket := tx.Bucket(textsBucket)
	if bucket == nil || tx.Bucket(basesBucket) == nil {
		return bolterrors.ErrBucketNotFound
	}
	bucket.FillPercent = pageFill
	for _, id := range b.Forgotten {
		if err := bucket.Delete([]byte(id)); err != nil {
			return err
		}
	}
	sorted := slices.Clone(b.Texts)
	slices.SortStableFunc(sorted, func(a, b ledger.Text) int { return bytes.Compare([]byte(a.Phone), []byte(b.Phone)) })
	for len(sorted) > 0 {
		n := 1
		for n < len(sorted) && sorted[n].Phone == sorted[0].Phone {
			n++
		}
		if err := d.writePhoneTexts(tx, bucket, b, sorted[:n]); err != nil {
			return err
		}
		sorted = sorted[n:]
	}
	return nil
}

func (d *DB) writePhoneTexts(tx *bbolt.Tx, bucket *bbolt.Bucket, b *ledger.Batch, more []ledger.Text) error {
	key := []byte(more[0].Phone)
	if len(key) == 0 {
		return nil
	}
	list, err := decodeKept(bucket.Get(key))
	if err != nil {
		return err
	}
	if at, ok := slices.BinarySearchFunc(b.Records, more[0].Phone, func(r ledger.Record, id string) int { return bytes.Compare([]byte(r.ID), []byte(id)) }); ok {
		list = slices.DeleteFunc(list, func(k kept) bool {
			return !slices.ContainsFunc(b.Records[at].Files, func(f ledger.FileRecord) bool { return f.Name == k.file })
		})
	}
	for i := range more {
		k, err := d.pack(tx, &more[i])
		if err != nil {
			return err
		}
		list = append(slices.DeleteFunc(list, func(had kept) bool { return had.file == k.file }), k)
	}
	return bucket.Put(key, encodeKept(list))
}

// pack returns the stored form of a text. Texts of the same sort differ little, so each is a delta of one of them.
func (d *DB) pack(tx *bbolt.Tx, t *ledger.Text) (kept, error) {
	k := kept{file: t.File, etag: t.ETag, sum: t.Kept.Sum, uneven: t.Kept.Uneven}
	lines := t.Kept.Lines
	b, err := d.baseFor(tx, t.Like)
	if err != nil {
		return k, err
	}
	if b != nil {
		if delta := b.delta(lines); len(delta) <= len(lines)/4+block {
			delete(d.texts.missed, b.id)
			k.base, k.packed = b.id, string(delta)
			return k, nil
		}
		if d.texts.missed[b.id]++; d.texts.missed[b.id] <= maxMisses {
			k.packed = string(d.deflate(lines))
			return k, nil
		}
	}
	if b, err = d.addBase(tx, t.Like, lines); b != nil && err == nil {
		k.base, k.packed = b.id, string(b.delta(lines))
		return k, nil
	}
	k.packed = string(d.deflate(lines))
	return k, err
}

// baseFor returns the base for texts of a sort, or nil if there is none.
func (d *DB) baseFor(tx *bbolt.Tx, like string) (*base, error) {
	id, ok := d.texts.newest[like]
	if !ok {
		return nil, nil
	}
	if b, ok := d.texts.memory.Get(id); ok {
		return b, nil
	}
	text, err := baseText(tx, id)
	if err != nil {
		return nil, err
	}
	b := newBase(id, text)
	d.texts.memory.Put(id, b, 8*len(text))
	return b, nil
}

// addBase makes a text the base of its sort. It returns nil if there are too many.
func (d *DB) addBase(tx *bbolt.Tx, like, text string) (*base, error) {
	if d.texts.count >= maxBases {
		if time.Since(d.texts.swept) < sweepEvery {
			return nil, nil
		}
		if err := d.sweep(tx); err != nil || d.texts.count >= maxBases {
			return nil, err
		}
	}
	bucket := tx.Bucket(basesBucket)
	id, err := bucket.NextSequence()
	if err != nil {
		return nil, err
	}
	var e encoder
	e.text(like)
	e.b = append(e.b, d.deflate(text)...)
	if err := bucket.Put(binary.BigEndian.AppendUint64(nil, id), e.b); err != nil {
		return nil, err
	}
	b := newBase(id, text)
	d.texts.newest[like] = id
	d.texts.count++
	d.texts.memory.Put(id, b, 8*len(text))
	return b, nil
}

// sweep deletes the bases that no text needs.
func (d *DB) sweep(tx *bbolt.Tx) error {
	d.texts.swept = time.Now()
	needed := map[uint64]bool{}
	err := tx.Bucket(textsBucket).ForEach(func(_, value []byte) error {
		list, err := decodeKept(value)
		for _, k := range list {
			needed[k.base] = true
		}
		return err
	})
	if err != nil {
		return err
	}
	bucket := tx.Bucket(basesBucket)
	var idle [][]byte
	err = bucket.ForEach(func(key, _ []byte) error {
		if !needed[binary.BigEndian.Uint64(key)] {
			idle = append(idle, bytes.Clone(key))
		}
		return nil
	})
	for _, key := range idle {
		if err == nil {
			err = bucket.Delete(key)
		}
	}
	if err != nil {
		return err
	}
	return d.texts.open(tx)
}

// Text implements ledger.Store.
func (d *DB) Text(phone, file string) (t ledger.Text, err error) {
	err = d.view(func(tx *bbolt.Tx) error {
		list, err := decodeKept(tx.Bucket(textsBucket).Get([]byte(phone)))
		if err != nil {
			return err
		}
		for _, k := range list {
			if k.file != file {
				continue
			}
			lines, err := k.lines(tx)
			if err != nil {
				return err
			}
			t = ledger.Text{Phone: phone, File: file, ETag: k.etag, Kept: filediff.Kept{Sum: k.sum, Lines: lines, Uneven: k.uneven}}
		}
		return nil
	})
	return t, err
}

func (k *kept) lines(tx *bbolt.Tx) (string, error) {
	if k.base == 0 {
		return inflate([]byte(k.packed))
	}
	text, err := baseText(tx, k.base)
	if err != nil {
		return "", err
	}
	return apply(text, []byte(k.packed), ledger.MaxKeptLines)
}

// baseText returns the text of a base.
func baseText(tx *bbolt.Tx, id uint64) (string, error) {
	d := decoder{b: tx.Bucket(basesBucket).Get(binary.BigEndian.AppendUint64(nil, id))}
	if d.text(); d.err != nil {
		return "", d.err
	}
	return inflate(d.b)
}

func (d *DB) deflate(text string) []byte {
	var out bytes.Buffer
	if d.texts.packer == nil {
		d.texts.packer, _ = flate.NewWriter(nil, flate.DefaultCompression) // fails for an unknown level only
	}
	d.texts.packer.Reset(&out)
	io.WriteString(d.texts.packer, text) // a Buffer accepts everything
	d.texts.packer.Close()
	return out.Bytes()
}

func inflate(packed []byte) (string, error) {
	text, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), ledger.MaxKeptLines+1))
	if err != nil || len(text) > ledger.MaxKeptLines {
		return "", errShort
	}
	return string(text), nil
}
