package store

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

func TestExportAndImport(t *testing.T) {
	d := openDB(t, t.TempDir(), Options{NoSync: true})
	var b ledger.Batch
	for i := range importPart + 10 {
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
	if n != importPart+11 || err != nil {
		t.Fatalf("got %d phones, %v", n, err)
	}
	var again bytes.Buffer
	if err := other.Export(&again); err != nil {
		t.Fatal(err)
	}
	// The events are too old by now: an import drops them, as serve does.
	records, kept := all(t, other)
	wantRecords, wantKept := all(t, d)
	if !reflect.DeepEqual(records, wantRecords) || !reflect.DeepEqual(kept, wantKept) {
		t.Error(cmp.Diff(wantRecords, records) + cmp.Diff(wantKept, kept))
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
