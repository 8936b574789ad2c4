package lastgood

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/sample"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

var builtAt = time.Date(2026, 11, 28, 9, 0, 0, 123, time.UTC)

// sampleState returns the State of the sample configuration, with additions that the sample lacks.
func sampleState(t testing.TB) (*State, *datadir.Dir) {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, sample.FS); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"users.conf": `
[mine](!)
autoprov=yes
profile=poly
[7001](mine)
username=7001
macaddress=0004f2999901
secret=a;b
`,
		"phoneprov.conf": `
[tmpl](!)
setvar => A=1
[names](tmpl)
${ODBC_NAME(${MAC})}.cfg => poly.cfg
${ODBC_UNKNOWN(${MAC})}.cfg => poly.cfg
${EPOCH}-${MAC}.cfg => poly.cfg
`,
		"pjsip.conf": `
[db]
type=phoneprov
endpoint=db
MAC=0004f2999902
PROFILE=names
`,
	} {
		f, err := os.OpenFile(filepath.Join(dir, "asterisk", name), os.O_APPEND|os.O_WRONLY, 0o600)
		if err != nil {
			t.Fatal(err)
		}
		if _, err = io.WriteString(f, text); err != nil {
			t.Fatal(err)
		}
		if err = f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	s := &State{SavedAt: builtAt.Add(time.Second), BuiltAt: builtAt, Config: provision.Config{}, Major: 22, Booted: true,
		Filed:     []Object{{"endpoint", "old"}},
		Addresses: map[string]netip.Addr{"eth0": netip.MustParseAddr("192.0.2.7")},
		Answers:   map[string]string{"ODBC_NAME(0004f2999902)": "named"},
	}
	loader := astconf.Loader{Dir: filepath.Join(dir, "asterisk")}
	for name := range s.Config.Files() {
		if file, err := loader.Load(name); err == nil {
			s.Config[name] = file
		}
	}
	var sets provision.OptionSets
	s.Live = &provision.Live{Endpoints: map[string]provision.Endpoint{
		"db": {ID: "db", CallerID: `"D" <1>`, TransportID: "udp", Bind: "0.0.0.0:5060", AuthID: "db", Username: "db", Password: "of-db", Options: sets.Add(map[string]string{"Context": "a", "DtmfMode": "info", "100rel": "yes"})},
	}}
	for i := range 5 {
		name := fmt.Sprint(6010 + i)
		options := map[string]string{"Context": "a", "DtmfMode": "info", "Mailboxes": name}
		s.Live.Endpoints[name] = provision.Endpoint{ID: name, AuthID: name, Username: name, Password: provision.Secret("of-" + name), Options: sets.Add(options)}
	}
	data, err := datadir.Open(filepath.Join(dir, "phoneprov"), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = data.Close() })
	return s, data
}

// files builds a State and returns the snapshot, all its files, and the diagnostics of Build.
func (s *State) files(t testing.TB, data *datadir.Dir) (*provision.Snapshot, map[string]string) {
	t.Helper()
	snap, found, err := provision.Build(t.Context(), s.Input(provision.Input{Zone: time.UTC}), s.BuiltAt)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, d := range found {
		files["diagnostics"] += d.String() + "\n"
	}
	r := provision.NewRenderer(provision.RendererOptions{Data: data, Zone: time.UTC})
	for _, route := range snap.Routes() {
		doc, err := r.Render(t.Context(), snap, route, provision.Request{Server: "pbx", Now: builtAt, Scheme: "http", Host: "pbx"})
		if err != nil {
			t.Fatalf("%s: %v", route.URI, err)
		}
		text, err := io.ReadAll(doc.Content)
		if err != nil {
			t.Fatal(err)
		}
		doc.Close()
		files[route.URI] = route.MIME() + "\n" + string(text)
	}
	return snap, files
}

func encoded(t testing.TB, s *State) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := Encode(&out, s); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// A decoded State gives the same phones, files and diagnostics. So no input is lost.
func TestRoundTrip(t *testing.T) {
	s, data := sampleState(t)
	text := encoded(t, s)
	got, err := Decode(string(text))
	if err != nil {
		t.Fatal(err)
	}
	got.BuiltAt = s.BuiltAt
	before, wantFiles := s.files(t, data)
	after, gotFiles := got.files(t, data)
	if c := provision.Compare(before, after); c.Added+c.Removed+c.Changed != 0 {
		t.Errorf("got %+v", c)
	}
	if len(gotFiles) != len(wantFiles) {
		t.Errorf("got %d files, want %d", len(gotFiles), len(wantFiles))
	}
	for name, want := range wantFiles {
		if gotFiles[name] != want {
			t.Errorf("%s: got  %q\nwant %q", name, gotFiles[name], want)
		}
	}
	for _, name := range []string{"named.cfg", fmt.Sprintf("%d-0004f2999902.cfg", builtAt.Unix())} {
		if _, ok := gotFiles[name]; !ok {
			t.Errorf("there is no %s", name)
		}
	}
	if !strings.Contains(gotFiles["diagnostics"], "was not asked for when this was kept") {
		t.Errorf("got %s", gotFiles["diagnostics"])
	}
	if second := encoded(t, got); string(second) != string(text) {
		t.Error("the same is encoded in other bytes")
	}
	if got.Booted != s.Booted || got.Major != 22 || len(got.Filed) != 1 || got.Filed[0] != s.Filed[0] || got.Addresses["eth0"] != s.Addresses["eth0"] {
		t.Errorf("got %+v", got)
	}
	if pos, ok := got.Config["phoneprov.conf"].Template("tmpl"); !ok || pos.Line == 0 {
		t.Errorf("the template of phoneprov.conf is at %v, %v", pos, ok)
	}
}

