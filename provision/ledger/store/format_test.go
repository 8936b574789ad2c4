package store

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"go.etcd.io/bbolt"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

var update = flag.Bool("update", false, "write testdata/format1 anew; only before the first release")

// formatBatch is what the files of testdata have: a phone with everything, one with nothing, history, a stranger, a sync.
func formatBatch() ledger.Batch {
	return ledger.Batch{
		Now: at, Records: []ledger.Record{record(phoneID), {ID: "001565000009", State: ledger.NeverFetched, Since: at}},
		Events:    numbered(3, phoneID),
		Strangers: []ledger.Stranger{{MAC: "001565000001", First: at, Last: at, Count: 1}},
		Syncs:     []ledger.Sync{{At: at, Trigger: "core reload", Changes: []ledger.SyncChange{}}},
	}
}

// copyOf copies a file of testdata to a state directory.
func copyOf(t *testing.T, name string) (dir string) {
	t.Helper()
	dir = t.TempDir()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, FileName), text, 0o600); err != nil {
		t.Fatal(err)
	}
	return dir
}

func exported(t *testing.T, d *DB) string {
	t.Helper()
	var text bytes.Buffer
	if err := d.Export(&text); err != nil {
		t.Fatal(err)
	}
	return text.String()
}

// A file and an export that a phoneprov of format 1 wrote are read whole, by every phoneprov.
func TestFormat1IsRead(t *testing.T) {
	t.Parallel()
	const file, export = "format1/ledger.db", "format1/export.jsonl"
	if *update {
		dir := filepath.Join("testdata", "format1")
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		d := openDB(t, dir, Options{})
		commit(t, d, formatBatch())
		if err := os.WriteFile(filepath.Join("testdata", export), []byte(exported(t, d)), 0o600); err != nil {
			t.Fatal(err)
		}
		d.Close()
	}
	want, err := os.ReadFile(filepath.Join("testdata", export))
	if err != nil {
		t.Fatal(err)
	}
	d := openDB(t, copyOf(t, file), Options{NoSync: true, Note: func(text string) { t.Log(text) }})
	if got := exported(t, d); got != string(want) {
		t.Errorf("the file has\n%s\nwant\n%s", got, want)
	}
	records, kept := all(t, d)
	events, err := d.History(phoneID)
	if len(records) != 2 || len(kept.Strangers) != 1 || len(kept.Syncs) != 1 || len(events) != 3 || err != nil {
		t.Errorf("got %d phones, %+v, %d events, %v", len(records), kept, len(events), err)
	}
	other := openDB(t, t.TempDir(), Options{NoSync: true})
	if n, err := other.Import(bytes.NewReader(want)); n != 2 || err != nil {
		t.Fatalf("got %d phones, %v", n, err)
	}
	old := regexp.MustCompile(`,"history":.*`) // Import drops events that are too old for the history
	if got, want := old.ReplaceAllString(exported(t, other), "}"), old.ReplaceAllString(string(want), "}"); got != want {
		t.Errorf("the import has\n%s\nwant\n%s", got, want)
	}
}

// toFormat2 stands for the upgrade that a later phoneprov has: each phone is known by another name.
func toFormat2(tx *bbolt.Tx) error {
	phones := tx.Bucket(phonesBucket)
	value := bytes.Clone(phones.Get([]byte(phoneID)))
	return errors.Join(phones.Delete([]byte(phoneID)), phones.Put([]byte("new-"+phoneID), value))
}

// A newer phoneprov upgrades the file and keeps it as it was. The older one leaves the newer file alone, and goes on with
// the kept one.
func TestUpgradeAndBack(t *testing.T) {
	t.Parallel()
	dir := copyOf(t, "format1/ledger.db")
	path := filepath.Join(dir, FileName)
	before := exported(t, openDB(t, copyOf(t, "format1/ledger.db"), Options{NoSync: true}))
	var notes []string
	o := Options{NoSync: true, Note: func(text string) { notes = append(notes, text) }}
	newer, err := openAs(dir, o, []func(*bbolt.Tx) error{toFormat2})
	if err != nil {
		t.Fatal(err)
	}
	if got := exported(t, newer); !strings.Contains(got, `"new-`+phoneID) {
		t.Errorf("got %s", got)
	}
	if want := path + " was of an older phoneprov, and has format 2 now; the file of before is " + path + ".1"; len(notes) != 1 || notes[0] != want {
		t.Errorf("it says %q, want %q", notes, want)
	}
	if err := newer.Close(); err != nil {
		t.Fatal(err)
	}
	newer, err = openAs(dir, o, []func(*bbolt.Tx) error{toFormat2})
	if err != nil || len(notes) != 1 {
		t.Fatalf("opened again: %v, %q", err, notes)
	}
	if err := newer.Close(); err != nil {
		t.Fatal(err)
	}

	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Open(dir, o); !errors.Is(err, ErrNewer) {
		t.Errorf("the older phoneprov: got %v", err)
	}
	if now, err := os.ReadFile(path); err != nil || !bytes.Equal(now, written) {
		t.Errorf("the older phoneprov changed the file: %v", err)
	}
	if err := os.Rename(path+".1", path); err != nil {
		t.Fatal(err)
	}
	if got := exported(t, openDB(t, dir, o)); got != before {
		t.Errorf("the file of before has\n%s\nwant\n%s", got, before)
	}
}

