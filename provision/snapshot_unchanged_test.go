package provision

import (
	"context"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// UnlessChanged returns a snapshot if the inputs are the same, and nil if any of them differs.
func TestUnlessChanged(t *testing.T) {
	files := maps.Clone(packed)
	files["phoneprov.conf"] = strings.Replace(files["phoneprov.conf"], "serveraddr=pbx", "serveriface=eth0", 1)
	files[GlobalsFile] = "[globals]\nG=1\n"
	input := func(change func(files map[string]string, in *Input)) Input {
		files := maps.Clone(files)
		address := netip.MustParseAddr("192.0.2.1")
		in := Input{
			Live: &Live{Endpoints: map[string]Endpoint{
				"e": {ID: "e", Username: "u", Password: "pw", Options: new(OptionSets).Add(map[string]string{"context": "default"})},
				"f": {ID: "f"},
			}},
			Interfaces: func(string) (netip.Addr, error) { return address, nil },
			Ask:        func(context.Context, string) (string, error) { return "", nil },
			Zone:       time.UTC,
		}
		change(files, &in)
		in.Config = config(t, files)
		return in
	}
	endpoint := func(change func(*Endpoint)) func(map[string]string, *Input) {
		return func(_ map[string]string, in *Input) {
			e := in.Live.Endpoints["e"]
			change(&e)
			in.Live.Endpoints["e"] = e
		}
	}
	text := func(file, old, new string) func(map[string]string, *Input) {
		return func(files map[string]string, _ *Input) {
			if !strings.Contains(files[file], old) {
				t.Errorf("%s has no %q", file, old)
			}
			files[file] = strings.Replace(files[file], old, new, 1)
		}
	}
	same := func(map[string]string, *Input) {}
	s, diags, err := Build(t.Context(), input(same), testNow)
	if err != nil {
		t.Fatal(err)
	}
	later := testNow.Add(time.Hour)
	again, found := s.UnlessChanged(input(same), later)
	if again == nil || again.content != s.content || !again.BuiltAt.Equal(later) || !slices.Equal(found, diags) {
		t.Errorf("got %+v, %v of the same", again, found)
	}
	was := s.loaded["Europe/Berlin"]
	s.loaded["Europe/Berlin"] = s.loaded["Nowhere/Else"]
	if again, _ := s.UnlessChanged(input(same), later); again != nil {
		t.Error("a zone that is another one is not seen")
	}
	s.loaded["Europe/Berlin"] = was
	for name, change := range map[string]func(map[string]string, *Input){
		"section":           text("users.conf", "[6001]", "[6009]"),
		"template":          text("users.conf", "[base](!)\nautoprov", "[base](!)\nx=y\nautoprov"),
		"option":            text("users.conf", "fullname", "label"),
		"value":             text("users.conf", "fullname=One", "fullname=Uno"),
		"line":              text("users.conf", "[6001]", "\n[6001]"),
		"warning":           text("users.conf", "[general]", "#exec x\n[general]"),
		"profile":           text("phoneprov.conf", "text/plain", "text/xml"),
		"global":            text(GlobalsFile, "G=1", "G=2"),
		"file that is gone": func(files map[string]string, _ *Input) { delete(files, GlobalsFile) },
		"version":           func(_ map[string]string, in *Input) { in.Major = 23 },
		"sorcery.conf": func(files map[string]string, _ *Input) {
			files[SorceryFile] = "[" + phoneprovModule + "]\nphoneprov=config,x.conf\n"
		},
		"extconfig.conf":        func(files map[string]string, _ *Input) { files[ExtConfigFile] = "[settings]\nusers.conf=odbc,x\n" },
		"file that is empty":    func(files map[string]string, _ *Input) { files["phoneprov_users.conf"] = "" },
		"no endpoints":          func(_ map[string]string, in *Input) { in.Live = nil },
		"endpoint that is gone": func(_ map[string]string, in *Input) { delete(in.Live.Endpoints, "f") },
		"endpoint's name":       endpoint(func(e *Endpoint) { e.ID = "g" }),
		"endpoint's callerid":   endpoint(func(e *Endpoint) { e.CallerID = "x" }),
		"endpoint's transport":  endpoint(func(e *Endpoint) { e.TransportID = "x" }),
		"endpoint's bind":       endpoint(func(e *Endpoint) { e.Bind = "x" }),
		"endpoint's auth":       endpoint(func(e *Endpoint) { e.AuthID = "x" }),
		"endpoint's username":   endpoint(func(e *Endpoint) { e.Username = "x" }),
		"endpoint's password":   endpoint(func(e *Endpoint) { e.Password = "x" }),
		"endpoint's option":     endpoint(func(e *Endpoint) { e.Options = new(OptionSets).Add(map[string]string{"context": "other"}) }),
		"endpoint's options":    endpoint(func(e *Endpoint) { e.Options = nil }),
		"address": func(_ map[string]string, in *Input) {
			in.Interfaces = func(string) (a netip.Addr, err error) { return }
		},
		"no interfaces": func(_ map[string]string, in *Input) { in.Interfaces = nil },
		"nobody to ask": func(_ map[string]string, in *Input) { in.Ask = nil },
		"zone":          func(_ map[string]string, in *Input) { in.Zone = time.FixedZone("X", 3600) },
		"no zone":       func(_ map[string]string, in *Input) { in.Zone = nil },
	} {
		if again, _ := s.UnlessChanged(input(change), later); again != nil {
			t.Errorf("%s: the snapshot is taken for what would be built", name)
		}
	}
}

// If names of files depend on the time, on chance or on Asterisk, UnlessChanged returns nil.
func TestUnlessChangedOfVolatileNames(t *testing.T) {
	for name, want := range map[string]bool{
		"${USERNAME}": true, "${LABEL}": true, "${TOUPPER(${MAC})}": true, "${G}": true,
		"${EPOCH}": false, "${STRFTIME(0,Europe/Berlin,%H)}": false, "${RAND(1,9)}": false, "${DB(a/b)}": false, "${TZOFFSET}": false, "${T}": false, "${A}": false,
	} {
		in := Input{
			Config: config(t, map[string]string{
				"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nsetvar => A=${EPOCH}\n" + name + "x => t\n",
				"users.conf":     "[a]\nautoprov=yes\nmacaddress=000000000001\ntimezone=Europe/Berlin\n",
				GlobalsFile:      "[globals]\nG=1\nT=${EPOCH}\n",
			}),
			Ask: func(context.Context, string) (string, error) { return "answer", nil },
		}
		s, diags, err := Build(t.Context(), in, testNow)
		if err != nil || len(diags) > 0 || s.Counts().Routes != 1 {
			t.Fatalf("%s: %v, %v", name, diags, err)
		}
		if again, _ := s.UnlessChanged(in, testNow.Add(time.Hour)); (again != nil) != want {
			t.Errorf("%s: got %v, want %v", name, again, want)
		}
	}
}
