package provision

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

const few = "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n"

// Every fault of a configuration has one message with file and line, and other phones keep their files.
func TestBuildDiagnostics(t *testing.T) {
	for _, row := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing at all", nil, nil},
		{"fine", map[string]string{"phoneprov.conf": few, "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n"}, nil},
		{"no macaddress", map[string]string{"phoneprov.conf": few, "users.conf": "[a]\nautoprov=yes\n"},
			[]string{`users.conf:1: warning: [a]: autoprov without a macaddress: no phone gets it`}},
		{"a MAC that is not one", map[string]string{"phoneprov.conf": few, "users.conf": "[a]\nautoprov=yes\nmacaddress=nonsense\n"},
			[]string{`users.conf:3: warning: [a]: "nonsense": not a MAC address: want 12 hexadecimal digits; it is served under that name`}},
		{"no profile", map[string]string{"phoneprov.conf": "[p]\n", "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n"},
			[]string{`users.conf:1: error: [a]: no profile, its own or phoneprov.conf's default_profile: its phone is not served`}},
		{"unknown profile", map[string]string{"phoneprov.conf": few, "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\nprofile=P\n"},
			[]string{`users.conf:4: error: [a]: profile "P": there is no such section in phoneprov.conf: its phone is not served; is "p" meant?`}},
		{"a template for a profile", map[string]string{"phoneprov.conf": few + "[tmpl](!)\nx => t\n", "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\nprofile=tmpl\n"},
			[]string{`users.conf:4: error: [a]: profile "tmpl": [tmpl](!) of phoneprov.conf is a template, which is no profile: its phone is not served; leave the (!) away`}},
		{"unknown default profile", map[string]string{"phoneprov.conf": "[general]\ndefault_profile=q\n", "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n"},
			[]string{`phoneprov.conf:2: error: [a]: profile "q": there is no such section in phoneprov.conf: its phone is not served`}},
		{"unknown time zone", map[string]string{"phoneprov.conf": few, "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\ntimezone=Mars/Olympus\n"},
			[]string{`users.conf:4: error: [a]: time zone "Mars/Olympus": no such zone; it gets UTC`}},
		{"a line number twice", map[string]string{"phoneprov.conf": few, "users.conf": `[a]
autoprov=yes
macaddress=000000000001
[b]
autoprov=yes
macaddress=000000000001
`},
			[]string{`users.conf:4: warning: [b]: line number 1 of phone 000000000001 is already [a]: this line is not served`}},
		{"a MAC of two providers", map[string]string{"phoneprov.conf": few, "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n",
			"pjsip.conf": "[b]\ntype=phoneprov\nPROFILE=p\nMAC=000000000001\n"},
			[]string{`pjsip.conf:4: error: [b]: MAC "000000000001" is already a phone of [a] (users.conf:1): this line is not served`}},
		{"two phones for one file name", map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nsame.cfg => t\n",
			"users.conf": `[a]
autoprov=yes
macaddress=000000000001
[b]
autoprov=yes
macaddress=000000000002
[c]
autoprov=yes
macaddress=000000000003
`},
			[]string{`phoneprov.conf:4: info: profile "p": 3 phones share the file "same.cfg": nobody owns it, and it has the variables of phone 000000000001`}},
		{"two templates for one file name", map[string]string{"phoneprov.conf": "[p]\nsame.cfg => t\n[q]\nsame.cfg => u\n",
			"users.conf": `[a]
autoprov=yes
profile=p
macaddress=000000000001
[b]
autoprov=yes
profile=q
macaddress=000000000002
[c]
autoprov=yes
profile=q
macaddress=000000000003
`},
			[]string{`phoneprov.conf:4: error: profile "q": file name "same.cfg" of phone 000000000002 is already that of phone 000000000001: the first one is served`}},
		{"one name in two profiles", map[string]string{"phoneprov.conf": "[p]\nsame.cfg => t\n[q]\nsame.cfg => t\n",
			"users.conf": `[a]
autoprov=yes
profile=p
macaddress=000000000001
[b]
autoprov=yes
profile=q
macaddress=000000000002
`},
			[]string{`phoneprov.conf:2: info: profile "p": 2 phones share the file "same.cfg": nobody owns it, and it has the variables of phone 000000000001`}},
		{"a static file's name", map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nx => t\nstatic_file => x\n", "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n"},
			[]string{`phoneprov.conf:4: error: profile "p": file name "x" of phone 000000000001 is already that of a static file of profile "p" (phoneprov.conf:5): the first one is served`}},
		{"two static files of one name", map[string]string{"phoneprov.conf": "[p]\nstatic_file => x\n[q]\nstaticdir => q/\nstatic_file => x\n"},
			[]string{`phoneprov.conf:5: warning: profile "q": static file "x" is already x of profile "p" (phoneprov.conf:2), which is served`}},
		{"one static file in two profiles", map[string]string{"phoneprov.conf": "[p]\nstatic_file => x\n[q]\nstatic_file => x\n"}, nil},
		{"an empty file name", map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${NOSUCH} => t\n", "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n"},
			[]string{`phoneprov.conf:4: error: profile "p": file name "${NOSUCH}" of phone 000000000001 is empty: it is not served`}},
		{"a file name that needs Asterisk", map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${DB(a/b)}.cfg => t\n", "users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n"},
			[]string{`phoneprov.conf:4: error: profile "p": file name "${DB(a/b)}.cfg" of phone 000000000001 needs a function of Asterisk, and there is no AMI to ask: it is not served`}},
		{"a file name without an end", map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n" + strings.Repeat("${", 80) + "MAC" + strings.Repeat("}", 80) + " => t\ny => t\n",
			"users.conf": "[a]\nautoprov=yes\nmacaddress=000000000001\n"},
			[]string{`phoneprov.conf:4: error: profile "p": file name "` + strings.Repeat("${", 80) + "MAC" + strings.Repeat("}", 80) + `" of phone 000000000001 cannot be made (nested too deep): it is not served`}},
		{"a file without a template", map[string]string{"phoneprov.conf": "[p]\nx =>\n"},
			[]string{`phoneprov.conf:2: error: profile "p": file "x" has no template`}},
		{"a static_file without a name", map[string]string{"phoneprov.conf": "[p]\nstatic_file => ,text/xml\n"},
			[]string{`phoneprov.conf:2: error: profile "p": static_file has no file name`}},
		{"a setvar without =", map[string]string{"phoneprov.conf": "[p]\nsetvar => X\n"},
			[]string{`phoneprov.conf:2: warning: profile "p": a setvar that is not NAME=value sets nothing`}},
		{"a profile twice", map[string]string{"phoneprov.conf": "[p]\n[p]\n"},
			[]string{`phoneprov.conf:2: warning: profile "p": there is one of that name already; this one is ignored`}},
		{"phoneprov without MAC and PROFILE", map[string]string{"phoneprov.conf": few, "pjsip.conf": `[a]
type=phoneprov
PROFILE=p
[b]
type=phoneprov
MAC=000000000001
`},
			[]string{`pjsip.conf:1: error: [a]: phoneprov section without MAC: no phone gets it`, `pjsip.conf:4: error: [b]: phoneprov section without PROFILE: no phone gets it`}},
		{"an endpoint that is not there", map[string]string{"phoneprov.conf": few, "pjsip.conf": "[a]\ntype=phoneprov\nPROFILE=p\nMAC=000000000001\nendpoint=e\n"},
			[]string{`pjsip.conf:5: error: [a]: endpoint "e": there is none of that name in pjsip.conf and pjsip_wizard.conf: its phone is not served`}},
		{"serveriface here", map[string]string{"phoneprov.conf": "[general]\nserveriface=eth7\n"},
			[]string{`phoneprov.conf:2: warning: serveriface "eth7": no interface is known here; SERVER is the address the phone asks`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			_, diags := build(t, row.files)
			var got []string
			for _, d := range diags {
				got = append(got, d.String())
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
		})
	}
}