// Every field of a State changes the bytes. So no field is left out, and every change is saved.
func TestEncodeHasEverything(t *testing.T) {
	base, _ := sampleState(t)
	seen := map[string]string{string(encoded(t, base)): "nothing"}
	for name, change := range map[string]func(*State){
		"a value": func(s *State) {
			c := s.Config["users.conf"].Categories[1]
			s.Config["users.conf"].Categories[1] = astconf.NewCategory(c.Name, c.Pos, c.Bases, []astconf.Var{{Name: "secret", Value: "x"}})
		},
		"a base":     func(s *State) { s.Config["users.conf"].Categories[1].Bases = []string{"x"} },
		"a section":  func(s *State) { s.Config["users.conf"].Categories = s.Config["users.conf"].Categories[:2] },
		"a warning":  func(s *State) { s.Config["users.conf"].Warnings = []astconf.Warning{{Message: "x"}} },
		"a file":     func(s *State) { delete(s.Config, "pjsip.conf") },
		"a nil file": func(s *State) { s.Config["users.conf"] = nil },
		"major":      func(s *State) { s.Major = 23 },
		"no live":    func(s *State) { s.Live = nil },
		"a password": func(s *State) { e := s.Live.Endpoints["db"]; e.Password = "other"; s.Live.Endpoints["db"] = e },
		"an option": func(s *State) {
			e := s.Live.Endpoints["db"]
			e.Options = new(provision.OptionSets).Add(map[string]string{"x": "y"})
			s.Live.Endpoints["db"] = e
		},
		"no options": func(s *State) { e := s.Live.Endpoints["db"]; e.Options = nil; s.Live.Endpoints["db"] = e },
		"an address": func(s *State) { s.Addresses["eth0"] = netip.MustParseAddr("192.0.2.8") },
		"an answer":  func(s *State) { s.Answers["ODBC_NAME(0004f2999902)"] = "other" },
		"booted":     func(s *State) { s.Booted = false },
		"filed":      func(s *State) { s.Filed = nil },
	} {
		s, _ := sampleState(t)
		change(s)
		text := encoded(t, s)
		if other, ok := seen[string(text)]; ok {
			t.Errorf("%s: the bytes are those of %s", name, other)
		}
		seen[string(text)] = name
		got, err := Decode(string(text))
		if err != nil || string(encoded(t, got)) != string(text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestDir(t *testing.T) {
	first, _ := sampleState(t)
	second, _ := sampleState(t)
	second.Major, second.SavedAt = 23, builtAt.Add(-24*time.Hour) // the clock went back
	path := filepath.Join(t.TempDir(), "deep", "state")
	d := &Dir{Path: path}
	if s, err := d.Load(); s != nil || err != nil {
		t.Fatalf("got %v, %v of no directory", s, err)
	}
	save := func(s *State, want bool) {
		t.Helper()
		if saved, err := d.Save(s); saved != want || err != nil {
			t.Fatalf("got %v, %v, want %v", saved, err, want)
		}
	}
	save(first, true)
	save(first, false)
	d = &Dir{Path: path}
	save(first, false) // as another process does
	save(second, true)
	for _, name := range slots {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%s: got %v, %v", name, info, err)
		}
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the directory: got %v, %v", info, err)
	}
	s, err := (&Dir{Path: path}).Load()
	if err != nil || s.Major != 23 || !s.SavedAt.Equal(second.SavedAt) || !s.BuiltAt.Equal(builtAt) {
		t.Errorf("got %+v, %v", s, err)
	}
	removeAll(t, filepath.Join(path, slots[0]), filepath.Join(path, slots[1]))
	save(second, true) // somebody deleted the file
}

func removeAll(t *testing.T, paths ...string) {
	t.Helper()
	for _, path := range paths {
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
	}
}

// If the newest file is damaged, Load returns the one before, and the next Save replaces the damaged one.
func TestNewestWholeFile(t *testing.T) {
	first, _ := sampleState(t)
	second, _ := sampleState(t)
	third, _ := sampleState(t)
	first.Major, second.Major, third.Major = 1, 2, 3
	edit := func(f func(text string) string) func(string) error {
		return func(path string) error {
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			return os.WriteFile(path, []byte(f(string(text))), 0o600)
		}
	}
	type fault struct {
		name  string
		spoil func(path string) error
		want  string // part of the error
	}
	faults := []fault{
		{"empty", edit(func(string) string { return "" }), "it is not whole"},
		{"garbage", edit(func(string) string { return strings.Repeat("\x00\xff", 3000) }), "it is not whole"},
		{"one byte less", edit(func(s string) string { return s[:len(s)-1] }), "it is not whole"},
		{"one byte more", edit(func(s string) string { return s + "x" }), "it is not whole"},
		{"cut in the first line", edit(func(s string) string { return s[:30] }), "it is not whole"},
		{"another byte", edit(func(s string) string { return s[:len(s)/2] + "\x01" + s[len(s)/2+1:] }), "it is not whole"},
		{"of a newer version", edit(func(s string) string { return strings.Replace(s, magic+" 1 ", magic+" 2 ", 1) }), "its format is 2, and this version of phoneprov knows 1"},
		{"a number that none is higher than", edit(func(s string) string { return strings.Replace(s, magic+" 1 2 ", magic+" 1 18446744073709551615 ", 1) }), "it is not whole"},
		{"a directory", func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) }, "it is no regular file"},
		{"gone", os.Remove, ""},
	}
	for _, tt := range faults {
		t.Run(tt.name, func(t *testing.T) {
			path := t.TempDir()
			d := &Dir{Path: path}
			for _, s := range []*State{first, second} {
				if _, err := d.Save(s); err != nil {
					t.Fatal(err)
				}
			}
			newest := filepath.Join(path, slots[d.newest])
			if err := tt.spoil(newest); err != nil {
				t.Fatal(err)
			}
			d = &Dir{Path: path}
			s, err := d.Load()
			if s == nil || s.Major != 1 {
				t.Fatalf("got %v, want the one before", s)
			}
			if tt.want == "" && err != nil || tt.want != "" && (err == nil || err.Error() != filepath.Base(newest)+": "+tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if tt.name == "a directory" {
				removeAll(t, newest)
			}
			if saved, err := d.Save(third); !saved || err != nil {
				t.Fatalf("got %v, %v", saved, err)
			}
			if s, err = (&Dir{Path: path}).Load(); err != nil || s.Major != 3 {
				t.Errorf("got %v, %v", s, err)
			}
		})
	}
}

// If the file cannot be written, the stored States stay, and no other file is left.
func TestSaveFails(t *testing.T) {
	s, _ := sampleState(t)
	if _, err := (&Dir{Path: "/proc/phoneprov"}).Save(s); err == nil {
		t.Error("it was saved in /proc")
	}
	path := t.TempDir()
	d := &Dir{Path: path}
	if err := os.Mkdir(filepath.Join(path, slots[0]), 0o700); err != nil { // a rename onto a directory fails
		t.Fatal(err)
	}
	if _, err := d.Save(s); err == nil {
		t.Error("it was saved over a directory")
	}
	if _, err := os.Stat(filepath.Join(path, beside)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%s is left: %v", beside, err)
	}
}

// Any text gives an error or a State. It never allocates more than its size justifies.
func FuzzDecode(f *testing.F) {
	s, _ := sampleState(f)
	text := string(encoded(f, s))
	f.Add(text)
	f.Add(text[:len(text)/2])
	f.Add("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Decode(text)
		if err != nil {
			if !errors.Is(err, ErrNotWhole) {
				t.Errorf("got %v", err)
			}
			return
		}
		if _, err := Decode(string(encoded(t, s))); err != nil {
			t.Errorf("what was encoded again: %v", err)
		}
	})
}

// A State's Input asks nobody. A call without a saved answer is an error that drops only its file.
func TestInputAnswers(t *testing.T) {
	s := &State{Answers: map[string]string{"A(1)": "x"}, Addresses: map[string]netip.Addr{"lo": netip.MustParseAddr("192.0.2.1")}}
	in := s.Input(provision.Input{Interfaces: func(name string) (netip.Addr, error) {
		if name == "eth1" {
			return netip.MustParseAddr("192.0.2.9"), nil
		}
		return netip.Addr{}, errors.New("no such interface")
	}})
	for call, want := range map[string]string{"A(1)": "x <nil>", "C(1)": " asterisk has not answered yet: C(1) was not asked for when this was kept"} {
		value, err := in.Ask(context.Background(), call)
		if got := fmt.Sprint(value, " ", err); got != want {
			t.Errorf("%s: got %q, want %q", call, got, want)
		}
	}
	for name, want := range map[string]string{"lo": "192.0.2.1 <nil>", "eth1": "192.0.2.9 <nil>", "eth2": "invalid IP no such interface"} {
		address, err := in.Interfaces(name)
		if got := fmt.Sprint(address, err); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
