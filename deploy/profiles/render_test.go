package profiles

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf/astconftest"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// now is in winter in the north.
var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// steady is the modification time of templates. The renderer waits for a template that has just changed.
var steady = time.Now().Add(-time.Hour)

// phoneCase is a configuration. Each make's files are rendered for each.
type phoneCase struct {
	name    string
	setvars string // setvars of the section, above the #include
	users   string // users.conf
	pjsip   string
	request provision.Request
	lines   []account
}

// account holds the values that a line's parameters must have.
type account struct {
	user, auth, password, name, label, server, port, transport, voicemail string
}

const (
	mac  = "0004f2001000"
	odd  = `a"b<c>&d'e]f%g{h}i$j#k\l:m,n=o|p--q é`
	user = "autoprov=yes\nmacaddress=" + mac + "\n"
)

// common has the setvars of every case except one.
const common = "setvar => ADMIN_PASSWORD=789789\nsetvar => HTTP_USER=fetch\nsetvar => HTTP_PASSWORD=fetch-secret\n" +
	"setvar => FIRMWARE=firmware.bin\nsetvar => SYSLOG_SERVER=192.0.2.9\n"

const keys = "blf1=6002,Bob\nblf2=0301234567,Mum,speed\nblf3=6003\n"

const others = "[7000]\nautoprov=yes\nmacaddress=0004f2007000\nfullname=Zoe\nprofile=none\n"

func cases() []phoneCase {
	web := provision.Request{Server: "pbx.example.com", Scheme: "http", Host: "pbx.example.com:8080", Prefix: "/phoneprov"}
	secure := provision.Request{Server: "pbx.example.com", Scheme: "https", Host: "pbx.example.com", Prefix: "/phoneprov"}
	six := provision.Request{Server: "2001:db8::5", Scheme: "http", Host: "[2001:db8::5]:8080", Prefix: "/phoneprov"}
	alice := account{user: "6001", auth: "6001", password: "secret-1", name: "Alice Archer", label: "Alice", server: "pbx.example.com", port: "5060", transport: "udp", voicemail: "*97"}
	one := "[6001]\n" + user + "fullname=Alice Archer\nsecret=secret-1\nlabel=Alice\nvmexten=*97\n"
	with := func(change func(*account)) []account {
		a := alice
		change(&a)
		return []account{a}
	}
	return []phoneCase{
		{name: "one", setvars: common, users: one + "timezone=Europe/Berlin\n" + keys + others, request: web, lines: []account{alice}},
		{name: "three", setvars: common, request: web, users: others, pjsip: three, lines: []account{
			{"6001", "auth-1", "secret-1", "Alice Archer", "Alice", "one.example.com", "5070", "udp", "*97"},
			{"6002", "6002", "secret-2", "Bob Baker", "6002", "two.example.com", "5060", "tcp", ""},
			{"6003", "6003", "secret-3", "6003", "Desk", "pbx.example.com", "5061", "tls", "*98"},
		}},
		{name: "no-voicemail", users: "[6001]\n" + user + "fullname=Alice Archer\nsecret=secret-1\nlabel=Alice\ntimezone=Europe/Berlin\n", request: web,
			lines: with(func(a *account) { a.voicemail = "" })},
		{name: "odd", request: provision.Request{Server: "xn--pbx.example.com", Scheme: "http", Host: "xn--pbx.example.com:8080", Prefix: "/phoneprov"},
			setvars: "setvar => ADMIN_PASSWORD=" + odd + "\nsetvar => HTTP_USER=" + odd + "\nsetvar => HTTP_PASSWORD=" + odd + "\n",
			users: "[6001]\n" + user + "username=6001" + "\nfullname=N" + odd + "\nsecret=S" + odd + "\nlabel=L" + odd + "\nvmexten=*97\ntimezone=Europe/Berlin\n" +
				"blf1=6002,K" + odd + "\nblf2=0301234567,D" + odd + ",speed\n",
			lines: with(func(a *account) {
				a.name, a.password, a.label, a.server = "N"+odd, "S"+odd, "L"+odd, "xn--pbx.example.com"
			})},
		{name: "southern", setvars: common, users: one + "timezone=Australia/Sydney\n", request: web, lines: []account{alice}},
		{name: "no-dst", setvars: common, users: one + "timezone=Asia/Kolkata\n", request: web, lines: []account{alice}},
		{name: "ipv6", setvars: common, users: one + "timezone=America/New_York\n", request: six, lines: with(func(a *account) { a.server = "2001:db8::5" })},
		{name: "tls", setvars: common, users: one + "timezone=Europe/Berlin\ntransport=tls\nencryption=yes\n", request: secure,
			lines: with(func(a *account) { a.transport, a.port = "tls", "5061" })},
	}
}