// Asterisk 23 reads phoneprov_users.conf only, and earlier versions read users.conf only. If the version is not known,
// the new file wins.
func TestUsersFile(t *testing.T) {
	const left = ": warning: this file is left out"
	for _, row := range []struct {
		major int
		files string // o the old one, n the new one
		want  string // whose phone
		said  string
	}{
		{16, "on", "old", "phoneprov_users.conf" + left + ": asterisk 16 reads its users from users.conf only"},
		{22, "on", "old", "phoneprov_users.conf" + left + ": asterisk 22 reads its users from users.conf only"},
		{23, "on", "new", "users.conf" + left + ": asterisk 23 reads its users from phoneprov_users.conf only"},
		{24, "on", "new", "users.conf" + left + ": asterisk 24 reads its users from phoneprov_users.conf only"},
		{0, "on", "new", "users.conf" + left + ", as there is phoneprov_users.conf, the users file of asterisk 23 and later: remove the one that your asterisk does not read"},
		{22, "n", "", "phoneprov_users.conf" + left + ": asterisk 22 reads its users from users.conf only"},
		{23, "o", "", "users.conf" + left + ": asterisk 23 reads its users from phoneprov_users.conf only"},
		{0, "o", "old", ""}, {0, "n", "new", ""}, {22, "o", "old", ""}, {23, "n", "new", ""}, {0, "", "", ""}, {23, "", "", ""},
	} {
		files := map[string]string{"phoneprov.conf": few}
		if strings.Contains(row.files, "o") {
			files["users.conf"] = "[general]\nvmexten=1\n[old]\nautoprov=yes\nmacaddress=000000000001\n"
		}
		if strings.Contains(row.files, "n") {
			files["phoneprov_users.conf"] = "[new]\nautoprov=yes\nmacaddress=000000000001\n"
		}
		s, diags, err := Build(context.Background(), Input{Config: config(t, files), Major: row.major}, testNow)
		if err != nil {
			t.Fatal(err)
		}
		got, said := "", ""
		for _, p := range s.Phones() {
			got += p.Lines[0].Section()
		}
		for _, d := range diags {
			said += d.String()
		}
		if got != row.want || said != row.said {
			t.Errorf("asterisk %d, %s: got phones %q, want %q\n got %s\nwant %s", row.major, row.files, got, row.want, said, row.said)
		}
	}
}

