package provision

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/device"
)

// spellings are ways to write a MAC: plain and in groups, each with every separator, lower and upper case. The last of them,
// oddSpellings in number, have groups that are not equal.
func spellings(mac device.MAC) (all []string) {
	digits := mac.String()
	for _, size := range []int{1, 2, 3, 4, 6, 12} {
		for _, separator := range []string{":", "-", ".", " "} {
			var groups []string
			for group := range slices.Chunk([]byte(digits), size) {
				groups = append(groups, string(group))
			}
			text := strings.Join(groups, separator)
			all = append(all, text, strings.ToUpper(text))
			if size == 12 {
				break
			}
		}
	}
	for _, odd := range []string{"%.2s-%[2]s", "%.5s:%[3]s", "%.8s.%[4]s"} {
		text := fmt.Sprintf(odd, digits, digits[2:], digits[5:], digits[8:])
		all = append(all, text, strings.ToUpper(text))
	}
	return all
}

const oddSpellings = 6

// A MAC is found in any case and with any separators, in names of every vendor. Two MACs of one vendor are read alike.
func TestEverySpelling(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
${MAC}.cfg => t
cfg${MAC}.xml => t
SEP${TOUPPER(${MAC})}.cnf.xml => t
snomD785-${MAC}.htm => t
abc${MAC}.x => t
${MAC}/${MAC}.cfg => t
sub/${MAC}-lines.cfg => t
ab${MAC}cd.x => t
`,
		"users.conf": `[a]
autoprov=yes
macaddress=0004f2abc001
[b]
autoprov=yes
macaddress=00:15:65:12:34:56
`,
	})
	for _, known := range s.Phones() {
		unknown := known.MAC
		unknown[5] ^= 0x11
		texts, others := spellings(known.MAC), spellings(unknown)
		for i, text := range texts {
			for _, form := range []string{"%s.cfg", "cfg%s.xml", "SEP%s.cnf.xml", "snomD785-%s.htm", "abc%s.x", "%s/%[1]s.cfg", "sub/%s-lines.cfg", "ab%scd.x"} {
				if form == "ab%scd.x" && i >= len(texts)-oddSpellings {
					continue // the groups must be equal there
				}
				f := s.Find(fmt.Sprintf(form, text))
				if f.Route == nil || f.MAC != known.MAC || f.Phone != known || f.Route.Owner != known {
					t.Errorf("%q: got %+v", fmt.Sprintf(form, text), f)
				}
				if g := s.Find(fmt.Sprintf(form, others[i])); g.MAC != unknown || g.Route != nil || g.Phone != nil {
					t.Errorf("%q: got %+v, want MAC %v alone", fmt.Sprintf(form, others[i]), g, unknown)
				}
			}
			if f := s.Find(text + ".nosuch"); f.MAC != known.MAC || f.Phone != known || f.Route != nil {
				t.Errorf("%q: got %+v", text+".nosuch", f)
			}
		}
	}
}

// FindEvenly finds what Find does.
func FuzzFind(f *testing.F) {
	s, _ := build(f, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
static_file => 0004f2000001-fw.bin
cfg${MAC}.xml => t
${MAC}/x => t
y000000000028.cfg => t
`,
		"users.conf": "[a]\nautoprov=yes\nmacaddress=00:04:F2:00:00:01\n",
	})
	for _, name := range []string{"0004f2000001-fw.bin", "cfg0004F2000001", "00:04-f2:00-00:01.cfg", "0004f2000001/x", "y000000000028.cfg",
		"0004f2000009.cfg", "x10004f2000001.cfg", "2001:0db8:0004:f200:0001:0000:0000:0001", strings.Repeat("x", device.MaxName) + "0004f2000001", ""} {
		f.Add(name)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		a, b := s.Find(uri), s.FindEvenly(uri)
		if (a.Route == nil) != (b.Route == nil) || a.Route != nil && *a.Route != *b.Route || a.MAC != b.MAC || a.Phone != b.Phone {
			t.Errorf("%q: got %+v and %+v", uri, a, b)
		}
		for _, n := range []device.Name{device.ReadName(uri), device.ReadNameOf(uri, s.vendors)} {
			if m := n.MAC; m != (device.MAC{}) && !strings.Contains(n.Canonical(), m.String()) {
				t.Errorf("%q: its canonical %q is without %v", uri, n.Canonical(), m)
			}
		}
	})
}

// The configuration decides who owns a file, not digits in its name.
func TestOwner(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
static_file => x42.14.0.7386T20210730173312.z
static_file => fw-550e8400-e29b-41d4-a716-0004f2000001.bin
static_file => 0004f2000001-fw.bin
static_file => 0004f2000009-fw.bin
static_file => 1a2b3c4d5e6f.bin
static_file => 001565123456.bin
${MAC}.cfg => t
${USERNAME}.cfg => t
${MAC:0:6}.cfg => t
book.xml => t
book-${PROFILE}-${LINEKEYS}.xml => t
${LABEL}.x => t
`,
		"users.conf": `[a]
autoprov=yes
label=one
macaddress=0004f2000001
[b]
autoprov=yes
label=two
macaddress=001565123456
[c]
autoprov=yes
label=two
macaddress=001565123457
`,
	})
	for uri, want := range map[string]string{
		"x42.14.0.7386T20210730173312.z":              "",
		"fw-550e8400-e29b-41d4-a716-0004f2000001.bin": "",
		"0004f2000001-fw.bin":                         "0004f2000001",
		"00:04:F2:00:00:01-fw.bin":                    "0004f2000001",
		"0004f2000009-fw.bin":                         "",
		"1a2b3c4d5e6f.bin":                            "",
		"001565123456.bin":                            "001565123456",
		"0004f2000001.cfg":                            "0004f2000001",
		"a.cfg":                                       "0004f2000001",
		"0004f2.cfg":                                  "0004f2000001",
		"001565.cfg":                                  "",
		"book.xml":                                    "",
		"book-p-1.xml":                                "",
		"one.x":                                       "0004f2000001",
		"two.x":                                       "",
	} {
		f := s.Find(uri)
		if f.Route == nil {
			t.Errorf("%s: no route", uri)
			continue
		}
		got := ""
		if f.Route.Owner != nil {
			got = f.Route.Owner.ID
		}
		if got != want || (f.MAC != device.MAC{}) != (want != "") {
			t.Errorf("%s: got owner %q, MAC %v, want %q", uri, got, f.MAC, want)
		}
	}
}

// Even if there is only one phone, nobody owns a file whose name has nothing of the phone in it.
func TestOwnerOfTheOnlyPhone(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
setvar => KIND=all
phonebook.xml => t
${KIND}.xml => t
${MAC}.cfg => t
${USERNAME}.cfg => t
`,
		"users.conf": "[a]\nautoprov=yes\nmacaddress=0004f2000001\n",
	})
	for uri, own := range map[string]bool{"phonebook.xml": false, "all.xml": false, "0004f2000001.cfg": true, "a.cfg": true} {
		if rt := s.Lookup(uri); rt == nil || (rt.Owner != nil) != own || rt.Phone == nil {
			t.Errorf("%s: got %+v", uri, rt)
		}
	}
}
