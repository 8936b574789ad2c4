package phoneconf

import (
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// After Write and `core reload`, Asterisk knows the phone: its res_phoneprov serves the phone's file, and the phone
// registers with the secret in that file. After Remove, Asterisk answers 404 for the file.
func TestAddedPhonesOnAsterisk(t *testing.T) {
	const profile = "[general]\ndefault_profile=t\n[t]\n${MAC}.txt => t.txt\n"
	const transport = "[transport-udp]\ntype = transport\nprotocol = udp\nbind = 0.0.0.0:5070\n"
	rows := []struct {
		name, suite string
		files       map[string]string
		options     Options
		port        int
		sample      bool
		wantFile    string
	}{
		{name: "a clean machine", suite: oracle.Forky, files: map[string]string{"pjsip.conf": transport}, port: 5070, wantFile: "pjsip_wizard.conf"},
		{name: "a clean machine with chan_sip", suite: oracle.Bullseye, port: 5060, wantFile: "users.conf"},
		{name: "the sample", suite: oracle.Forky, sample: true, port: 5060, wantFile: "pjsip_wizard.conf"},
		{name: "the sample, users.conf", suite: oracle.Forky, sample: true, options: Options{Provider: provision.UsersProvider}, port: 5060, wantFile: "users.conf"},
		{name: "an endpoint that exists", suite: oracle.Forky, port: 5070, options: Options{Existing: true}, wantFile: "pjsip.conf", files: map[string]string{
			"pjsip.conf": transport + "[6098]\ntype=endpoint\nauth=6098\ntransport=transport-udp\naors=6098\ncallerid=Old <6098>\n[6098]\ntype=aor\nmax_contacts=1\n[6098]\ntype=auth\nusername=6098\npassword=old-secret\n"}},
		{name: "included files", suite: oracle.Bullseye, port: 5070, wantFile: "phones/a.conf", files: map[string]string{
			"pjsip.conf": transport, "pjsip_wizard.conf": "; mine\n#include \"phones/*.conf\"\n",
			"phones/a.conf": "[desk](!)\ntype = wizard\naccepts_auth = yes\naccepts_registrations = yes\nhas_phoneprov=yes\nphoneprov/PROFILE=t\n[6097](desk)\ninbound_auth/username=6097\ninbound_auth/password=x\nphoneprov/MAC=020000006097\n; the end"}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			o := oracle.Options{Suite: row.suite, Files: map[string]string{"phoneprov.conf": profile}}
			if row.sample {
				o.Config = filepath.Join("..", "..", "deploy", "sample", "asterisk")
				o.Files["http.conf"] = "[general]\nenabled=yes\nbindaddr=0.0.0.0\nbindport=8088\n"
			}
			maps.Copy(o.Files, row.files)
			a := oracle.Start(t, o)
			a.WriteData(t, "t.txt", "user=${USERNAME}\nsecret=${SECRET}\nname=${DISPLAY_NAME}\nlabel=${LABEL}\nline=${LINE}\nnumber=${CALLERID}\n")
			addOnAsterisk(t, a, row.options, row.port, row.wantFile)
		})
	}
}

func addOnAsterisk(t *testing.T, a *oracle.Asterisk, options Options, port int, wantFile string) {
	t.Helper()
	const name = `Zoë "Z" O'Quinn; <a&b>, \ $x`
	p := Phone{MAC: device.MAC{2, 0, 0, 0, 0x60, 0x98}, Name: name, Extension: "6098", Profile: "t", Line: 1}
	tree, err := Open(a.ConfigDir)
	if err != nil {
		t.Fatal(err)
	}
	have, err := tree.Existing()
	if err != nil {
		t.Fatal(err)
	}
	result, err := have.Add([]Phone{p}, options, func(_ int, err error) { t.Error(err) })
	if err != nil {
		t.Fatal(err)
	}
	if got := result.Added[len(result.Added)-1].File; got != wantFile {
		t.Errorf("added to %s, want %s", got, wantFile)
	}
	if err := tree.Write(); err != nil {
		t.Fatal(err)
	}
	a.CLI(t, "core reload")
	if options.Existing {
		p.Name = "Old"
	}
	var file string
	testkit.Eventually(t, "the phone's file", func() bool {
		file = a.Get(t, "/phoneprov/020000006098.txt").Body
		return strings.HasPrefix(file, "user=6098\n")
	})
	_, rest, _ := strings.Cut(file, "secret=")
	secret, rest, _ := strings.Cut(rest, "\n")
	if want := fmt.Sprintf("name=%s\nlabel=6098\nline=1\nnumber=6098\n", p.Name); rest != want {
		t.Errorf("asterisk has\n%swant\n%s", rest, want)
	}
	if len(secret) != 2*secretBytes && !options.Existing {
		t.Errorf("a secret of %d characters", len(secret))
	}
	testkit.Eventually(t, "the account", func() bool { // PJSIP is reloaded in the background
		return strings.Contains(a.CLI(t, "pjsip show endpoints")+a.CLI(t, "sip show peers"), "6098/6098")
	})
	a.SIPPhone(t, port, "6098", secret, "test").Register(time.Minute)

	if have, err = tree.Existing(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := have.Remove(have.Find("6098")); err != nil {
		t.Fatal(err)
	}
	if err := tree.Write(); err != nil {
		t.Fatal(err)
	}
	a.CLI(t, "core reload")
	testkit.Eventually(t, "no file any more", func() bool { return a.Get(t, "/phoneprov/020000006098.txt").Status == 404 })
}
