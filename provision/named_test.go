package provision

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// nameRows are names, and the MAC that counts in each: for who gets nothing in any case, and where phones of 0004f2 and
// 001565 are served.
var nameRows = []struct{ name, anyway, served string }{
	// the vendors' own
	{"0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"0004F2000001-directory.xml", "0004f2000001", "0004f2000001"},
	{"cfg0004f2000001.xml", "0004f2000001", "0004f2000001"},
	{"cfg0004f2000001", "0004f2000001", "0004f2000001"},
	{"SEP0004F2000001.cnf.xml.sgn", "0004f2000001", "0004f2000001"},
	{"ITLSEP0004F2000001.tlv", "0004f2000001", "0004f2000001"},
	{"spa0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"Config0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"snomD785-000413922D24.htm", "000413922d24", "000413922d24"},
	{"Cisco/CP-8841-3PCC/0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"00-04-f2-00-00-01.cfg", "0004f2000001", "0004f2000001"},
	{"00:04:f2:00:00:01", "0004f2000001", "0004f2000001"},
	{"0004.f200.0001.cfg", "0004f2000001", "0004f2000001"},
	{"0004f2-000001.txt", "0004f2000001", "0004f2000001"},
	{"SEP00-04-F2-00-00-01.cnf.xml", "0004f2000001", "0004f2000001"},
	{"6001-0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"6001_00_0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"0004f2000001-20210730173312.log", "0004f2000001", "0004f2000001"},
	{"00-04-f2-00-00-01-20210730.log", "0004f2000001", "0004f2000001"},
	{"f0V00X400000.cfg", "", ""},
	{"3111-48450-001.sip.ld", "", ""},
	{"000000000000.cfg", "", ""},
	{"000000000000-directory.xml", "", ""},
	{"y000000000028.cfg", "", ""},
	{"y000000000000.boot", "", ""},
	{"CP-8841-3PCC.cfg", "", ""},

	// a phone that is served decides
	{"0004f2000001directory.txt", "0004f2000001", "0004f2000001"},
	{"abc0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"abc001565aabbcc.x", "abc001565aab", "001565aabbcc"},
	{"outside.txt0004f2000001", "0004f2000001", "0004f2000001"},
	{"00-04f2-000001.cfg", "0004f2000001", "0004f2000001"},
	{"00:04-f2:00-00:01.cfg", "0004f2000001", "0004f2000001"},
	{"001565123456.cfg", "", "001565123456"},
	{"00:15:65:12:34:56.cfg", "", "001565123456"},
	{"cfg001565123456.xml", "", "001565123456"},
	{"000413922024.cfg", "", ""}, // all decimal, and no phone of that vendor
	{"fw-00aabbccddeex.bin", "00aabbccddee", ""},
	{"aabbcc001122/0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"0004f2000001/aabbccddee01.cfg", "aabbccddee01", "0004f2000001"},

	// dates, versions, serial numbers, UUIDs
	{"x42.14.0.7386T20210730173312.z", "", ""},
	{"2012070649327421.z", "", ""},
	{"sat7111700000000.bin", "", ""},
	{"202107301733.bin", "", ""},
	{"2021-07-30-1733.bin", "", ""},
	{"2021-07-30T17-33-12.bin", "", ""},
	{"fw-550e8400-e29b-41d4-a716-446655440000.bin", "", ""},
	{"fw-550e8400-e29b-41d4-a716-0004f2000001.bin", "", ""},
	{"550e8400_e29b_41d4_a716_0004f2000001.bin", "", ""},
	{"{550E8400-E29B-41D4-A716-0004F2000001}", "", ""},
	{"550e8400e29b41d4a7160004f2000001.bin", "", ""},
	{"00-04-f2-ff-fe-00-00-01.cfg", "", ""},
	{"2001:0db8:0004:f200:0001:0000:0000:0001", "", ""},
	{"da39a3ee5e6b4b0d3255bfef95601890afd80709.bin", "", ""},
	{"10004f2000001.cfg", "", ""},
	{"0004f20000012.cfg", "", ""},
	{"x10004f2000001.cfg", "", ""},
	{"0004f2000001x1.cfg", "", ""},
	{"v1.2.3-0004f200000.cfg", "", ""},
	{"é0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"", "", ""},
	{"/", "", ""},
	{strings.Repeat("x", maxMACURI) + "0004f2000001", "", ""},

	// at most one
	{"0004f2000001-0004f2000002.cfg", "0004f2000001", "0004f2000001"},
	{"0004f2000002/0004f2000001.cfg", "0004f2000001", "0004f2000001"},
	{"00aabbccddee-0004f2000001.cfg", "00aabbccddee", "0004f2000001"},
}

func TestReadName(t *testing.T) {
	served := vendors{{0x00, 0x04, 0xf2}: {}, {0x00, 0x15, 0x65}: {}}
	for _, row := range nameRows {
		for _, way := range []struct {
			name string
			got  Name
			want string
		}{{"anyway", ReadName(row.name), row.anyway}, {"served", readName(row.name, served), row.served}} {
			got := ""
			if way.got.MAC != (MAC{}) {
				got = way.got.MAC.String()
			}
			if got != way.want {
				t.Errorf("%q, %s: got %q, want %q", row.name, way.name, got, way.want)
			}
			if way.got.URI != row.name {
				t.Errorf("%q: got URI %q", row.name, way.got.URI)
			}
		}
	}
}

// spellings are ways to write a MAC: plain and in groups, each with every separator, lower and upper case.
func spellings(mac MAC) (all []string) {
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

// A MAC is found in any case and with any separators, in names of every vendor; and two of one vendor are read alike.
func TestEverySpelling(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": `[general]
default_profile=p
[p]
${MAC}.cfg => t
cfg${MAC}.xml => t
SEP${TOUPPER(${MAC})}.cnf.xml => t
` +
			"snomD785-${MAC}.htm => t\nabc${MAC}.x => t\n${MAC}/${MAC}.cfg => t\nsub/${MAC}-lines.cfg => t\nab${MAC}cd.x => t\n",
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
		others := spellings(unknown)
		for i, text := range spellings(known.MAC) {
			for _, form := range []string{"%s.cfg", "cfg%s.xml", "SEP%s.cnf.xml", "snomD785-%s.htm", "abc%s.x", "%s/%[1]s.cfg", "sub/%s-lines.cfg", "ab%scd.x"} {
				if form == "ab%scd.x" && groupSize(text) == 0 {
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
	for _, row := range nameRows {
		f.Add(row.name)
	}
	f.Fuzz(func(t *testing.T, uri string) {
		a, b := s.Find(uri), s.FindEvenly(uri)
		if (a.Route == nil) != (b.Route == nil) || a.Route != nil && *a.Route != *b.Route || a.MAC != b.MAC || a.Phone != b.Phone {
			t.Errorf("%q: got %+v and %+v", uri, a, b)
		}
		for _, n := range []Name{ReadName(uri), readName(uri, s.vendors)} {
			if m := n.MAC; m != (MAC{}) && !strings.Contains(n.Canonical(), m.String()) {
				t.Errorf("%q: its canonical %q is without %v", uri, n.Canonical(), m)
			}
		}
	})
}

// Whose a file is the configuration decides, and no digits in its name.
func TestOwner(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nstatic_file => x42.14.0.7386T20210730173312.z\nstatic_file => fw-550e8400-e29b-41d4-a716-0004f2000001.bin\n" +
			"static_file => 0004f2000001-fw.bin\nstatic_file => 0004f2000009-fw.bin\nstatic_file => 1a2b3c4d5e6f.bin\nstatic_file => 001565123456.bin\n" +
			`${MAC}.cfg => t
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
		if got != want || (f.MAC != MAC{}) != (want != "") {
			t.Errorf("%s: got owner %q, MAC %v, want %q", uri, got, f.MAC, want)
		}
	}
}

// With one phone too a name that has nothing of it is nobody's own.
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

// Check tells a name that is meant for all from one that collides.
func TestCheckShared(t *testing.T) {
	const users = `[a]
autoprov=yes
secret=first-secret
label=l
macaddress=000000000001
[b]
autoprov=yes
secret=second-secret
label=l
macaddress=000000000002
`
	const note = `phoneprov.conf:2: info: profile "p": 2 phones share the file "NAME": it is nobody's own, and made with the variables of phone 000000000001`
	for _, row := range []struct{ name, file, uri, template, want string }{
		{"for all", "book.xml", "book.xml", "<book/>", ""},
		{"for all, made with the first phone's name", "book.xml", "book.xml", "<book name='${USERNAME}'/>", ""},
		{"for all, with a secret", "book.xml", "book.xml", "<book>${SECRET}</book>",
			`phoneprov.conf:2: warning: profile "p": the file "book.xml" is nobody's own, and has the secret of phone 000000000001 in it: whoever may have files gets it; put ${MAC} into the name`},
		{"a part of a phone, the same for both", "${LABEL}.cfg", "l.cfg", "${LABEL}", ""},
		{"a part of a phone, and the phones differ", "${LABEL}.cfg", "l.cfg", "${USERNAME}",
			`phoneprov.conf:2: error: profile "p": file name "l.cfg" of phone 000000000002 is already that of phone 000000000001, and their files differ: both get the first one's, as in Asterisk; put ${MAC} into the name`},
		{"a part of the MAC", "${MAC:0:6}.cfg", "000000.cfg", "vendor", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, diags := build(t, map[string]string{"phoneprov.conf": "[p]\n" + row.file + " => t\n", "users.conf": strings.ReplaceAll(users, "autoprov=yes", "autoprov=yes\nprofile=p")})
			if want := strings.Replace(note, "NAME", row.uri, 1); len(diags) != 1 || diags[0].String() != want {
				t.Errorf("got %v\nwant %s", diags, want)
			}
			r, _ := renderer(t, map[string]string{"t": row.template})
			got := ""
			for _, d := range Check(t.Context(), s, r, Request{Now: testNow}) {
				got += d.String()
			}
			if got != row.want {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}
