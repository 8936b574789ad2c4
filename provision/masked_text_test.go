package provision

import "testing"

func TestTextMasker(t *testing.T) {
	t.Parallel()
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n", "users.conf": "[6001]\nusername=6001\nautoprov=yes\nmacaddress=0004f2000001\nsecret=long-secret\n[6002]\nusername=6002\nautoprov=yes\nmacaddress=0004f2000002\nsecret=long-secret-too\n"})
	m := NewTextMasker(Config{}, s)
	const own, ownMasked = "a=1\np=long-secret;\nh=6d5f\n", "a=1\np=<secret>;\nh=aa00\n"
	for _, tt := range []struct{ name, text, want string }{
		{"the same", own, ownMasked},
		{"another secret of the configuration", "x=long-secret-too\n", "x=<secret>\n"},
		{"a secret that no configuration has", "p=gone;\n", "p=<secret>\n"},
		{"something made of one", "h=7777\n", "h=<secret>\n"},
		{"no secret", "a=2\n\nb", "a=2\n\nb"},
		{"line ends are kept", "p=gone\r\na=1\r\n", "p=<secret>\r\na=1\r\n"},
	} {
		if got := m.Mask(tt.text, own, ownMasked); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if got := m.Mask("a=1\nx\n", "a=1\np=o\nne\n", "a=1\np=<secret>\n"); got != "a=1\n<secret>\n" {
		t.Errorf("a secret with a line break: got %q", got)
	}
}
