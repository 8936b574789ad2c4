package store

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"go.etcd.io/bbolt"

	"github.com/phoneprov/phoneprov/provision/filediff"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// A delta of any base gives the text back.
func FuzzDelta(f *testing.F) {
	f.Add("the quick brown fox jumps over the lazy dog, twice", "the quick brown cat jumps over the lazy dog, twice")
	f.Add("", "abc")
	f.Add(strings.Repeat("ab", 40), strings.Repeat("ab", 39)+"c"+strings.Repeat("ba", 20))
	f.Add("0123456789abcdef", "")
	f.Fuzz(func(t *testing.T, from, text string) {
		delta := newBase(1, from).delta(text)
		got, err := apply(from, delta, len(text))
		if err != nil || got != text {
			t.Errorf("got %q, %v, want %q", got, err, text)
		}
		if len(text) > 0 {
			if _, err := apply(from, delta, len(text)-1); err == nil {
				t.Error("a text beyond the bound was made")
			}
		}
	})
}

// A damaged delta is an error or another text, and never a panic.
func FuzzApply(f *testing.F) {
	f.Add("0123456789abcdef0123456789abcdef", []byte("\x01a\x10\x00\x00"))
	f.Fuzz(func(t *testing.T, from string, delta []byte) {
		if text, err := apply(from, delta, 1000); err == nil && len(text) > 1000 {
			t.Errorf("got %d bytes", len(text))
		}
	})
}

// lines returns the text of a phone's file: many lines that all phones have, and some of its own.
func lines(version, phone int) string {
	var b strings.Builder
	for i := range 120 {
		fmt.Fprintf(&b, "setting.%d.%d = %x\n", version, i, (version+1)*(i*i+1)*7919)
		if i%20 == 0 {
			fmt.Fprintf(&b, "account.%d.name = User %d\x00%06d\n", i, phone, phone*31)
		}
	}
	return b.String()
}

func textOf(phone int, file, text string) ledger.Text {
	return ledger.Text{Phone: fmt.Sprintf("%012x", phone), File: file, ETag: fmt.Sprintf(`"%032x"`, len(text)), Like: "t",
		Kept: filediff.Kept{Sum: "sum" + file, Lines: text}}
}

func recordOf(phone int, files ...string) ledger.Record {
	r := ledger.Record{ID: fmt.Sprintf("%012x", phone), State: ledger.UpToDate}
	for _, f := range files {
		r.Files = append(r.Files, ledger.FileRecord{Name: f, State: ledger.UpToDate})
	}
	return r
}

func wantText(t *testing.T, d *DB, want ledger.Text) {
	t.Helper()
	got, err := d.Text(want.Phone, want.File)
	if want.Like = ""; err != nil || got != want {
		t.Errorf("%s %s: got %.80q, %v, want %.80q", want.Phone, want.File, fmt.Sprint(got), err, fmt.Sprint(want))
	}
}

// Texts survive a restart, with the key. A newer text replaces an older one. The texts of a forgotten phone, and of a
// file that the phone has no more, are gone.
func TestTexts(t *testing.T) {
	dir := t.TempDir()
	d := openDB(t, dir, Options{NoSync: true})
	key := filediff.Key(strings.Repeat("k", filediff.KeySize))
	odd := textOf(2, "odd", strings.Repeat("nothing in common ", 40))
	odd.Kept.Uneven = true
	commit(t, d, ledger.Batch{Key: key, Records: []ledger.Record{recordOf(1, "a", "b"), recordOf(2, "a", "odd")},
		Texts: []ledger.Text{textOf(1, "a", lines(1, 1)), textOf(2, "a", lines(1, 2)), textOf(1, "b", ""), odd}})
	wantText(t, d, textOf(1, "a", lines(1, 1)))
	wantText(t, d, textOf(2, "a", lines(1, 2)))
	wantText(t, d, textOf(1, "b", ""))
	wantText(t, d, odd)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openDB(t, dir, Options{NoSync: true})
	if kept, err := d.Load(func(ledger.Record) {}); err != nil || string(kept.Key) != string(key) {
		t.Errorf("got key %q, %v", kept.Key, err)
	}
	wantText(t, d, textOf(2, "a", lines(1, 2)))
	commit(t, d, ledger.Batch{Records: []ledger.Record{recordOf(1, "a")}, Texts: []ledger.Text{textOf(1, "a", lines(1, 3))}})
	wantText(t, d, textOf(1, "a", lines(1, 3)))
	for _, gone := range []struct{ phone, file string }{{"000000000001", "b"}, {"000000000009", "a"}, {"000000000001", ""}} {
		if got, err := d.Text(gone.phone, gone.file); err != nil || got != (ledger.Text{}) {
			t.Errorf("%+v: got %+v, %v", gone, got, err)
		}
	}
	commit(t, d, ledger.Batch{Forgotten: []string{"000000000002"}})
	if got, err := d.Text("000000000002", "a"); err != nil || got != (ledger.Text{}) {
		t.Errorf("forgotten: got %+v, %v", got, err)
	}
}

