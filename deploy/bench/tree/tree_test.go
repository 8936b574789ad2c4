package tree

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

func TestMain(m *testing.M) { os.Exit(skips.Reporting{M: m}.Run()) }

// The tree is one that phoneprov has nothing to say against, and its files have the sizes that the rows are named by.
func TestTree(t *testing.T) {
	phones, firmware := skips.Size(t, 5000, 500), skips.Size(t, FirmwareSize, 1<<20)
	dir, data := t.TempDir(), t.TempDir()
	if err := WriteConfig(dir, phones, "Desk"); err != nil {
		t.Fatal(err)
	}
	if err := WriteData(data, firmware); err != nil {
		t.Fatal(err)
	}
	config := provision.Config{}
	for _, name := range []string{"phoneprov.conf", "users.conf"} {
		file, err := (&astconf.Loader{Dir: dir}).Load(name)
		if err != nil {
			t.Fatal(err)
		}
		config[name] = file
	}
	s, found, err := provision.Build(context.Background(), provision.Input{Config: config}, time.Unix(0, 0))
	if err != nil || len(found) > 0 || s.Counts() != (provision.Counts{Phones: phones, Lines: phones, Routes: 2*phones + 2}) {
		t.Fatalf("got %+v, %v, %v", s.Counts(), found, err)
	}
	d, err := datadir.Open(data, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	for _, tt := range []struct {
		uri         string
		least, most int64
		has         string
	}{
		{File(phones - 1), 5500, 7500, fmt.Sprintf(`user="%06d" secret="secret-%06[1]d" label="Desk 00`, phones-1)},
		{Directory(0), 56 * int64(phones), 72 * int64(phones), fmt.Sprintf("<ln>User Number %d</ln>", phones-1)},
		{Firmware, int64(firmware), int64(firmware), "0123456789abcdef"},
		{Welcome, 9, 9, "Welcome."},
	} {
		rt := s.Lookup(tt.uri)
		if rt == nil {
			t.Fatalf("%s: there is no such file", tt.uri)
		}
		doc, err := provision.NewRenderer(provision.RendererOptions{Data: d}).Render(context.Background(), s, rt, provision.Request{Now: time.Unix(0, 0)})
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		text.Grow(int(doc.Size) + bytes.MinRead)
		_, err = text.ReadFrom(doc.Content)
		if err != nil {
			t.Fatal(err)
		}
		if doc.Size < tt.least || doc.Size > tt.most || !bytes.Contains(text.Bytes(), []byte(tt.has)) || len(doc.Diagnostics) > 0 {
			t.Errorf("%s: %d bytes, %v: want %d to %d with %q", tt.uri, doc.Size, doc.Diagnostics, tt.least, tt.most, tt.has)
		}
		if err := doc.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestTooMany(t *testing.T) {
	for _, n := range []int{0, MaxPhones + 1} {
		if err := WriteConfig(t.TempDir(), n, ""); err == nil {
			t.Errorf("%d phones: no error", n)
		}
	}
}
