package provision

import "testing"

func TestFind(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": "[p]\n${MAC}.cfg => t\n",
		"users.conf": `[6001]
autoprov=yes
profile=p
macaddress=0004f2000001
fullname=Alice Archer
cid_number=4930601
` +
			`[6002]
autoprov=yes
profile=p
macaddress=0004f2000001
linenumber=2
username=sales
` +
			`[6003]
autoprov=yes
profile=p
macaddress=0004f2000003
fullname=6001
label=Front desk
` +
			"[6004]\nautoprov=yes\nprofile=p\nmacaddress=0004f2000004\nfullname=Alice Archer\n",
		"pjsip.conf": `[bob]
type=endpoint
callerid="Bob Baker" <7000>
[bobs-phone]
type=phoneprov
endpoint=bob
MAC=001565000007
PROFILE=p
`,
	})
	ids := func(phones []*Phone) (text string) {
		for _, p := range phones {
			text += p.ID + " "
		}
		return text
	}
	for _, row := range []struct{ what, want string }{
		{"00:04:F2:00:00:01", "0004f2000001 "},
		{"6001", "0004f2000001 "}, // not the phone with that display name
		{"sales", "0004f2000001 "},
		{"SALES", "0004f2000001 "},
		{"6002", "0004f2000001 "}, // the section of its second line
		{"4930601", "0004f2000001 "},
		{"alice archer", "0004f2000001 0004f2000004 "},
		{"Front desk", "0004f2000003 "},
		{"bob", "001565000007 "},
		{"7000", "001565000007 "},
		{"Bob Baker", "001565000007 "},
		{"bobs-phone", "001565000007 "},
		{"", ""},
		{"600", ""},
	} {
		if got := ids(s.FindPhones(row.what)); got != row.want {
			t.Errorf("%q: got %s, want %s", row.what, got, row.want)
		}
	}
	for _, row := range []struct{ what, name, phone string }{
		{"Alice Archr", "Alice Archer", "0004f2000001"},
		{"alice", "Alice Archer", "0004f2000001"},
		{"Baker", "Bob Baker", "001565000007"},
		{"salse", "sales", "0004f2000001"},
		{"0004f2000005", "0004f2000001", "0004f2000001"},
		{"0004f2000099", "", ""},
		{"000007", "001565000007", "001565000007"},
		{"0004f2000003.cgf", "0004f2000003.cfg", ""},
		{"zebra", "", ""},
		{"x", "", ""},
	} {
		name, phone := s.Near(row.what)
		id := ""
		if phone != nil {
			id = phone.ID
		}
		if name != row.name || id != row.phone {
			t.Errorf("%q: got %q of %q, want %q of %q", row.what, name, id, row.name, row.phone)
		}
	}
}
