package printable

import "testing"

func TestPrintable(t *testing.T) {
	for _, row := range []struct{ text, only, cut string }{
		{"", "", ""},
		{"Snom 370", "Snom 370", "Snom 370"},
		{"a\x1b[31mb\r\n", "a\ufffd[31mb\ufffd\ufffd", "a\ufffd[31mb\ufffd\ufffd"},
		{"\u202eabc\u200b", "\ufffdabc\ufffd", "\ufffdabc\ufffd"},
		{"1234567890123", "1234567890123", "123456789012…"},
		{"12345678901é", "12345678901é", "12345678901\ufffd…"}, // cut within a character
		{"\xff", "\ufffd", "\ufffd"},
	} {
		if got := Only(row.text); got != row.only {
			t.Errorf("Only(%q) = %q, want %q", row.text, got, row.only)
		}
		if got := Cut(row.text, 12); got != row.cut {
			t.Errorf("Cut(%q) = %q, want %q", row.text, got, row.cut)
		}
	}
}
