package lastgood

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

var update = flag.Bool("update", false, "write testdata/format1 anew; only before the first release")

// A file that a phoneprov of format 1 wrote gives the same files for phones, in every phoneprov.
func TestFormat1IsRead(t *testing.T) {
	t.Parallel()
	s, _ := sampleState(t)
	dir := filepath.Join("testdata", "format1")
	if *update {
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if _, err := (&Dir{Path: dir}).Save(s); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, slots[0]))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(text, []byte("phoneprov-last-good 1 ")) {
		t.Fatalf("it is not of format 1: %.40q", text)
	}
	got, err := (&Dir{Path: dir}).Load()
	if err != nil {
		t.Fatal(err)
	}
	snap, _, err := provision.Build(t.Context(), got.Input(provision.Input{Zone: time.UTC}), got.BuiltAt)
	if err != nil {
		t.Fatal(err)
	}
	var phones []string
	for _, p := range snap.Phones() {
		phones = append(phones, p.ID)
	}
	want := "0004f2000001 001565000003 0004f2999901 020000006010 000413006011 0004f2999902 001565006012"
	if ids := strings.Join(phones, " "); ids != want {
		t.Errorf("got phones %s, want %s", ids, want)
	}
	db := got.Live.Endpoints["db"]
	if db.Options.Get("DtmfMode") != "info" || db.Password.Reveal() != "of-db" {
		t.Errorf("got endpoint %+v", db)
	}
	if got.Major != 22 || !got.Booted || got.Filed[0] != (Object{"endpoint", "old"}) || got.Answers["ODBC_NAME(0004f2999902)"] != "named" ||
		got.Addresses["eth0"].String() != "192.0.2.7" || !got.BuiltAt.Equal(builtAt) {
		t.Errorf("got %+v", got)
	}
}

// After a downgrade the older phoneprov reads nothing of the newer one's files, says so, and keeps its own. After the next
// upgrade the newer one goes on with that, because its number is higher.
func TestDowngradeAndUpgrade(t *testing.T) {
	t.Parallel()
	s, _ := sampleState(t)
	path := t.TempDir()
	newer := &Dir{Path: path}
	for s.Major = 1; s.Major <= 2; s.Major++ {
		if _, err := newer.Save(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range slots { // as a phoneprov that writes format 2 leaves them
		text, err := os.ReadFile(filepath.Join(path, name))
		if err != nil {
			t.Fatal(err)
		}
		text = append([]byte(strings.Replace(string(text), magic+" 1 ", magic+" 2 ", 1)), "more"...)
		if err := os.WriteFile(filepath.Join(path, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	older := &Dir{Path: path}
	if got, err := older.Load(); got != nil || err == nil || strings.Count(err.Error(), "its format is 2, and this version of phoneprov knows 1") != 2 {
		t.Errorf("got %v, %v", got, err)
	}
	s.Major = 16
	if saved, err := older.Save(s); !saved || err != nil {
		t.Fatalf("got %v, %v", saved, err)
	}
	got, err := (&Dir{Path: path}).Load()
	if got == nil || got.Major != 16 || err == nil {
		t.Errorf("got %+v, %v", got, err)
	}
	text, err := os.ReadFile(filepath.Join(path, slots[0]))
	if err != nil || !strings.HasPrefix(string(text), magic+" 1 3 ") {
		t.Errorf("got %.40q, %v: its number must be higher than those of the newer one's files", text, err)
	}
}
