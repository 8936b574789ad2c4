package store

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/bbolt"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

var at = time.Date(2026, 3, 1, 12, 0, 0, int(7*time.Millisecond), time.UTC)

const phoneID = "0004f2000001"

func record(id string) ledger.Record {
	return ledger.Record{
		ID: id, State: ledger.Refused, Since: at, SecretChanged: at.Add(time.Hour), RegisteredAt: at, Contact: "sip:6001@192.0.2.7",
		Told:    &ledger.Notice{At: at, Until: at.Add(time.Minute), How: "NOTIFY", Tries: 2, Answer: "sent"},
		Refusal: &ledger.Refusal{Reason: "address", Count: 3, Since: at, Last: at, Address: "192.0.2.9", Counts: true},
		Files: []ledger.FileRecord{
			{Name: id + ".cfg", State: ledger.UpToDate, Since: at, Fetched: `"000102030405060708090a0b0c0d0e0f"`, FetchedAt: at, RequestedAt: at, Status: 304,
				Bytes: 6000, Address: "192.0.2.7", TLS: "1.3", Scheme: "https", Host: "pbx:8443", Server: "pbx", UserAgent: "Yealink SIP-T46S 66.85.0.5"},
			{Name: id + "-dir.xml", State: ledger.Failing, Fetched: `W/"odd"`, Status: 503, Bytes: -1, Address: "2001:db8::7",
				Failure: &ledger.Failure{Cause: "asterisk", Count: 1, Since: at, Last: at}},
		},
	}
}

func event(i int) ledger.Event {
	return ledger.Event{At: at.Add(time.Duration(i) * time.Second), Phone: phoneID, Kind: ledger.FetchedEvent, File: phoneID + ".cfg",
		ETag: `"000102030405060708090a0b0c0d0e0f"`, Address: "192.0.2.7", Detail: fmt.Sprint(i)}
}

func openDB(t testing.TB, dir string, o Options) *DB {
	t.Helper()
	d, err := Open(dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func reopen(t testing.TB, d *DB) *DB {
	t.Helper()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return openDB(t, filepath.Dir(d.path), d.o)
}

// all returns everything that Load yields.
func all(t testing.TB, d *DB) (records []ledger.Record, kept ledger.Kept) {
	t.Helper()
	kept, err := d.Load(func(r ledger.Record) { records = append(records, r) })
	if err != nil {
		t.Fatal(err)
	}
	return records, kept
}

func commit(t testing.TB, d *DB, b ledger.Batch) {
	t.Helper()
	if b.Now.IsZero() {
		b.Now = at
	}
	if err := d.Commit(b); err != nil {
		t.Fatal(err)
	}
}

func TestEverythingComesBack(t *testing.T) {
	d := openDB(t, t.TempDir(), Options{})
	want := []ledger.Record{record("0004f2000001"), record("0004f2000002"), {ID: "front desk", State: ledger.NeverFetched, Files: []ledger.FileRecord{}}}
	events := []ledger.Event{event(1), {At: at.Add(time.Minute), Phone: phoneID, Kind: ledger.StateEvent, From: ledger.NeverFetched, To: ledger.UpToDate}}
	strangers := []ledger.Stranger{{MAC: "001565000001", Vendor: "Yealink", Address: "192.0.2.1", First: at, Last: at, Count: 2}}
	syncs := []ledger.Sync{{At: at, Trigger: "reload", Phones: 2, Changes: []ledger.SyncChange{{Phone: phoneID, Change: ledger.ChangedEvent}}}}
	commit(t, d, ledger.Batch{Records: want, Events: events, Strangers: strangers, Syncs: syncs})
	d = reopen(t, d)
	records, kept := all(t, d)
	if diff := cmp.Diff(want, records); diff != "" {
		t.Errorf("records: %s", diff)
	}
	if diff := cmp.Diff(ledger.Kept{Strangers: strangers, Syncs: syncs}, kept); diff != "" {
		t.Errorf("kept: %s", diff)
	}
	got, err := d.History(phoneID)
	if diff := cmp.Diff([]ledger.Event{events[1], events[0]}, got); diff != "" || err != nil {
		t.Errorf("history: %v %s", err, diff)
	}
	commit(t, d, ledger.Batch{Forgotten: []string{phoneID}, Left: []string{"001565000001"}})
	if records, kept = all(t, d); len(records) != 2 || len(kept.Strangers) != 0 {
		t.Errorf("after forgetting got %d records and %d strangers", len(records), len(kept.Strangers))
	}
	if got, err := d.History(phoneID); len(got) > 0 || err != nil {
		t.Errorf("a phone that was forgotten has %d events, %v", len(got), err)
	}
}

func TestFileIsReadableByItsOwnerOnly(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new")
	d := openDB(t, dir, Options{})
	commit(t, d, ledger.Batch{Records: []ledger.Record{record(phoneID)}})
	if err := os.Chmod(d.path, 0o644); err != nil {
		t.Fatal(err)
	}
	d = reopen(t, d)
	for path, want := range map[string]os.FileMode{d.path: 0o600, dir: 0o700} {
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: got %v %v, want %v", path, info.Mode(), err, want)
		}
	}
}

func TestHistoryIsBounded(t *testing.T) {
	long := strings.Repeat("x", 300)
	for _, row := range []struct {
		name   string
		events []ledger.Event
		want   int
	}{
		{"one more than the most", numbered(ledger.MaxHistory+1, ""), 0},
		{"too old", []ledger.Event{event(-int(ledger.MaxHistoryAge/time.Second) - 1), event(0)}, 1},
		{"long ones", numbered(ledger.MaxHistory, long), maxHistory / 350},
		{"one at a time", nil, 0},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := openDB(t, t.TempDir(), Options{NoSync: true})
			events := row.events
			if events == nil {
				events = numbered(3*ledger.MaxHistory, "")
				for i := range events {
					commit(t, d, ledger.Batch{Events: events[i : i+1]})
				}
			} else {
				commit(t, d, ledger.Batch{Events: events})
			}
			got, err := d.History(phoneID)
			if err != nil || len(got) > ledger.MaxHistory || row.want > 0 && len(got) != row.want && row.name == "too old" {
				t.Fatalf("got %d events, %v", len(got), err)
			}
			for i := range got {
				if diff := cmp.Diff(events[len(events)-1-i], got[i]); diff != "" {
					t.Fatal(diff)
				}
			}
			if len(got) < min(row.want, len(events)) || len(got) == 0 {
				t.Errorf("got %d events, want about %d", len(got), row.want)
			}
		})
	}
}

