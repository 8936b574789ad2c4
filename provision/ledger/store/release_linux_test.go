package store

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// TestMappingCoversTheFile holds that release touches the file's pages only: whatever the size of the file, bbolt maps at
// least that much. Before, the file outgrew its mapping by up to 16 MB, and release cleared the memory after it.
func TestMappingCoversTheFile(t *testing.T) {
	d := openDB(t, t.TempDir(), Options{NoSync: true})
	path, err := filepath.EvalSymlinks(d.path)
	if err != nil {
		t.Fatal(err)
	}
	if got := mappedBytes(t, path); got < maxFileSize {
		t.Errorf("%d bytes are mapped, want at least %d", got, maxFileSize)
	}
	const batches = 4
	phones := skips.Size(t, 2500, 1000) // a file of 50 or 20 MB; by default bbolt maps 32 MB of a file of 36 MB
	for batch := range batches {
		var b ledger.Batch
		for i := range phones {
			id := fmt.Sprintf("%06x%06x", batch, i)
			b.Records = append(b.Records, record(id))
			for range 4 {
				e := event(i)
				e.Phone, e.Detail = id, strings.Repeat("detail", 100)
				b.Events = append(b.Events, e)
			}
		}
		commit(t, d, b)
		if got := mappedBytes(t, path); got < d.Size() {
			t.Fatalf("the file has %d bytes, and %d are mapped", d.Size(), got)
		}
	}
	if d.Size() < 16<<20 {
		t.Fatalf("the file has only %d bytes", d.Size())
	}
	d.released = d.released.Add(-2 * releaseEvery)
	commit(t, d, ledger.Batch{})
	if records, _ := all(t, reopen(t, d)); len(records) != batches*phones {
		t.Errorf("got %d phones", len(records))
	}
}

// mappedBytes returns how much address space of this process is mapped to a file.
func mappedBytes(t *testing.T, path string) (bytes int64) {
	t.Helper()
	f, err := os.Open("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if !strings.HasSuffix(lines.Text(), " "+path) {
			continue
		}
		var from, to int64
		if _, err := fmt.Sscanf(lines.Text(), "%x-%x", &from, &to); err != nil {
			t.Fatal(err)
		}
		bytes += to - from
	}
	return bytes
}
