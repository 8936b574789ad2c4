package provision_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// sorceryFiles have a phone in pjsip.conf, one in pjsip_wizard.conf, and several in phones.conf. The phone in
// phoneprov_users.conf is not served before Asterisk 23.
var sorceryFiles = map[string]string{
	"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC} => t\n",
	"users.conf":     "[general]\n",
	"phoneprov_users.conf": `[general]
[6001]
autoprov=yes
username=6001
macaddress=new
profile=p
`,
	"pjsip.conf": `[t]
type=transport
protocol=udp
bind=127.0.0.1:5061
[p1]
type=phoneprov
MAC=pjsip
PROFILE=p
`,
	"pjsip_wizard.conf": `[w]
type=wizard
transport=t
accepts_auth=yes
accepts_registrations=yes
inbound_auth/username=w
inbound_auth/password=w
` +
		"endpoint/context=default\nhas_phoneprov=yes\nphoneprov/MAC=wizard\nphoneprov/PROFILE=p\n",
	"phones.conf": `[a]
type=phoneprov
MAC=a
PROFILE=p
[b]
type=other
MAC=b
PROFILE=p
[c]
MAC=c
PROFILE=p
` +
		`[d]
type=PhoneProv
MAC=d
PROFILE=p
[e]
TYPE=phoneprov
kind=desk
MAC=e
PROFILE=p
` +
		`[f]
type=phoneprov
type=other
MAC=f
PROFILE=p
[g]
type=other
type=phoneprov
MAC=g
PROFILE=p
[h]
type=phoneprovider
MAC=h
PROFILE=p
`,
}

// sorceryRows are lines of sorcery.conf, the MACs that Asterisk then serves, and our diagnostics for the lines.
var sorceryRows = []struct{ lines, macs, said string }{
	{"", "pjsip wizard", ""},
	{"phoneprov=config,phones.conf,criteria=type=phoneprov", "a e f wizard", ""},
	{"phoneprov => config,/etc/asterisk/phones.conf,criteria=TYPE=phoneprov", "a e f wizard", ""},
	{"phoneprov=config,phones.conf", "a b c d e f g h wizard", ""},
	{"phoneprov=config,phones.conf,criteria=type=other", "b g wizard", ""},
	{"phoneprov=config,phones.conf,criteria=type=phoneprov,criteria=kind=desk", "e wizard", ""},
	{"phoneprov=config,phones.conf,explicit_name=b", "b wizard", ""},
	{"phoneprov=config,phones.conf,other=1,criteria=type=phoneprov,explicit_name=b", "a b e f wizard", ""},
	{"phoneprov=config,pjsip.conf,criteria=type=phoneprov\nphoneprov=config,phones.conf", "pjsip wizard",
		`sorcery.conf:3: warning: [res_pjsip_phoneprov_provider] phoneprov=config,phones.conf: asterisk takes one line of "config" only: this one is not read`},
	{"phoneprov=config,none.conf", "wizard",
		`sorcery.conf:2: error: [res_pjsip_phoneprov_provider] phoneprov=config,none.conf: none.conf is missing, or cannot be read: none of its sections is served`},
	{"phoneprov=foo,bar\nphoneprov=config,phones.conf", "pjsip wizard",
		`sorcery.conf:2: error: [res_pjsip_phoneprov_provider] phoneprov=foo,bar: asterisk has no such wizard, or it needs more: this line and those after it are not read`},
	{"phoneprov=config,phones.conf\nphoneprov=foo,bar", "a b c d e f g h wizard",
		`sorcery.conf:3: error: [res_pjsip_phoneprov_provider] phoneprov=foo,bar: asterisk has no such wizard, or it needs more: this line and those after it are not read`},
	{"phoneprov = config , phones.conf", "pjsip wizard",
		`sorcery.conf:2: error: [res_pjsip_phoneprov_provider] phoneprov=config , phones.conf: asterisk has no such wizard, or it needs more: this line and those after it are not read`},
	{"PHONEPROV=config,phones.conf", "pjsip wizard", ""},
	{"phoneprov/cache=memory_cache,object_lifetime_stale=600\nphoneprov/init=config,phones.conf,criteria=type=phoneprov", "a e f wizard", ""},
	{"other=memory\n[res_pjsip_phoneprov_provider]\nphoneprov=config,phones.conf", "pjsip wizard", ""},
}

const sorceryHead = "[RES_pjsip_phoneprov_provider]\n"

// TestSorcery: the phones are those of the sections that sorcery.conf selects.
func TestSorcery(t *testing.T) {
	for _, row := range sorceryRows {
		dir := t.TempDir()
		// The absolute path exists in the oracle only.
		lines := strings.ReplaceAll(row.lines, "/etc/asterisk", dir)
		for name, text := range withFile(sorceryFiles, "sorcery.conf", sorceryHead+lines) {
			testkit.Write(t, filepath.Join(dir, name), text)
		}
		macs, said := built(t, provision.Input{Config: loadConfig(t, dir), Major: 22})
		if macs != row.macs || said != row.said {
			t.Errorf("%s\n got %s: %s\nwant %s: %s", row.lines, macs, said, row.macs, row.said)
		}
	}
}