// numbered returns n events of a phone that differ from each other.
func numbered(n int, detail string) (events []ledger.Event) {
	for i := range n {
		e := event(i)
		e.Detail += detail
		events = append(events, e)
	}
	return events
}

// TestFaultsOfTheFile has a row for each fault of a file that Open meets.
func TestFaultsOfTheFile(t *testing.T) {
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
			d := openDB(t, t.TempDir(), o)
			for i := range 200 {
				commit(t, d, ledger.Batch{Records: []ledger.Record{record(fmt.Sprintf("%012x", i))}})
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			row.spoil(t, d.path)
			before, _ := os.ReadFile(d.path)
			next, err := Open(filepath.Dir(d.path), o)
			if row.err != "" {
				if err == nil || !strings.Contains(err.Error(), row.err) || !strings.Contains(err.Error(), d.path) {
					t.Errorf("got error %v, want %q", err, row.err)
				}
				if after, _ := os.ReadFile(d.path); !bytes.Equal(before, after) {
					t.Error("the file was changed")
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			defer next.Close()
			aside, asideErr := os.ReadFile(d.path + ".corrupt")
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
		d := openDB(t, t.TempDir(), Options{})
		if _, err := Open(filepath.Dir(d.path), Options{}); err == nil || !strings.Contains(err.Error(), "timeout") {
			t.Errorf("got %v", err)
		}
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

func TestExportAndImport(t *testing.T) {
	d := openDB(t, t.TempDir(), Options{NoSync: true})
	var b ledger.Batch
	for i := range 3000 {
		b.Records = append(b.Records, record(fmt.Sprintf("%012x", i)))
	}
	b.Records = append(b.Records, record(phoneID))
	b.Events = numbered(10, "")
	b.Strangers = []ledger.Stranger{{MAC: "001565000001", First: at, Last: at, Count: 1}}
	b.Syncs = []ledger.Sync{{At: at, Trigger: "x", Changes: []ledger.SyncChange{}}}
	commit(t, d, b)
	var text bytes.Buffer
	if err := d.Export(&text); err != nil {
		t.Fatal(err)
	}
	other := openDB(t, t.TempDir(), Options{NoSync: true})
	now := time.Now()
	commit(t, other, ledger.Batch{Now: now, Events: []ledger.Event{{At: now, Phone: phoneID, Kind: ledger.AddedEvent}}})
	n, err := other.Import(bytes.NewReader(text.Bytes()))
	if n != 3001 || err != nil {
		t.Fatalf("got %d phones, %v", n, err)
	}
	var again bytes.Buffer
	if err := other.Export(&again); err != nil {
		t.Fatal(err)
	}
	// The events are too old by now: an import drops them, as serve does.
	records, kept := all(t, other)
	wantRecords, wantKept := all(t, d)
	if diff := cmp.Diff(wantRecords, records) + cmp.Diff(wantKept, kept); diff != "" {
		t.Error(diff)
	}
}

func TestImportSaysWhatIsWrong(t *testing.T) {
	for _, row := range []struct{ name, text, want string }{
		{"nothing", "", "line 1: there is nothing to import"},
		{"not JSON", "{\"phoneprov_state\":1}\nphone\n", "line 2: not JSON"},
		{"no header", "{\"phone\":{\"id\":\"x\"}}\n", "line 1: not the header"},
		{"newer", "{\"phoneprov_state\":2}\n", "line 1: a newer phoneprov exported this, with format 2, and this one knows 1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			d := openDB(t, t.TempDir(), Options{NoSync: true})
			if _, err := d.Import(strings.NewReader(row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want %q", err, row.want)
			}
		})
	}
}

func FuzzDecode(f *testing.F) {
	r := record(phoneID)
	f.Add(encodeRecord(&r))
	e := event(1)
	f.Add(encodeEvent(&e))
	f.Fuzz(func(t *testing.T, b []byte) {
		if r, err := decodeRecord(phoneID, b); err == nil {
			again, err := decodeRecord(phoneID, encodeRecord(&r))
			if diff := cmp.Diff(r, again); diff != "" || err != nil {
				t.Errorf("%v %s", err, diff)
			}
		}
		_, _ = history(b).events(phoneID)
	})
}

func TestMain(m *testing.M) {
	if task := os.Getenv("STORE_TEST_CHILD"); task != "" {
		if err := runChild(task); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}