// SERVER is serveraddr, else the address of serveriface, else the address that the phone asks. A pjsip phone only sees
// the last.
func TestServer(t *testing.T) {
	interfaces := func(name string) (netip.Addr, error) {
		if name == "eth0" {
			return netip.MustParseAddr("2001:db8::7"), nil
		}
		return netip.Addr{}, errors.New("no such interface")
	}
	for _, row := range []struct{ name, general, user, pjsip string }{
		{"nothing", "", "asked 5060", "asked 5060"},
		{"serveraddr", "serveraddr=pbx.example.com\nserverport=5070\n", "pbx.example.com 5070", "asked 5060"},
		{"serveriface", "serveriface=eth0\n", "2001:db8::7 5060", "asked 5060"},
		{"serveraddr wins", "serveriface=eth0\nserveraddr=192.0.2.1\n", "192.0.2.1 5060", "asked 5060"},
		{"unknown serveriface", "serveriface=eth1\n", "asked 5060", "asked 5060"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := config(t, map[string]string{
				"phoneprov.conf": "[general]\n" + row.general + "default_profile=p\n[p]\n${MAC}.cfg => t\n",
				"users.conf":     "[a]\nautoprov=yes\nmacaddress=000000000001\n",
				"pjsip.conf":     "[b]\ntype=phoneprov\nPROFILE=p\nMAC=000000000002\n",
			})
			s, _, err := Build(context.Background(), Input{Config: c, Interfaces: interfaces}, testNow)
			if err != nil {
				t.Fatal(err)
			}
			r, _ := renderer(t, map[string]string{"t": "${SERVER} ${SERVER_PORT}"})
			for uri, want := range map[string]string{"000000000001.cfg": row.user, "000000000002.cfg": row.pjsip} {
				if got, err := render(t, r, s, uri, Request{Server: "asked"}); err != nil || got != want {
					t.Errorf("%s: got %q (%v), want %q", uri, got, err, want)
				}
			}
		})
	}
}

// A file name may need Asterisk. If Asterisk does not answer, there is no snapshot, so that the last good one stays.
func TestFileNameOfAsterisk(t *testing.T) {
	c := config(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${DB(name/${USERNAME})}.cfg => t\n",
		"users.conf":     "[a]\nautoprov=yes\nmacaddress=000000000001\n",
	})
	in := Input{Config: c, Ask: func(_ context.Context, call string) (string, error) { return "got-" + call, nil }}
	s, _, err := Build(context.Background(), in, testNow)
	if err != nil || s.Routes()[0].URI != "got-DB(name/a).cfg" {
		t.Errorf("got %v, %v", s, err)
	}
	in.Ask = func(context.Context, string) (string, error) { return "", errors.New("connection lost") }
	if s, _, err := Build(context.Background(), in, testNow); s != nil || !errors.Is(err, dialplan.ErrCannotAsk) {
		t.Errorf("got %v, %v, want ErrCannotAsk", s, err)
	}
}

// File names are right even if more phones have a shape of their own than there are plans for names.
func TestNamesOfManyShapes(t *testing.T) {
	var users strings.Builder
	const phones = maxNamePlans + 10
	for i := range phones {
		fmt.Fprintf(&users, "[%d]\nautoprov=yes\nmacaddress=%012x\nlabel=L%d\nx%d=y\n", i, i, i, i)
	}
	s, diags := build(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}-${LABEL:1}-${TOLOWER(${LABEL})}.cfg => t\n",
		"users.conf":     users.String(),
	})
	for i, rt := range s.Routes() {
		if want := fmt.Sprintf("%012x-%d-l%d.cfg", i, i, i); rt.URI != want {
			t.Fatalf("got %q, want %q", rt.URI, want)
		}
	}
	if got := s.Counts().Routes; got != phones || len(diags) > 0 {
		t.Errorf("got %d routes, %v", got, diags)
	}
}

// Line numbers that differ by more than a machine's word are different lines.
func TestHugeLineNumbers(t *testing.T) {
	s, diags := build(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC} => t\n",
		"users.conf": `[a]
autoprov=yes
macaddress=1
linenumber=1
[b]
autoprov=yes
macaddress=1
linenumber=4294967297
`,
	})
	if got := s.Counts().Lines; got != 2 {
		t.Errorf("got %d lines, %v", got, diags)
	}
}