// An upgrade that fails leaves the file as it was.
func TestUpgradeFails(t *testing.T) {
	t.Parallel()
	dir := copyOf(t, "format1/ledger.db")
	broken := func(tx *bbolt.Tx) error {
		return errors.Join(tx.DeleteBucket(phonesBucket), errors.New("no upgrade today"))
	}
	if _, err := openAs(dir, Options{NoSync: true}, []func(*bbolt.Tx) error{broken}); err == nil || !strings.Contains(err.Error(), "no upgrade today") {
		t.Errorf("got %v", err)
	}
	if records, _ := all(t, openDB(t, dir, Options{NoSync: true})); len(records) != 2 {
		t.Errorf("got %d phones", len(records))
	}
}

// What a newer phoneprov of the same format appends does not damage the file for an older one.
func TestNewStatesAndKinds(t *testing.T) {
	t.Parallel()
	dir := copyOf(t, "format1/ledger.db")
	d := openDB(t, dir, Options{NoSync: true, Note: func(text string) { t.Error(text) }})
	err := d.db.Update(func(tx *bbolt.Tx) error {
		phones, histories := tx.Bucket(phonesBucket), tx.Bucket(historyBucket)
		r := bytes.Clone(phones.Get([]byte(phoneID)))
		r[0] = byte(len(wireStates) + 1)   // a state that is not known here
		r = append(r, "of a newer one"...) // a field after the last
		ev := encodeEvent(&ledger.Event{At: at, Kind: ledger.AddedEvent})
		kind := len(ev) - len(encodeEvent(&ledger.Event{Kind: ledger.AddedEvent})) + 1
		ev[kind] = byte(len(kinds) + 1)
		h := append(bytes.Clone(histories.Get([]byte(phoneID))), byte(len(ev)))
		return errors.Join(phones.Put([]byte(phoneID), r), histories.Put([]byte(phoneID), append(h, ev...)))
	})
	if err != nil {
		t.Fatal(err)
	}
	d = reopen(t, d)
	records, _ := all(t, d)
	if i := findRecord(records, phoneID); i < 0 || records[i].State != ledger.Unknown || len(records[i].Files) != len(record(phoneID).Files) {
		t.Errorf("got %+v", records)
	}
	if events, err := d.History(phoneID); len(events) != 3 || err != nil {
		t.Errorf("got %d events, %v, want those that are known", len(events), err)
	}
	more := numbered(1, phoneID)
	commit(t, d, ledger.Batch{Now: at, Events: more})
	err = d.view(func(tx *bbolt.Tx) error {
		if n := len(history(tx.Bucket(historyBucket).Get([]byte(phoneID))).entries()); n != 5 {
			return fmt.Errorf("got %d events in the file: the one that is not known is to stay", n)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func findRecord(records []ledger.Record, id string) int {
	for i := range records {
		if records[i].ID == id {
			return i
		}
	}
	return -1
}

// An export of a newer phoneprov is refused by its number, and its unknown fields are skipped.
func TestImportOfANewerExport(t *testing.T) {
	t.Parallel()
	d := openDB(t, t.TempDir(), Options{NoSync: true})
	_, err := d.Import(strings.NewReader(`{"phoneprov_state":2}` + "\n"))
	if want := "line 1: a newer phoneprov exported this, with format 2, and this one knows 1"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	n, err := d.Import(strings.NewReader(`{"phoneprov_state":1}` + "\n" + `{"phone":{"ID":"` + phoneID + `","colour":"red"}}` + "\n" + `{"weather":"fine"}` + "\n"))
	if n != 1 || err != nil {
		t.Errorf("got %d, %v", n, err)
	}
}
