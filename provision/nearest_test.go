package provision

import (
	"slices"
	"testing"
)

func TestNearest(t *testing.T) {
	settings := []string{"listen", "prefix", "uploads", "upload_dir", "allow", "deny", "config", "config_dir"}
	users := []string{"macaddress", "profile", "username", "fullname", "secret", "label", "linenumber", "linekeys"}
	for _, row := range []struct {
		name  string
		names []string
		want  string
	}{
		{"listn", settings, "listen"},
		{"Listen", settings, "listen"},
		{"lisetn", settings, "listen"}, // two letters swapped
		{"alow", settings, "allow"},
		{"uploaddir", settings, "upload_dir"},
		{"upload", settings, "uploads"},
		{"confg", settings, "config"},
		{"configdir", settings, "config_dir"},
		{"colour", settings, ""},
		{"x", settings, ""},
		{"", settings, ""},
		{"mac", users, "macaddress"},
		{"mac-address", users, "macaddress"},
		{"user", users, "username"},
		{"usr", []string{"user"}, "user"},
		{"line", users, "linenumber"}, // it is the beginning of two names: the first counts
		{"lable", users, "label"},
		{"level", users, ""},
		{"context", users, ""},
		{"Yealink", []string{"snom", "yealink"}, "yealink"},
		{"ab", []string{"ba"}, "ba"},
		{"a", []string{"b"}, ""}, // an edit would replace the whole name
		{"MACADDRESS", []string{"LINE", "MAC"}, "MAC"},
		{"listen", settings, "listen"},
	} {
		if got := Nearest(row.name, slices.Values(row.names)); got != row.want {
			t.Errorf("%q: got %q, want %q", row.name, got, row.want)
		}
	}
}

func FuzzEditDistance(f *testing.F) {
	f.Add("listen", "lisetn")
	f.Add("", "abc")
	f.Fuzz(func(t *testing.T, a, b string) {
		if len(a) > 50 || len(b) > 50 {
			return
		}
		d := editDistance(a, b)
		if d != editDistance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a), len(b))-min(len(a), len(b)) {
			t.Errorf("%q and %q: got %d, and %d the other way", a, b, d, editDistance(b, a))
		}
	})
}