// built returns the MACs of the phones, and the diagnostics of other things.
func built(t *testing.T, in provision.Input) (macs, said string) {
	t.Helper()
	s, found, err := provision.Build(context.Background(), in, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	var ids, all []string
	for _, p := range s.Phones() {
		ids = append(ids, p.ID)
	}
	for _, d := range found {
		// The rows use names instead of MACs, and the users files have a test of their own.
		if !strings.Contains(d.Message, "not a MAC address") && !strings.Contains(d.Message, "left out") {
			all = append(all, d.String())
		}
	}
	slices.Sort(ids)
	return strings.Join(ids, " "), strings.Join(all, "\n")
}

// TestSorceryOracle: Asterisk has the same phones.
func TestSorceryOracle(t *testing.T) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: sorceryFiles})
			for _, row := range sorceryRows {
				t.Run(row.lines, func(t *testing.T) {
					a.Write(t, "sorcery.conf", sorceryHead+row.lines+"\n")
					a.Kill(t) // it reads sorcery.conf when it starts
					a.Boot(t)
					if got := routesOf(a.CLI(t, "phoneprov show routes")); got != row.macs {
						t.Errorf("got %s, want %s", got, row.macs)
					}
				})
			}
		})
	}
}

// routesOf returns the URIs of dynamic routes in the output of the CLI.
func routesOf(shown string) string {
	_, dynamic, _ := strings.Cut(shown, "Dynamic routes")
	var uris []string
	for line := range strings.Lines(dynamic) {
		if fields := strings.Fields(line); len(fields) == 4 && fields[1] == "p" {
			uris = append(uris, fields[2])
		}
	}
	slices.Sort(uris)
	return strings.Join(uris, " ")
}

func withFile(files map[string]string, name, text string) map[string]string {
	all := map[string]string{name: text}
	for other, text := range files {
		if other != name {
			all[other] = text
		}
	}
	return all
}

// If a line cannot be followed, the error names the line, and nothing else is served instead.
func TestNotFollowed(t *testing.T) {
	pjsip := `[t]
type=transport
bind=0.0.0.0:5061
[e]
type=endpoint
transport=t
auth=e
[e]
type=auth
username=old
password=old
[p1]
type=phoneprov
endpoint=e
MAC=pjsip
PROFILE=p
`
	users := "[general]\n[6001]\nautoprov=yes\nmacaddress=user\n"
	for _, row := range []struct{ name, text, macs, said string }{
		{"sorcery.conf", "[res_pjsip_phoneprov_provider]\nphoneprov=config,pjsip.conf,criteria=type=phoneprov\nphoneprov=realtime,ps_phoneprov\n", "pjsip user",
			"sorcery.conf:3: error: [res_pjsip_phoneprov_provider] phoneprov=realtime,ps_phoneprov: these sections are in a database, and cannot be read: asterisk 16 and 22 make no phones of them either. Move them to pjsip.conf"},
		{"sorcery.conf", "[res_pjsip_phoneprov_provider]\nphoneprov=config,pjsip.conf,criteria=type\n", "pjsip user",
			"sorcery.conf:2: error: [res_pjsip_phoneprov_provider] phoneprov=config,pjsip.conf,criteria=type: criteria=type is not criteria=NAME=VALUE, which crashes asterisk: it is not read"},
		{"sorcery.conf", "[res_pjsip]\nauth=config,auths.conf,criteria=type=auth\n", "pjsip user",
			"sorcery.conf:2: error: [res_pjsip] auth=config,auths.conf,criteria=type=auth: auths.conf is missing, or cannot be read: none of its sections is served"},
		{"sorcery.conf", "[res_pjsip]\nendpoint=realtime,ps_endpoints\n", "user",
			"sorcery.conf:2: error: [res_pjsip] endpoint=realtime,ps_endpoints: objects of this type are in a database, which only the running asterisk can tell of: give phoneprov its manager interface\n" +
				`pjsip.conf:14: error: [p1]: endpoint "e": there is none of that name in pjsip.conf and pjsip_wizard.conf: its phone is not served`},
		{"extconfig.conf", "[settings]\nUsers.conf => odbc,rt,ast_config\n", "pjsip",
			"extconfig.conf:2: error: [settings] Users.conf => odbc,rt,ast_config: asterisk reads this file from a database, which config = files cannot: it is not read here. Set config = ami"},
		{"extconfig.conf", "[settings]\npjsip.conf => pgsql,general\nqueues.conf => odbc,rt\n", "user",
			"extconfig.conf:2: error: [settings] pjsip.conf => pgsql,general: asterisk reads this file from a database, which config = files cannot: it is not read here. Set config = ami"},
		{"extconfig.conf", "[settings]\nusers.conf => odbc\npjsip.conf => nosuch,db\n[other]\nusers.conf => odbc,rt\n", "pjsip user", ""},
	} {
		dir := t.TempDir()
		files := map[string]string{"phoneprov.conf": sorceryFiles["phoneprov.conf"], "pjsip.conf": pjsip, "users.conf": users}
		for name, text := range withFile(files, row.name, row.text) {
			testkit.Write(t, filepath.Join(dir, name), text)
		}
		in := provision.Input{Config: loadConfig(t, dir)}
		before := len(in.Config)
		if macs, said := built(t, in); macs != row.macs || said != row.said {
			t.Errorf("%s\n got %s: %s\nwant %s: %s", row.text, macs, said, row.macs, row.said)
		}
		if len(in.Config) != before {
			t.Errorf("%s: Build changed its input", row.text)
		}
	}
}
