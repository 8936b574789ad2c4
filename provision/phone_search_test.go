package provision

import "testing"

func TestFind(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": "[p]\n${MAC}.cfg => t\n",
		"users.conf": "[6001]\nautoprov=yes\nprofile=p\nmacaddress=0004f2000001\nfullname=Alice Archer\ncid_number=4930601\n" +
			"[6002]\nautoprov=yes\nprofile=p\nmacaddress=0004f2000001\nlinenumber=2\nusername=sales\n" +
			"[6003]\nautoprov=yes\nprofile=p\nmacaddress=0004f2000003\nfullname=6001\nlabel=Front desk\n" +
			"[6004]\nautoprov=yes\nprofile=p\nmacaddress=0004f2000004\nfullname=Alice Archer\n",
		"pjsip.conf": "[bob]\ntype=endpoint\ncallerid=\"Bob Baker\" <7000>\n[bobs-phone]\ntype=phoneprov\nendpoint=bob\nMAC=001565000007\nPROFILE=p\n",
	})
	ids := func(phones []*Phone) (text string) {
		for _, p := range phones {
			text += p.ID + " "
		}
		return text
	}
	for _, row := range []struct{ what, want string }{
		{"00:04:F2:00:00:01", "0004f2000001 "},
		{"6001", "0004f2000001 "}, // and not the phone whose display name it is
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
