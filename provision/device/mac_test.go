package device

import (
	"strings"
	"testing"
)

func TestParseMAC(t *testing.T) {
	for _, row := range []struct{ name, in, want string }{
		{"plain", "001565aabbcc", "001565aabbcc"},
		{"upper", "001565AABBCC", "001565aabbcc"},
		{"colons", "00:15:65:aa:BB:cc", "001565aabbcc"},
		{"dashes", "00-15-65-aa-bb-cc", "001565aabbcc"},
		{"dots", "0015.65aa.bbcc", "001565aabbcc"},
		{"blanks", " 00 15 65 aa bb cc ", "001565aabbcc"},
		{"short", "001565aabbc", ""},
		{"long", "001565aabbccd", ""},
		{"separator at the end", "001565aabbcc:", ""},
		{"two separators", "00::1565aabbcc", ""},
		{"not hexadecimal", "001565aabbcg", ""},
		{"empty", "", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			m, err := ParseMAC(row.in)
			got := ""
			if err == nil {
				got = m.String()
			}
			if got != row.want {
				t.Errorf("ParseMAC(%q): got %q (%v), want %q", row.in, got, err, row.want)
			}
		})
	}
}

func TestFindMAC(t *testing.T) {
	for _, row := range []struct{ in, want string }{
		{"0004f2000001.cfg", "0004f2000001.cfg"},
		{"0004F2000001-boot.log", "0004f2000001-boot.log"},
		{"cfg0004f2000001.xml", "cfg0004f2000001.xml"},
		{"spa0004F2000001.cfg", "spa0004f2000001.cfg"},
		{"SEP0004F2000001.cnf.xml", "SEP0004f2000001.cnf.xml"},
		{"Cisco/CP-8841-3PCC/00-04-f2-00-00-01.cfg", "Cisco/CP-8841-3PCC/0004f2000001.cfg"},
		{"00:04:F2:00:00:01", "0004f2000001"},
		{"0004.f200.0001/x", "0004f2000001/x"},
		{"snomD785-0004132A2D24.htm", "snomD785-0004132a2d24.htm"},
		{"0004f2-000001.txt", "0004f2000001.txt"},
		{"Config0004F2000001.cfg", "Config0004f2000001.cfg"},
		{"ctlsep0004f2000001.tlv", "ctlsep0004f2000001.tlv"},
		{"6001-0004f2000001.cfg", "6001-0004f2000001.cfg"},
		{"0004f2000001/0004f2000002.log", "0004f2000001/0004f2000002.log"},
		{"0004f2000001-20210730173312.log", "0004f2000001-20210730173312.log"},
		{"000000000000.cfg", ""},
		{"000000000000-directory.xml", ""},
		{"y000000000028.cfg", ""},
		{"3111-48822-001.sip.ld", ""},
		{"00-04f2-000001.cfg", ""},
		{"00-04:f2-00:00-01.cfg", ""},
		{"cfg.xml", ""},
		{"", ""},
		{strings.Repeat("x", MaxName) + "0004f2000001", ""},
	} {
		if m, got, ok := FindMAC(row.in); got != row.want || ok != (row.want != "") || ok && m == (MAC{}) {
			t.Errorf("FindMAC(%q): got %v %q %v, want %q", row.in, m, got, ok, row.want)
		}
	}
}

func FuzzParseMAC(f *testing.F) {
	for _, s := range []string{"001565aabbcc", "00:15:65:AA:BB:CC", "0015.65aa.bbcc", "x", "00-15-65-aa-bb-cc-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := ParseMAC(s)
		if err != nil {
			if m != (MAC{}) {
				t.Errorf("ParseMAC(%q): got %v with an error", s, m)
			}
			return
		}
		if again, err := ParseMAC(m.String()); err != nil || again != m {
			t.Errorf("ParseMAC(%q): got %v, which reads back as %v (%v)", s, m, again, err)
		}
	})
}
