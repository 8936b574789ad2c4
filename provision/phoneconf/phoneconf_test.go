package phoneconf

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	profiles  = "[general]\n[yealink]\n${MAC}.cfg => y\n[snom]\n${MAC}.xml => s\n"
	transport = "[udp]\ntype = transport\nbind = 0.0.0.0\n"
	wizard    = "; phones\n[desk](!)\ntype = wizard\naccepts_registrations = yes\naccepts_auth = yes\nhas_phoneprov = yes\nendpoint/context = phones\nendpoint/allow = ulaw\n"
	phone6001 = "\n[6001](desk)\ninbound_auth/username = 6001\ninbound_auth/password = one\nphoneprov/MAC = 001565000001\nphoneprov/PROFILE = yealink\n"
	user6001  = "[6001]\nautoprov = yes\nusername = 6001\nfullname = Alice\nsecret = one\nmacaddress = 00:15:65:00:00:01\nprofile = yealink\ntimezone = Europe/Rome\n"
)

var secretPattern = regexp.MustCompile(`\b[0-9a-f]{32}\b`)

// bob returns the phone that the tests add.
func bob() Phone {
	return Phone{MAC: device.MAC{0, 0x15, 0x65, 0, 0, 2}, Name: "Bob", Extension: "6002", Profile: "yealink", Line: 1}
}

// open writes files to a new directory and reads them.
func open(t *testing.T, files map[string]string) (*Tree, *Existing) {
	t.Helper()
	tree, err := Open(testkit.WriteTree(t, t.TempDir(), files))
	if err != nil {
		t.Fatal(err)
	}
	have, err := tree.Existing()
	if err != nil {
		t.Fatal(err)
	}
	return tree, have
}

