package provision

import (
	"reflect"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/device"
)

func TestLookup(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nstatic_file => 000000000000.cfg\n${MAC}.cfg => t\n" +
			"SEP${TOUPPER(${MAC})}.cnf.xml => t\nabc${MAC}.x => t\n${MAC}/${MAC}.cfg => t\n/lead-${MAC} => t\n",
		"users.conf": `[a]
autoprov=yes
macaddress=00:15:65:AA:BB:CC
[b]
autoprov=yes
macaddress=nonsense
`,
	})
	for _, row := range []struct{ name, uri, want string }{
		{"as configured", "00:15:65:AA:BB:CC.cfg", "00:15:65:AA:BB:CC.cfg"},
		{"lower case, no separators", "001565aabbcc.cfg", "00:15:65:AA:BB:CC.cfg"},
		{"dashes", "00-15-65-aa-bb-cc.cfg", "00:15:65:AA:BB:CC.cfg"},
		{"within a name", "SEP001565aabbcc.cnf.xml", "SEP00:15:65:AA:BB:CC.cnf.xml"},
		{"after hexadecimal letters", "abc001565AABBCC.x", "abc00:15:65:AA:BB:CC.x"},
		{"twice, two spellings", "001565aabbcc/00:15:65:aa:bb:cc.cfg", "00:15:65:AA:BB:CC/00:15:65:AA:BB:CC.cfg"},
		{"leading slash", "/lead-001565aabbcc", "/lead-00:15:65:AA:BB:CC"},
		{"static", "000000000000.cfg", "000000000000.cfg"},
		{"no MAC", "nonsense.cfg", "nonsense.cfg"},
		{"what is no MAC is exact", "NONSENSE.cfg", ""},
		{"the rest of the name is exact", "001565aabbcc.CFG", ""},
		{"unknown MAC", "001565aabbcd.cfg", ""},
		{"another name", "001565aabbcc.xml", ""},
		{"empty", "", ""},
		{"long", strings.Repeat("0", device.MaxName) + "001565aabbcc.cfg", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			got := ""
			if rt := s.Lookup(row.uri); rt != nil {
				got = rt.URI
			}
			if got != row.want {
				t.Errorf("Lookup(%q): got %q, want %q", row.uri, got, row.want)
			}
		})
	}
}

func FuzzLookup(f *testing.F) {
	s, _ := build(f, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\ncfg${MAC}.xml => t\n",
		"users.conf":     "[a]\nautoprov=yes\nmacaddress=001565aabbcc\n",
	})
	f.Add("cfg001565AABBCC.xml")
	f.Add("cfg00-15-65-aa-bb-cc.xml")
	f.Add("../../etc/passwd")
	f.Fuzz(func(t *testing.T, uri string) {
		rt := s.Lookup(uri)
		if rt == nil {
			return
		}
		inside, ok := strings.CutPrefix(uri, "cfg")
		mac, err := device.ParseMAC(strings.TrimSuffix(inside, ".xml"))
		if !ok || err != nil || mac != rt.Phone.MAC {
			t.Errorf("Lookup(%q): got %q", uri, rt.URI)
		}
	})
}

func TestCompare(t *testing.T) {
	const profile = "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n"
	user := func(name, mac, more string) string {
		return "[" + name + "]\nautoprov=yes\nmacaddress=" + mac + "\n" + more
	}
	snap := func(phoneprov, users string) *Snapshot {
		s, _ := build(t, map[string]string{"phoneprov.conf": phoneprov, "users.conf": users})
		return s
	}
	a, b, c := user("a", "000000000001", ""), user("b", "000000000002", ""), user("c", "000000000003", "")
	old := snap(profile, a+b)
	for _, row := range []struct {
		name string
		old  *Snapshot
		next *Snapshot
		want Changes
	}{
		{"the first", nil, old, Changes{Added: 2}},
		{"nothing", old, snap(profile, a+b), Changes{}},
		{"order is nothing", old, snap(profile, b+a), Changes{}},
		{"one more", old, snap(profile, a+b+c), Changes{Added: 1}},
		{"one less", old, snap(profile, b), Changes{Removed: 1, Gone: []string{"000000000001"}}},
		{"one for another", old, snap(profile, a+c), Changes{Added: 1, Removed: 1, Gone: []string{"000000000002"}}},
		{"a secret", old, snap(profile, a+user("b", "000000000002", "secret=x\n")), Changes{Changed: 1}},
		{"a setvar", old, snap(profile+"setvar => A=1\n", a+b), Changes{Changed: 2}},
		{"a file", old, snap(profile+"${MAC}.x => t\n", a+b), Changes{Changed: 2}},
	} {
		t.Run(row.name, func(t *testing.T) {
			if got := Compare(row.old, row.next); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v, want %+v", got, row.want)
			}
		})
	}
}