// three is a phone with three lines, each on another transport. One is on another server, and one has SRTP.
const three = `[udp]
type=transport
protocol=udp
bind=0.0.0.0:5070
[tcp]
type=transport
protocol=tcp
bind=0.0.0.0
[tls]
type=transport
protocol=tls
bind=0.0.0.0:5061
[6001]
type=endpoint
transport=udp
auth=a1
callerid="Alice Archer" <6001>
[a1]
type=auth
username=auth-1
password=secret-1
[6001]
type=phoneprov
endpoint=6001
MAC=` + mac + `
PROFILE=MAKE
SERVER=one.example.com
LABEL=Alice
VOICEMAIL_EXTEN=*97
TIMEZONE=Europe/Berlin
blf1=6002,Bob
[6002]
type=endpoint
transport=tcp
auth=a2
callerid="Bob Baker" <6002>
[a2]
type=auth
username=6002
password=secret-2
[6002]
type=phoneprov
endpoint=6002
MAC=` + mac + `
PROFILE=MAKE
LINE=2
SERVER=two.example.com
TIMEZONE=Europe/Berlin
[6003]
type=endpoint
transport=tls
auth=a3
media_encryption=sdes
media_encryption_optimistic=yes
[a3]
type=auth
username=6003
password=secret-3
[6003]
type=phoneprov
endpoint=6003
MAC=` + mac + `
PROFILE=MAKE
LINE=3
LABEL=Desk
VOICEMAIL_EXTEN=*98
TIMEZONE=Europe/Berlin
`

// site is a configuration with a profile.
type site struct {
	conf    map[string]string // files by path
	profile string            // the name of the profile, whose templates are in data
}

// data has a directory with the templates of each profile, by the profile's name. All tests read it, because writing it
// costs more than most of them.
var data = map[string]*datadir.Dir{}

// withData runs the tests of a package with data.
type withData struct{ m *testing.M }

func (w withData) Run() int {
	dir, err := os.MkdirTemp("", "profiles")
	if err == nil {
		defer os.RemoveAll(dir)
		err = openData(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	code := w.m.Run()
	for _, d := range data {
		d.Close()
	}
	return code
}

// openData fills data. Its directories are in dir.
func openData(dir string) error {
	for _, p := range All() {
		own := filepath.Join(dir, p.Name)
		for _, f := range p.Files() {
			if f.Place != Data {
				continue
			}
			if err := writeSteady(filepath.Join(own, filepath.FromSlash(f.Path)), f.Text); err != nil {
				return err
			}
		}
		d, err := datadir.Open(own, "")
		if err != nil {
			return err
		}
		data[p.Name] = d
	}
	return nil
}

// writeSteady writes a file that has not changed for long.
func writeSteady(file, text string) error {
	return errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600), os.Chtimes(file, steady, steady))
}

// siteOf returns a configuration with a profile, as `phoneprov profiles add` leaves it.
func siteOf(p Profile, c phoneCase) site {
	s := site{conf: map[string]string{}, profile: p.Name}
	for _, f := range p.Files() {
		if f.Place == Config {
			s.conf[f.Path] = f.Text
		}
	}
	section, include, _ := strings.Cut(p.Section(), "#include \"")
	s.conf["phoneprov.conf"] = "[general]\ndefault_profile=" + p.Name + "\n[none]\n" + section + c.setvars + "#include \"" + include
	s.conf["users.conf"] = c.users
	s.conf["pjsip.conf"] = strings.ReplaceAll(c.pjsip, "PROFILE=MAKE", "PROFILE="+p.Name)
	return s
}

// config returns the site's configuration, parsed like Asterisk's files.
func (s site) config(t *testing.T) provision.Config {
	t.Helper()
	config := provision.Config{}
	astconftest.Read(t, config, config.Files(), s.conf)
	return config
}

// built is a site with its snapshot. Phones can ask it.
type built struct {
	snapshot *provision.Snapshot
	renderer *provision.Renderer
}

// build builds the snapshot. A diagnostic fails the test.
func (s site) build(t *testing.T) built {
	t.Helper()
	snapshot, diags, err := provision.Build(t.Context(), provision.Input{Config: s.config(t)}, now)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range diags {
		t.Errorf("%s", d)
	}
	return built{snapshot, provision.NewRenderer(provision.RendererOptions{Data: data[s.profile]})}
}

// render returns the URIs of a case's phone, in order, and its files. A diagnostic fails the test.
func (b built) render(t *testing.T, q provision.Request) (uris []string, files map[string]string) {
	t.Helper()
	files = map[string]string{}
	if q.Now.IsZero() {
		q.Now = now
	}
	for _, rt := range b.snapshot.Routes() {
		if strings.Contains(strings.ToLower(rt.URI), "0004f2007000") {
			continue
		}
		doc, err := b.renderer.Render(context.Background(), b.snapshot, rt, q)
		if err != nil {
			t.Fatalf("%s: %v", rt.URI, err)
		}
		text, err := io.ReadAll(doc.Content)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range doc.Diagnostics {
			t.Errorf("%s: %s", rt.URI, d)
		}
		doc.Close()
		uris = append(uris, rt.URI)
		files[rt.URI] = string(text)
	}
	slices.Sort(uris)
	return uris, files
}

// remembered has what was rendered, by profile and case.
var remembered = map[string]renderedFiles{}

type renderedFiles struct {
	uris  []string
	files map[string]string // texts by URI
}

// rendered returns the URIs of a case's phone, in order, and its files. A diagnostic fails the test. What was rendered
// for one test is there for the next one.
func rendered(t *testing.T, p Profile, c phoneCase) (uris []string, files map[string]string) {
	t.Helper()
	key := fmt.Sprint(p.Name, c)
	known, ok := remembered[key]
	if !ok {
		known.uris, known.files = siteOf(p, c).build(t).render(t, c.request)
		remembered[key] = known
	}
	return known.uris, known.files
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(skips.Reporting{M: withData{m}}) }