// read returns the files of a directory.
func read(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		files[name] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func with(files map[string]string, more ...string) map[string]string {
	all := map[string]string{"phoneprov.conf": profiles, "pjsip.conf": transport}
	for name, text := range files {
		all[name] = text
	}
	for i := 0; i < len(more); i += 2 {
		all[more[i]] = more[i+1]
	}
	return all
}

// Each row says which file Add changes, and how. Then Remove restores every file, but for a line break at its end.
func TestAddAndRemove(t *testing.T) {
	const clean = `[6002]
type = wizard
accepts_registrations = yes
accepts_auth = yes
endpoint/callerid = "Bob" <6002>
inbound_auth/username = 6002
inbound_auth/password = SECRET
has_phoneprov = yes
phoneprov/MAC = 001565000002
phoneprov/PROFILE = yealink
phoneprov/LABEL = 6002
phoneprov/LINE = 1
transport = udp
endpoint/context = default
endpoint/allow = !all,g722,alaw,ulaw
aor/max_contacts = 1
aor/remove_existing = yes
`
	const likeDesk = `[6002](desk)
endpoint/callerid = "Bob" <6002>
inbound_auth/username = 6002
inbound_auth/password = SECRET
phoneprov/MAC = 001565000002
phoneprov/PROFILE = yealink
phoneprov/LABEL = 6002
phoneprov/LINE = 1
transport = udp
aor/max_contacts = 1
aor/remove_existing = yes
`
	const user = `[6002]
autoprov = yes
username = 6002
fullname = Bob
cid_number = 6002
secret = SECRET
macaddress = 001565000002
profile = yealink
label = 6002
linenumber = 1
`
	account := strings.Replace(clean[:strings.Index(clean, "has_phoneprov")]+clean[strings.Index(clean, "transport"):], "6002]", "6002]", 1)
	for _, row := range []struct {
		name    string
		files   map[string]string
		options Options
		want    map[string]string // the end of each file that changes
		phone   func(*Phone)
	}{
		{name: "a clean machine", want: map[string]string{"pjsip_wizard.conf": clean}},
		{name: "like the other phone", files: map[string]string{"pjsip_wizard.conf": wizard + phone6001},
			want: map[string]string{"pjsip_wizard.conf": wizard + phone6001 + "\n" + likeDesk}},
		{name: "comments after the last section", files: map[string]string{"pjsip_wizard.conf": wizard + phone6001 + "\n; the end\n\n"},
			want: map[string]string{"pjsip_wizard.conf": wizard + phone6001 + "\n; the end\n\n\n" + likeDesk}},
		{name: "the context of others in pjsip.conf", files: map[string]string{"pjsip.conf": transport + "[6009]\ntype=endpoint\ncontext=office\nallow=alaw\n"},
			want: map[string]string{"pjsip_wizard.conf": strings.NewReplacer("endpoint/context = default\nendpoint/allow = !all,g722,alaw,ulaw\n", "", "transport = udp\n",
				"endpoint/context = office\nendpoint/allow = alaw\ntransport = udp\n").Replace(clean)}},
		{name: "a context that is given", options: Options{Context: "own"}, want: map[string]string{"pjsip_wizard.conf": strings.Replace(strings.Replace(clean, "endpoint/context = default\n", "", 1),
			"transport = udp\n", "endpoint/context = own\ntransport = udp\n", 1)}},
		{name: "users.conf, and its account", files: map[string]string{"users.conf": user6001},
			want: map[string]string{"users.conf": user6001 + "\n" + user + "timezone = Europe/Rome\n", "pjsip_wizard.conf": account}},
		{name: "users.conf of chan_sip", files: map[string]string{"users.conf": "[general]\nhassip=yes\n", "pjsip.conf": ""},
			want: map[string]string{"users.conf": "[general]\nhassip=yes\n\n" + user + "hassip = yes\nhost = dynamic\ncontext = default\n"}},
		{name: "users.conf with a template", files: map[string]string{"users.conf": "[d](!)\nautoprov=yes\nprofile=yealink\n" + strings.Replace(user6001, "]", "](d)", 1)},
			want: map[string]string{"pjsip_wizard.conf": account, "users.conf": "[d](!)\nautoprov=yes\nprofile=yealink\n" + strings.Replace(user6001, "]", "](d)", 1) + "\n" +
				strings.NewReplacer("]\nautoprov = yes", "](d)", "profile = yealink\n", "").Replace(user) + "timezone = Europe/Rome\n"}},
		{name: "the newer users file", files: map[string]string{"phoneprov_users.conf": user6001},
			want: map[string]string{"phoneprov_users.conf": user6001 + "\n" + user + "timezone = Europe/Rome\n", "pjsip_wizard.conf": account}},
		{name: "an endpoint that exists", options: Options{Existing: true}, files: map[string]string{"pjsip.conf": transport + "[6002]\ntype=endpoint\nauth=6002\n[6002]\ntype=auth\nusername=6002\npassword=x"},
			want: map[string]string{"pjsip.conf": transport + "[6002]\ntype=endpoint\nauth=6002\n[6002]\ntype=auth\nusername=6002\npassword=x\n\n" +
				"[6002-phone]\ntype = phoneprov\nendpoint = 6002\nMAC = 001565000002\nPROFILE = yealink\nLABEL = 6002\nLINE = 1\n"}},
		{name: "the included file with the phones", files: map[string]string{"pjsip_wizard.conf": wizard + "#include \"desks/*.conf\"\n; more\n", "desks/a.conf": phone6001},
			want: map[string]string{"desks/a.conf": phone6001 + "\n" + likeDesk}},
		{name: "an included file that is named", options: Options{File: "desks/b.conf"},
			files: map[string]string{"pjsip_wizard.conf": wizard + "#include \"desks/*.conf\"\n", "desks/a.conf": phone6001},
			want:  map[string]string{"desks/b.conf": likeDesk}},
		{name: "a second line", phone: func(p *Phone) { p.MAC[5], p.Line = 1, 2 }, files: map[string]string{"pjsip_wizard.conf": wizard + phone6001},
			want: map[string]string{"pjsip_wizard.conf": wizard + phone6001 + "\n" + strings.NewReplacer("000002", "000001", "LINE = 1", "LINE = 2").Replace(likeDesk)}},
		{name: "a name with signs", phone: func(p *Phone) { p.Name = ` B;o "b" \ --; ;-- ` }, want: map[string]string{
			"pjsip_wizard.conf": strings.Replace(clean, `"Bob"`, `"B\;o \"b\" \\ --\; \;--"`, 1)}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tree, have := open(t, with(row.files))
			before := read(t, tree.Dir)
			p := bob()
			if row.phone != nil {
				row.phone(&p)
			}
			if _, err := have.Add([]Phone{p}, row.options, func(_ int, err error) { t.Error(err) }); err != nil {
				t.Fatal(err)
			}
			if err := tree.Write(); err != nil {
				t.Fatal(err)
			}
			for name, got := range read(t, tree.Dir) {
				want, ok := row.want[name]
				if !ok {
					want = before[name]
				}
				if got = secretPattern.ReplaceAllString(got, "SECRET"); got != want {
					t.Errorf("%s:\n%s\nwant\n%s", name, got, want)
				}
			}
			have, err := tree.Existing()
			if err != nil {
				t.Fatal(err)
			}
			if _, _, err := have.Remove(have.Find(p.Extension)); err != nil {
				t.Fatal(err)
			}
			if err := tree.Write(); err != nil {
				t.Fatal(err)
			}
			for name, got := range read(t, tree.Dir) {
				if want := before[name]; got != want && got != want+"\n" {
					t.Errorf("%s after Remove:\n%s\nwant\n%s", name, got, want)
				}
			}
		})
	}
}

