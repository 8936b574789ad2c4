package provision

import "testing"

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
