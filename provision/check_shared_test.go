package provision

import (
	"strings"
	"testing"
)

// Check distinguishes a name that is meant for all phones from one that collides.
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
	const note = `phoneprov.conf:2: info: profile "p": 2 phones share the file "NAME": nobody owns it, and it has the variables of phone 000000000001`
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