// Each refusal says where and why. Then Write writes nothing.
func TestRefused(t *testing.T) {
	both := map[string]string{"pjsip_wizard.conf": wizard + phone6001}
	for _, row := range []struct {
		name    string
		files   map[string]string
		options Options
		phone   func(*Phone)
		want    string
	}{
		{"a MAC that is there", both, Options{}, func(p *Phone) { p.MAC[5] = 1 },
			"pjsip_wizard.conf:10: phone 001565000001 has line 1 already, 6001: another line of it needs -line"},
		{"an extension that is there", both, Options{}, func(p *Phone) { p.Extension = "6001" }, "pjsip_wizard.conf:10: there is a phone of extension 6001 already"},
		{"in other letters", map[string]string{"users.conf": "[Desk]\nfullname=x\n"}, Options{}, func(p *Phone) { p.Extension = "dESK" }, "users.conf:1: there is a section of extension dESK already"},
		{"an endpoint that is there", map[string]string{"pjsip.conf": transport + "[6002]\ntype=endpoint\n"}, Options{}, nil,
			"pjsip.conf:4: there is an endpoint 6002 already: -existing gives it the phone"},
		{"no endpoint that exists", nil, Options{Existing: true}, nil, "there is no endpoint 6002 in asterisk's files that the phone could have"},
		{"another profile", both, Options{}, func(p *Phone) { p.MAC[5], p.Line, p.Profile = 1, 2, "snom" },
			`pjsip_wizard.conf:10: phone 001565000001 has profile "yealink", and one phone's lines have one profile`},
		{"another provider", both, Options{Provider: provision.UsersProvider}, func(p *Phone) { p.MAC[5], p.Line = 1, 2 },
			"pjsip_wizard.conf:10: phone 001565000001 stands in pjsip_wizard.conf, and one phone's lines stand in one kind of file"},
		{"no such profile", nil, Options{}, func(p *Phone) { p.Profile = "poly" }, "there is no profile \"poly\": phoneprov.conf has yealink, snom; `phoneprov profiles add NAME` adds others"},
		{"no profile at all", map[string]string{"phoneprov.conf": "[general]\n"}, Options{}, nil,
			"there is no profile \"yealink\": phoneprov.conf has no profile; `phoneprov profiles add NAME` adds one"},
		{"everything wrong", nil, Options{}, func(p *Phone) { *p = Phone{Name: "a\nb", Extension: "60[1]", Profile: "yealink"} },
			"no phone has the MAC 000000000000\nextension \"60[1]\": want digits, letters and _.+- only\nthe name has a line break, a tab or another control character in it\nline 0: want 1 to 99"},
		{"a section with another meaning", nil, Options{}, func(p *Phone) { p.Extension = "General" }, `extension "General": a section of that name has another meaning`},
		{"several files", map[string]string{"pjsip_wizard.conf": wizard + phone6001 + "#include \"a.conf\"\n", "a.conf": strings.ReplaceAll(phone6001, "1", "3")}, Options{}, nil,
			"the phones of pjsip_wizard.conf stand in several files (pjsip_wizard.conf, a.conf), so which one new ones belong to cannot be told: -file says it"},
		{"an empty directory of phones", map[string]string{"pjsip_wizard.conf": "#tryinclude \"d/*.conf\"\n", "d/README": ""}, Options{}, nil,
			"pjsip_wizard.conf includes other files and has no phones yet, so which file new ones belong to cannot be told: -file says it"},
		{"a file that asterisk does not read", nil, Options{File: "other.conf"}, nil,
			"a section at the end of other.conf would change what [6002] of pjsip_wizard.conf is to asterisk, or asterisk would not read it: nothing was written; add the phone by hand, or to another file with -file"},
		{"an open comment", map[string]string{"pjsip_wizard.conf": wizard + phone6001 + ";-- later\n"}, Options{}, nil,
			`pjsip_wizard.conf:15: comment ";--" is not closed: all that follows is comment: what is added at the end would be a part of it: nothing was written`},
		{"options that follow in another file", map[string]string{"pjsip_wizard.conf": wizard + "#include \"a.conf\"\n#include \"b.conf\"\n", "a.conf": phone6001, "b.conf": "endpoint/language = de\n"}, Options{}, nil,
			"a section at the end of a.conf would change what [6001] of pjsip_wizard.conf is to asterisk, or asterisk would not read it: nothing was written; add the phone by hand, or to another file with -file"},
		{"a file included twice", map[string]string{"pjsip_wizard.conf": wizard + "#include \"a.conf\"\n#include \"a.conf\"\n", "a.conf": phone6001}, Options{}, nil,
			"a section at the end of a.conf would change what [6002] of pjsip_wizard.conf is to asterisk, or asterisk would not read it: nothing was written; add the phone by hand, or to another file with -file"},
		{"a database", map[string]string{"extconfig.conf": "[settings]\npjsip_wizard.conf => odbc,asterisk,wizards\n"}, Options{}, nil,
			"extconfig.conf:2: asterisk reads pjsip_wizard.conf from a database: add the phone there"},
		{"several contexts", map[string]string{"pjsip.conf": transport + "[1]\ntype=endpoint\ncontext=a\n[2]\ntype=endpoint\n"}, Options{}, nil,
			"the other phones have several contexts (a, default): -context says which one the new one has"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tree, have := open(t, with(row.files))
			before := read(t, tree.Dir)
			p := bob()
			if row.phone != nil {
				row.phone(&p)
			}
			var why error
			_, err := have.Add([]Phone{p}, row.options, func(_ int, err error) { why = err })
			if why != nil && errors.Is(err, ErrRefused) {
				err = why
			}
			if err == nil || err.Error() != row.want {
				t.Errorf("got  %v\nwant %s", err, row.want)
			}
			if err := tree.Write(); err != nil {
				t.Fatal(err)
			}
			if after := read(t, tree.Dir); !maps.Equal(after, before) {
				t.Errorf("files were written: %q", after)
			}
		})
	}
}
