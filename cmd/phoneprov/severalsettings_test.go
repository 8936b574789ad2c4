package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

func TestSeveralSettings(t *testing.T) {
	t.Parallel()
	secret := testkit.Write(t, filepath.Join(t.TempDir(), "secret"), "from file\n")
	ini := testkit.Write(t, filepath.Join(t.TempDir(), "phoneprov.ini"), "[asterisk]\nresync = 1m\ndata_dir = /data\n[ami]\nsecret = s\nusername = u\ntls = yes\nca = /ca.pem\nserver_name = one\nastdb = yes\n"+
		"[asterisk west]\nconfig_dir = /west\n[ami  west ]\naddress = west:5038\nsecret_file = "+secret+"\nfunction_connections = 2\n"+
		"[asterisk files]\nconfig = files\nconfig_dir = /files\ndata_dir = /files/data\n[ami plain]\naddress = plain:5038\nsecret = p\ntls = no\n")
	s, err := loadSettings(ini, func(string) (string, bool) { return "", false })
	if err != nil {
		t.Fatal(err)
	}
	if err := s.check(); err != nil {
		t.Error(err)
	}
	first := asteriskSettings{name: "main", source: "ami", configDir: "/etc/asterisk", dataDir: "/data", resync: time.Minute, amiAddress: "127.0.0.1:5038", amiUsername: "u",
		amiSecret: "s", amiTLS: true, amiCA: "/ca.pem", amiName: "one", amiAstDB: true, functionConnections: 4, functionTTL: time.Second}
	west, files, plain := first, first, first
	west.name, west.keptIn, west.configDir, west.amiAddress, west.amiSecret, west.amiName, west.functionConnections = "west", "asterisk-west", "/west", "west:5038", "from file", "", 2
	files.name, files.keptIn, files.source, files.configDir, files.dataDir, files.amiAddress, files.amiSecret, files.amiName, files.amiAstDB =
		"files", "asterisk-files", "files", "/files", "/files/data", "", "", "", false
	plain.name, plain.keptIn, plain.configDir, plain.amiAddress, plain.amiSecret, plain.amiName, plain.amiTLS, plain.amiCA = "plain", "asterisk-plain", "", "plain:5038", "p", "", false, ""
	for i, want := range []asteriskSettings{first, west, files, plain} {
		if got := *s.asterisks()[i]; got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	if got := s.amiConnections(); got != 5+3+5+5 {
		t.Errorf("got %d connections", got)
	}
	var shown []string
	for _, in := range s.inForce {
		if strings.Contains(in.section, " ") {
			shown = append(shown, in.section+"."+in.key+"="+in.value)
		}
	}
	if text := strings.Join(shown, "\n"); !strings.Contains(text, "ami plain.address=plain:5038") || !strings.Contains(text, "ami plain.secret=<secret>") {
		t.Errorf("got %s", text)
	}
	if one, err := s.only("west"); err != nil || one.amiAddress != "west:5038" || len(one.others) > 0 || s.amiAddress != "127.0.0.1:5038" {
		t.Errorf("got %+v, %v", one, err)
	}
}

// Each fault of the sections of another Asterisk has one message, with the line and what to do.
func TestBadSeveralSettings(t *testing.T) {
	t.Parallel()
	var many strings.Builder
	for i := range maxAsterisks {
		fmt.Fprintf(&many, "[ami a%d]\naddress = a%[1]d:1\nsecret = s\n", i)
	}
	const west = "[ami west]\naddress = west:5038\nsecret = s\n"
	for name, row := range map[string]struct{ ini, want string }{
		"no address":            {"[ami west]\nsecret = s\n", "phoneprov.ini:1: [ami west]: address is missing"},
		"no secret":             {"[log]\nlevel = info\n[ami west]\naddress = west:5038\n", "phoneprov.ini:3: [ami west]: secret is empty: set secret or secret_file"},
		"nothing to read":       {"[asterisk west]\ndata_dir = /x\n", "phoneprov.ini:1: [asterisk west]: there is no [ami west] with its address and secret; without one set config = files and config_dir here"},
		"files of no directory": {"[asterisk west]\nconfig = files\n", "phoneprov.ini:1: [asterisk west]: config = files needs config_dir in [asterisk west]"},
		"no files for an AMI":   {west + "[asterisk west]\nconfig = files\n", "phoneprov.ini:1: [ami west]: config = files needs config_dir in [asterisk west]"},
		"a bad address":         {"[ami west]\naddress = west\nsecret = s\n", `phoneprov.ini:2: [ami west] address: "west" is not an address: want host:port`},
		"an unknown key":        {west + "adress = x\n", `phoneprov.ini:4: unknown key "adress" in [ami west]; is "address" meant?`},
		"a name in a section":   {west + "[asterisk west]\nname = x\n", `phoneprov.ini:5: unknown key "name" in [asterisk west]; is [asterisk] name meant?`},
		"a key of the other":    {west + "data_dir = /x\n", `phoneprov.ini:4: unknown key "data_dir" in [ami west]; is [asterisk] data_dir meant?`},
		"an unknown section":    {"[amy west]\nsecret = s\n", `phoneprov.ini:2: unknown key "secret" in [amy west]; is [ami west] meant?`},
		"a section twice":       {west + "[ami  west]\nusername = u\n", "phoneprov.ini:4: section [ami west] is there already at line 1: make one section of them"},
		"a bad name":            {"[ami we/st]\naddress = west:5038\nsecret = s\n", `phoneprov.ini:1: [ami we/st]: "we/st" is not a name of an Asterisk: want up to 32 letters and digits, and - and _ after the first`},
		"a long name":           {"[ami " + strings.Repeat("x", 33) + "]\naddress = west:5038\nsecret = s\n", "want up to 32 letters and digits"},
		"a bad own name":        {"[asterisk]\nname = a b\n", `phoneprov.ini:2: asterisk.name: "a b" is not a name of an Asterisk: want up to 32 letters and digits, and - and _ after the first`},
		"the name of the first": {"[ami Main]\naddress = west:5038\nsecret = s\n", `phoneprov.ini:1: [ami Main]: "Main" is the name of [asterisk]: give one of them another name, with name in [asterisk]`},
		"a name in another case": {west + "[ami West]\naddress = other:5038\nsecret = s\n",
			"phoneprov.ini:4: [ami West]: the name differs from that of [ami west] in upper and lower case only"},
		"an address twice":    {"[ami]\naddress = west:5038\nsecret = s\n" + west, "phoneprov.ini:4: [ami west]: address is that of [ami]: west:5038"},
		"a directory twice":   {"[asterisk a]\nconfig = files\nconfig_dir = /x\n[asterisk b]\nconfig = files\nconfig_dir = /x\n", "phoneprov.ini:4: [asterisk b]: config_dir is that of [asterisk a]: /x"},
		"TLS that is not on":  {west + "ca = /ca.pem\n", "phoneprov.ini:1: [ami west]: ca and server_name are for tls = yes only"},
		"a secret with lines": {"[ami west]\naddress = west:5038\nsecret = \"\"\"a\nb\"\"\"\n", "phoneprov.ini:4: [ami west] secret: has a line break or NUL in it"},
		"too many":            {many.String(), fmt.Sprintf("[ami a%d]: more than %d Asterisks", maxAsterisks-1, maxAsterisks)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := load(t, row.ini, nil)
			got := fmt.Sprint(err)
			got = got[max(0, strings.LastIndexByte(strings.SplitN(got, ":", 2)[0], '/')+1):]
			if got != row.want && !(strings.Contains(got, row.want) && (name == "too many" || name == "a long name")) {
				t.Errorf("got  %s\nwant %s", got, row.want)
			}
		})
	}
}
