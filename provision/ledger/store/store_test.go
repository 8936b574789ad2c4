package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/skips"
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
	goleak.VerifyTestMain(skips.Reporting{M: m})
}
