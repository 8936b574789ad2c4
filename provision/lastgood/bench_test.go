package lastgood

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// manyPhones is a State of so many users and as many endpoints.
func manyPhones(tb testing.TB, n int) *State {
	tb.Helper()
	var users strings.Builder
	users.WriteString("[general]\n")
	s := &State{Config: provision.Config{}, Live: &provision.Live{Endpoints: map[string]provision.Endpoint{}}, BuiltAt: builtAt}
	var sets provision.OptionSets
	for i := range n {
		fmt.Fprintf(&users, "[%d]\nautoprov=yes\nprofile=p\nusername=%[1]d\nfullname=User %[1]d\nsecret=secret-of-%[1]d\nmacaddress=%012[1]x\n", i)
		id := fmt.Sprint(i)
		s.Live.Endpoints[id] = provision.Endpoint{ID: id, AuthID: id, Username: id, Password: "x", Options: sets.Add(map[string]string{"Context": "a", "Mailboxes": id})}
	}
	dir := tb.TempDir()
	for name, text := range map[string]string{"phoneprov.conf": "[p]\n${MAC}.cfg => x\n", "users.conf": users.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			tb.Fatal(err)
		}
		loader := astconf.Loader{Dir: dir}
		file, err := loader.Load(name)
		if err != nil {
			tb.Fatal(err)
		}
		s.Config[name] = file
	}
	return s
}

func BenchmarkSave(b *testing.B) {
	s := manyPhones(b, 100_000)
	d := &Dir{Path: b.TempDir()}
	b.ReportAllocs()
	for b.Loop() {
		s.Major++
		if _, err := d.Save(s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoadAndBuild(b *testing.B) {
	path := b.TempDir()
	if _, err := (&Dir{Path: path}).Save(manyPhones(b, 100_000)); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		s, err := (&Dir{Path: path}).Load()
		if err != nil {
			b.Fatal(err)
		}
		snap, _, err := provision.Build(b.Context(), s.Input(provision.Input{}), s.BuiltAt)
		if err != nil || snap.Counts().Phones != 100_000 {
			b.Fatal(err)
		}
	}
}