// A new version of a template has a new base after some phones. The bases stay within their bound, and those that no
// phone needs are deleted.
func TestBases(t *testing.T) {
	d := openDB(t, t.TempDir(), Options{NoSync: true})
	const phones = 40
	for version := range 3 {
		for phone := range phones {
			commit(t, d, ledger.Batch{Records: []ledger.Record{recordOf(phone, "a")}, Texts: []ledger.Text{textOf(phone, "a", lines(version, phone))}})
		}
	}
	for phone := range phones {
		wantText(t, d, textOf(phone, "a", lines(2, phone)))
	}
	if d.texts.count != 3 {
		t.Errorf("got %d bases, want one for each version", d.texts.count)
	}
	random := rand.New(rand.NewPCG(1, 2))
	var b ledger.Batch
	for i := range 2 * maxBases { // each of a sort of its own
		text := textOf(1000+i, "a", fmt.Sprintf("%x", random.Uint64()))
		text.Like = fmt.Sprint(i)
		b.Texts, b.Records = append(b.Texts, text), append(b.Records, recordOf(1000+i, "a"))
	}
	commit(t, d, b)
	for i := range b.Texts {
		wantText(t, d, b.Texts[i])
	}
	if d.texts.count > maxBases {
		t.Errorf("got %d bases", d.texts.count)
	}
	// They are in nobody's texts any more. The next sweep deletes them.
	for i := range b.Records {
		b.Forgotten = append(b.Forgotten, b.Records[i].ID)
	}
	commit(t, d, ledger.Batch{Forgotten: b.Forgotten})
	d.texts.swept = time.Time{}
	more := textOf(1, "a", lines(9, 1))
	more.Like = "new"
	commit(t, d, ledger.Batch{Records: []ledger.Record{recordOf(1, "a")}, Texts: []ledger.Text{more}})
	wantText(t, d, more)
	wantText(t, d, textOf(2, "a", lines(2, 2)))
	if d.texts.count > 10 {
		t.Errorf("got %d bases after a sweep", d.texts.count)
	}
}

// A transaction that fails leaves no base behind that the file does not have.
func TestFailedCommitLeavesNoBase(t *testing.T) {
	d := openDB(t, t.TempDir(), Options{NoSync: true})
	failing := func(tx *bbolt.Tx) error {
		if err := d.write(tx, &ledger.Batch{Now: time.Now(), Texts: []ledger.Text{textOf(1, "a", lines(1, 1))}}); err != nil {
			return err
		}
		return fmt.Errorf("no space left on device")
	}
	if err := d.update(failing); err == nil || len(d.texts.newest) != 0 {
		t.Fatalf("got %v, %v", err, d.texts.newest)
	}
	commit(t, d, ledger.Batch{Texts: []ledger.Text{textOf(1, "a", lines(2, 1)), textOf(2, "a", lines(2, 2))}})
	wantText(t, d, textOf(1, "a", lines(2, 1)))
	wantText(t, d, textOf(2, "a", lines(2, 2)))
}

// The file of a phoneprov that kept no texts is used as it is.
func TestFileWithoutTexts(t *testing.T) {
	dir := t.TempDir()
	d := openDB(t, dir, Options{NoSync: true})
	commit(t, d, ledger.Batch{Records: []ledger.Record{recordOf(1, "a")}})
	if err := d.db.Update(func(tx *bbolt.Tx) error {
		if err := tx.DeleteBucket(textsBucket); err != nil {
			return err
		}
		return tx.DeleteBucket(basesBucket)
	}); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	d = openDB(t, dir, Options{NoSync: true, Note: func(s string) { t.Error(s) }})
	phones := 0
	if _, err := d.Load(func(ledger.Record) { phones++ }); err != nil || phones != 1 {
		t.Errorf("got %d phones, %v", phones, err)
	}
	commit(t, d, ledger.Batch{Texts: []ledger.Text{textOf(1, "a", lines(1, 1))}})
	wantText(t, d, textOf(1, "a", lines(1, 1)))
}

// The day survives a restart.
func TestDay(t *testing.T) {
	dir := t.TempDir()
	d := openDB(t, dir, Options{NoSync: true})
	at := time.Now().UTC().Truncate(15 * time.Minute)
	want := []ledger.DayPart{{At: at.Add(-time.Hour), Fetches: 3, Refusals: 1}, {At: at, Phones: 100_000, UpToDate: 99_999}}
	commit(t, d, ledger.Batch{Day: want})
	commit(t, d, ledger.Batch{}) // nothing new
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	kept, err := openDB(t, dir, Options{NoSync: true}).Load(func(ledger.Record) {})
	if err != nil || fmt.Sprint(kept.Day) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", kept.Day, err, want)
	}
}
