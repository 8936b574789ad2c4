package main

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/amisync/notify"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// load reads an ini text and an environment.
func load(t *testing.T, text string, env map[string]string) (*settings, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "phoneprov.ini")
	testkit.Write(t, path, text)
	s, err := loadSettings(path, func(k string) (string, bool) { v, ok := env[k]; return v, ok })
	if err == nil {
		s.inForce = nil // TestSettingsInForce has them
		err = s.check()
	}
	if err != nil {
		err = errors.New(strings.ReplaceAll(err.Error(), filepath.Dir(path)+"/", ""))
	}
	return s, err
}

const withSecret = "[ami]\nsecret = s\n"

func TestSettingsDefaults(t *testing.T) {
	got, err := load(t, withSecret, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := &settings{
		resyncPhones: defaultResync,
		source:       "ami", configDir: "/etc/asterisk", dataDir: "/usr/share/asterisk/phoneprov", resync: 5 * time.Minute,
		amiAddress: "127.0.0.1:5038", amiUsername: "phoneprov", amiSecret: "s",
		functionConnections: 4, functionTTL: time.Second,
		httpListen: ":8080", httpPrefix: "/phoneprov",
		uploads: httpapi.UploadsDiscard, uploadDir: "/var/lib/phoneprov/uploads", uploadPhone: 8 << 20, uploadAll: 1 << 30,
		allow: access.DefaultAllow(), proxies: []netip.Prefix{}, unknownMACs: 20, failedLogins: 20,
		realm:    "phoneprov",
		logLevel: zerolog.InfoLevel, logFormat: "json",
		stateDir:    "/var/lib/phoneprov",
		maxLoss:     50,
		adminListen: "127.0.0.1:8081",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}, resyncSettings{}, httpapi.Hosts{}), comparePrefixes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

var defaultResync = resyncSettings{mode: "log", spread: 20 * time.Second, rate: 10, busyLimit: time.Hour, limit: 50}

var comparePrefixes = cmp.Options{
	cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
	cmpopts.IgnoreFields(settings{}, "secretFiles"), // see TestSecretFiles
}

func TestAccessSettings(t *testing.T) {
	got, err := load(t, withSecret+"[access]\nallow = lan, 203.0.113.0/24 2001:db8::1\ndeny = 00:04:F2:00:00:01,0004f2000002\ntrusted_proxies = 10.9.0.1\n"+
		"unknown_macs = 0\nfailed_logins = 5\n[http]\nuploads = store\nupload_dir = /u\nupload_phone_mb = 1\nupload_all_mb = 2\n"+
		"[profile home]\nallow =\ndeny = 0004f2000003\npasswords = no\n[profile office]\nallow = 198.51.100.0/24\npasswords = yes\ncertificates = no\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	prefixes := func(list ...string) []netip.Prefix {
		all := []netip.Prefix{}
		for _, text := range list {
			all = append(all, netip.MustParsePrefix(text))
		}
		return all
	}
	want := &settings{
		allow:   append(access.DefaultAllow(), prefixes("203.0.113.0/24", "2001:db8::1/128")...),
		proxies: prefixes("10.9.0.1/32"),
		deny:    []device.MAC{{0, 4, 0xf2, 0, 0, 1}, {0, 4, 0xf2, 0, 0, 2}}, failedLogins: 5,
		uploads: httpapi.UploadsStore, uploadDir: "/u", uploadPhone: 1 << 20, uploadAll: 2 << 20,
		profiles: map[string]*profileSettings{
			"home":   {allow: prefixes(), deny: []device.MAC{{0, 4, 0xf2, 0, 0, 3}}, noCredentials: true},
			"office": {allow: prefixes("198.51.100.0/24"), noCertificates: true},
		},
	}
	*got = settings{allow: got.allow, proxies: got.proxies, deny: got.deny, unknownMACs: got.unknownMACs, failedLogins: got.failedLogins,
		uploads: got.uploads, uploadDir: got.uploadDir, uploadPhone: got.uploadPhone, uploadAll: got.uploadAll, profiles: got.profiles}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}, resyncSettings{}, profileSettings{}, httpapi.Hosts{}), comparePrefixes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHostSettings(t *testing.T) {
	want, err := load(t, withSecret, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !want.hosts.Any() || !want.adminHosts.Any() || want.browsers {
		t.Errorf("by default: got %+v", want)
	}
	got, err := load(t, withSecret+"[http]\nhosts = pbx.example, PBX\nbrowsers = yes\n[admin]\nhosts = 192.0.2.1\n", nil)
	if err != nil || got.hosts.Any() || got.adminHosts.Any() || !got.browsers {
		t.Errorf("got %+v, %v", got, err)
	}
	_, err = load(t, withSecret+"[http]\nhosts = pbx.example:8080\nbrowsers = maybe\n[admin]\nhosts = a/b\n", nil)
	const wantErr = `phoneprov.ini:4: http.hosts: "pbx.example:8080" is not a host: want a name as pbx.example.com, or an address, without a port
phoneprov.ini:5: http.browsers: "maybe" is not one of: yes, no
phoneprov.ini:7: admin.hosts: "a/b" is not a host: want a name as pbx.example.com, or an address, without a port`
	if err == nil || err.Error() != wantErr {
		t.Errorf("got %v", err)
	}
}

func TestResyncSettings(t *testing.T) {
	got, err := load(t, withSecret+"[resync]\nmode = notify\nspread = 1m\nrate = 5\nbusy_limit = 0\nlimit = 0\n"+
		"[resync yealink]\nevent = check-sync;reboot=true\nreboots = yes\n[resync Cisco SPA5]\nevent =\nreboot_event = restart_now\nwithin = 10m\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	r := got.resyncPhones
	if r.mode != "notify" || r.spread != time.Minute || r.rate != 5 || r.busyLimit != 0 || r.limit != 0 || len(r.makes) != 2 {
		t.Fatalf("got %+v", r)
	}
	table := notify.Table{}.With(r.makes)
	if m := table.Of("Yealink", "T46S"); m.Event != "check-sync;reboot=true" || m.Reboots != notify.RebootsYes || m.Within != 5*time.Minute {
		t.Errorf("got %+v", m)
	}
	if m := table.Of("Cisco", "SPA504G"); m.Event != "" || m.Reboot != "restart_now" || m.Within != 10*time.Minute {
		t.Errorf("got %+v", m)
	}
	if m := table.Of("Cisco", "CP-8841-3PCC"); m.Event != "resync" {
		t.Errorf("got %+v", m)
	}
}

func TestTLSSettings(t *testing.T) {
	want, err := load(t, withSecret, nil)
	if err != nil {
		t.Fatal(err)
	}
	want.amiTLS, want.amiCA, want.amiName = true, "/ca.pem", "pbx"
	want.httpListen, want.httpsListen, want.httpsCert, want.httpsKey, want.httpsLegacy = "", ":443", "/c.pem", "/k.pem", true
	want.clientCA, want.acceptExpired = "/phones.pem", true
	got, err := load(t, withSecret+"tls = yes\nca = /ca.pem\nserver_name = pbx\n[http]\nlisten =\n"+
		"[https]\nlisten = :443\ncert = /c.pem\nkey = /k.pem\nlegacy = yes\n[access]\nclient_ca = /phones.pem\naccept_expired = yes\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}, resyncSettings{}, httpapi.Hosts{}), comparePrefixes); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// As the file is written in deploy/doc/SETTINGS.md, comments and all.
func TestSettingsFile(t *testing.T) {
	got, err := load(t, "\ufeff# phoneprov\r\n[asterisk]\r\nconfig = files  ; or ami\r\nresync=0 # never\r\n\r\n[ami]\r\naddress =   ; none\r\n"+
		"secret = a#b;c %(x)s \\\r\n[http]\r\nlisten = [::1]:80\r\nprefix = /\r\n[log]\r\nlevel=debug\r\nformat=console\r\n[admin]\r\nlisten =\r\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	if got.source != "files" || got.resync != 0 || got.amiAddress != "" || got.httpListen != "[::1]:80" || got.httpPrefix != "" ||
		got.logLevel != zerolog.DebugLevel || got.logFormat != "console" || got.adminListen != "" {
		t.Errorf("got %+v", got)
	}
	if want := `a#b;c %(x)s \`; got.amiSecret.Reveal() != want {
		t.Errorf("secret: got %q, want %q", got.amiSecret.Reveal(), want)
	}
}

func TestProfileSettings(t *testing.T) {
	got, err := load(t, withSecret+"[profile Desk Phones]\nescape = none ; as ever\n[profile snom]\n[profile  yealink ]\nescape=auto\n", nil)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]*profileSettings{"Desk Phones": {escape: provision.EscapeNone}, "snom": {}, "yealink": {escape: provision.EscapeAuto}}
	if diff := cmp.Diff(want, got.profiles, cmp.AllowUnexported(profileSettings{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestSettingsPrecedence(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secret")
	testkit.Write(t, file, "from file\n")
	for _, tt := range []struct {
		name, ini string
		env       map[string]string
		field     func(*settings) string
		want      string
	}{
		{"file over default", withSecret + "username = ini\n", nil, func(s *settings) string { return s.amiUsername }, "ini"},
		{"environment over file", withSecret + "username = ini\n", map[string]string{"PHONEPROV_AMI_USERNAME": "env"},
			func(s *settings) string { return s.amiUsername }, "env"},
		{"empty environment is none", withSecret + "username = ini\n", map[string]string{"PHONEPROV_AMI_USERNAME": ""},
			func(s *settings) string { return s.amiUsername }, "ini"},
		{"empty environment where that means something", withSecret + "[admin]\nlisten = :81\n", map[string]string{"PHONEPROV_ADMIN_LISTEN": ""},
			func(s *settings) string { return s.adminListen }, ""},
		{"secret from file", "[ami]\nsecret_file = " + file + "\n", nil, func(s *settings) string { return s.amiSecret.Reveal() }, "from file"},
		{"secret from file by environment", withSecret, map[string]string{"PHONEPROV_AMI_SECRET_FILE": file},
			func(s *settings) string { return s.amiSecret.Reveal() }, "from file"},
		{"environment over secret file", "[ami]\nsecret_file = /nowhere\n", map[string]string{"PHONEPROV_AMI_SECRET": "env"},
			func(s *settings) string { return s.amiSecret.Reveal() }, "env"},
		{"quoted", "[ami]\nsecret = \"#a ;b \" ; c\n", nil, func(s *settings) string { return s.amiSecret.Reveal() }, "#a ;b "},
		{"quote in the middle", "[ami]\nsecret = a\"b'c\n", nil, func(s *settings) string { return s.amiSecret.Reveal() }, `a"b'c`},
		{"quotes in quotes", "[ami]\nsecret = 'a\"b'\n", nil, func(s *settings) string { return s.amiSecret.Reveal() }, `a"b`},
		{"quoted twice", "[ami]\nsecret = \"a\" \"b\"\n", nil, func(s *settings) string { return s.amiSecret.Reveal() }, `"a" "b"`},
		{"empty secret beside its file", "[ami]\nsecret = ; no\nsecret_file = " + file + "\n", nil,
			func(s *settings) string { return s.amiSecret.Reveal() }, "from file"},
		{"empty secret in the environment", "[ami]\nsecret_file = " + file + "\n",
			map[string]string{"PHONEPROV_AMI_SECRET": "", "PHONEPROV_AMI_SECRET_FILE": ""},
			func(s *settings) string { return s.amiSecret.Reveal() }, "from file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s, err := load(t, tt.ini, tt.env)
			if err != nil {
				t.Fatal(err)
			}
			if got := tt.field(s); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestBadSettings(t *testing.T) {
	for _, tt := range []struct {
		name, ini string
		env       map[string]string
		want      string
	}{
		{"unknown key", "; a\n\n[http]\n# b\nlistn = :80\n", nil, `phoneprov.ini:5: unknown key "listn" in [http]; is "listen" meant?`},
		{"key in another case", "[http]\nListen = :80\n", nil, `phoneprov.ini:2: unknown key "Listen" in [http]; is "listen" meant?`},
		{"unknown section", "[htp]\nlisten = :80\n", nil, `phoneprov.ini:2: unknown key "listen" in [htp]; is [http] meant?`},
		{"unknown section, empty", "\n[htp]\n", nil, `phoneprov.ini:2: unknown section [htp]; is [http] meant?`},
		{"no section", "listen = :80\n", nil, `phoneprov.ini:1: key "listen" before any section`},
		{"no equals sign", "[http]\n\nlisten :80\n", nil, `phoneprov.ini:3: want [section] or key = value`},
		{"unclosed section", "[ami]\nsecret = x\n[http\n", nil, `phoneprov.ini:3: not a valid ini file`},
		{"no file for a secret", "[asterisk]\nconfig_file = x\n", nil, `phoneprov.ini:2: unknown key "config_file" in [asterisk]; is "config_dir" meant?`},
		{"source", "[asterisk]\nconfig = database\n", nil, `phoneprov.ini:2: asterisk.config: "database" is not one of: ami, files`},
		{"a key twice", "[http]\nprefix = /a\nprefix = /b\n", nil, `phoneprov.ini:3: key "prefix" in [http] is there already at line 2`},
		{"a key twice with one value", "[log]\n; one\nlevel = warn\n\nlevel = warn\n", nil, `phoneprov.ini:5: key "level" in [log] is there already at line 3`},
		{"a key thrice", "[log]\nlevel = warn\nformat = json\nlevel = warn\nlevel = info\n", nil, `phoneprov.ini:4: key "level" in [log] is there already at line 2`},
		{"a secret twice", "[ami]\nsecret = hunter2\nsecret = s3cret\n", nil, `phoneprov.ini:3: key "secret" in [ami] is there already at line 2`},
		{"a section twice", withSecret + "[log]\nlevel = warn\n[ami]\nusername = two\n", nil,
			`phoneprov.ini:5: section [ami] is there already at line 1: make one section of them`},
		{"a key in both of a section", "[log]\nlevel = warn\n[log]\nlevel = info\n", nil,
			`phoneprov.ini:3: section [log] is there already at line 1: make one section of them`},
		{"an empty section twice", "[log]\n\n[log]\n", nil, `phoneprov.ini:3: section [log] is there already at line 1: make one section of them`},
		{"a profile twice", "[profile a]\nescape = none\n[profile  a ]\nescape = auto\n", nil,
			`phoneprov.ini:3: section [profile a] is there already at line 1: make one section of them`},
		{"a key of a profile twice", "[profile a]\nescape = none\nescape = none\n", nil, `phoneprov.ini:3: key "escape" in [profile a] is there already at line 2`},
		{"a key of another section", "[http]\ncert = x\n", nil, `phoneprov.ini:2: unknown key "cert" in [http]; is [https] cert meant?`},
		{"a section that is near none", "[database]\n", nil, `phoneprov.ini:1: unknown section [database]`},
		{"a misspelt profile", "[profil desk]\nescape = none\n", nil, `phoneprov.ini:2: unknown key "escape" in [profil desk]; is [profile NAME] meant?`},
		{"after a multi-line value", "[ami]\nsecret = \"\"\"a\n[http]\nb\"\"\"\n[log]\nlevel = loud\n", nil,
			"phoneprov.ini:4: ami.secret: has a line break or NUL in it\n" + `phoneprov.ini:6: log.level: "loud" is not one of: debug, info, warn, error`},
		{"empty", "[asterisk]\ndata_dir =\n", nil, `phoneprov.ini:2: asterisk.data_dir: is empty`},
		{"duration", "[asterisk]\nresync = 5\n", nil, `phoneprov.ini:2: asterisk.resync: "5" is not a duration: want 30s, 5m or 0`},
		{"duration below zero", "[asterisk]\nresync = -1s\n", nil, `phoneprov.ini:2: asterisk.resync: "-1s" is not a duration: want 30s, 5m or 0`},
		{"mode of resync", "[resync]\nmode = on\n", nil, `phoneprov.ini:2: resync.mode: "on" is not one of: off, log, notify`},
		{"rate of resync", "[resync]\nrate = 0\n", nil, `phoneprov.ini:2: resync.rate: "0" is not a number from 1 to 1000`},
		{"limit of resync", "[resync]\nlimit = -1\n", nil, `phoneprov.ini:2: resync.limit: "-1" is not a number from 0 to 1000000`},
		{"spread of resync", "[resync]\nspread = 25h\n", nil, `phoneprov.ini:2: resync.spread: "25h" is more than 24h`},
		{"a make of resync", "[log]\nlevel = info\n[resync Acme]\nwithin = 1m\n", nil,
			`phoneprov.ini:3: [resync Acme]: "Acme" is no make of phones: want ` + strings.Join(device.Vendors(), ", ") + `, or other`},
		{"an event of resync", "[resync Snom]\nevent = check-sync,Content-type=a/b\n", nil,
			`phoneprov.ini:2: event: "check-sync,Content-type=a/b" is no event: want check-sync, check-sync;reboot=false or the like`},
		{"a time of resync", "[resync Snom D7]\nwithin = 1s\n", nil, `phoneprov.ini:2: within: "1s" is not a duration from 10s to 24h: want 1m`},
		{"reboots of resync", "[resync Snom]\nreboots = often\n", nil, `phoneprov.ini:2: reboots: "often" is not one of: no, yes, maybe`},
		{"a key of a make", "[resync Snom]\nwithn = 1m\n", nil, `phoneprov.ini:2: unknown key "withn" in [resync Snom]; is "within" meant?`},
		{"no connections", "[ami]\nfunction_connections = 0\n", nil, `phoneprov.ini:2: ami.function_connections: "0" is not a number from 1 to 64`},
		{"too many connections", "[ami]\nfunction_connections = 65\n", nil, `phoneprov.ini:2: ami.function_connections: "65" is not a number from 1 to 64`},
		{"function_ttl", "[ami]\nfunction_ttl = 1\n", nil, `phoneprov.ini:2: ami.function_ttl: "1" is not a duration: want 30s, 5m or 0`},
		{"address", "[http]\nlisten = 8080\n", nil, `phoneprov.ini:2: http.listen: "8080" is not an address: want host:port`},
		{"HTTPS address", "[https]\nlisten = 8443\n", nil, `phoneprov.ini:2: https.listen: "8443" is not an address: want host:port`},
		{"neither yes nor no", "[https]\nlegacy = true\n", nil, `phoneprov.ini:2: https.legacy: "true" is not one of: yes, no`},
		{"no address for phones", withSecret + "[http]\nlisten =\n", nil, `http.listen and https.listen are both empty`},
		{"HTTPS without a key", withSecret + "[https]\nlisten = :443\ncert = x\n", nil, `https.listen needs https.cert and https.key`},
		{"an admin's certificate without TLS", withSecret + "[admin]\ncert = x\nkey = y\n", nil, `admin.cert and admin.key are for admin.tls = yes only`},
		{"an admin's certificate without a key", withSecret + "[admin]\ntls = yes\ncert = x\n", nil, `admin.cert and admin.key belong together: set both, or none`},
		{"TLS for admins without a certificate", withSecret + "[admin]\ntls = yes\n", nil, `admin.tls = yes needs admin.cert and admin.key, or https.cert and https.key`},
		{"client certificates without HTTPS", withSecret + "[access]\nclient_ca = x\n", nil, `access.client_ca needs https.listen, or access.certificate_header where a proxy does the TLS`},
		{"a certificate header without CAs", withSecret + "[access]\ncertificate_header = X-Client-Cert\ntrusted_proxies = 10.0.0.1\n", nil, `access.certificate_header needs access.client_ca and access.trusted_proxies`},
		{"a certificate header without proxies", withSecret + "[access]\ncertificate_header = X-Client-Cert\nclient_ca = x\n", nil, `access.certificate_header needs access.client_ca and access.trusted_proxies`},
		{"a certificate header of another use", "[access]\ncertificate_header = Host\n", nil, `phoneprov.ini:2: access.certificate_header: "Host" is not a header for certificates: want X-Client-Cert or Client-Cert`},
		{"no certificate header", "[access]\ncertificate_header = X-Client Cert\n", nil, `phoneprov.ini:2: access.certificate_header: "X-Client Cert" is not a header for certificates: want X-Client-Cert or Client-Cert`},
		{"a CA for an AMI in the clear", withSecret + "ca = x\n", nil, `ami.ca and ami.server_name are for ami.tls = yes only`},
		{"a name for an AMI in the clear", withSecret + "server_name = x\n", nil, `ami.ca and ami.server_name are for ami.tls = yes only`},
		{"port", "[admin]\nlisten = :99999\n", nil, `phoneprov.ini:2: admin.listen: ":99999" has no valid port`},
		{"prefix with a wildcard", "[http]\nprefix = /a*\n", nil, `phoneprov.ini:2: http.prefix: "/a*" is not a path: want /name`},
		{"realm", "[access]\nrealm = a\\b\n", nil, `phoneprov.ini:2: access.realm: not a realm: want printable ASCII without quotes and backslashes`},
		{"level", "[log]\nlevel = trace\n", nil, `phoneprov.ini:2: log.level: "trace" is not one of: debug, info, warn, error`},
		{"two secrets", "[ami]\nsecret = a\nsecret_file = /b\n", nil, `phoneprov.ini:3: both secret and secret_file are set`},
		{"secret's file is missing", "[ami]\nsecret_file = /nowhere/x\n", nil,
			`phoneprov.ini:2: ami.secret_file: stat /nowhere/x: no such file or directory`},
		{"secret's file is none", "[ami]\nsecret_file = /dev/zero\n", nil,
			`phoneprov.ini:2: ami.secret_file: /dev/zero: not a regular file`},
		{"environment", withSecret, map[string]string{"PHONEPROV_LOG_LEVEL": "loud"},
			`environment: PHONEPROV_LOG_LEVEL: "loud" is not one of: debug, info, warn, error`},
		{"two secrets in the environment", "", map[string]string{"PHONEPROV_AMI_SECRET": "a", "PHONEPROV_AMI_SECRET_FILE": "/b"},
			`environment: both PHONEPROV_AMI_SECRET and PHONEPROV_AMI_SECRET_FILE are set`},
		{"no AMI to ask", "[ami]\naddress =\n", nil, `asterisk.config is ami, but ami.address is empty`},
		{"no secret", "", nil, `ami.secret is empty; without a manager interface ami.address must be empty too`},
		{"key of a profile", "[profile desk]\nescpe = none\n", nil, `phoneprov.ini:2: unknown key "escpe" in [profile desk]; is "escape" meant?`},
		{"value of a profile", "[profile a]\nescape = none\n[profile b]\nescape = xml\n", nil, `phoneprov.ini:4: escape: "xml" is not one of: auto, none`},
		{"yes or no of a profile", "[profile a]\npasswords = 0\n", nil, `phoneprov.ini:2: passwords: "0" is not one of: yes, no`},
		{"profile without a name", "[profile ]\nescape = none\n", nil, `phoneprov.ini:2: unknown key "escape" in [profile ]; is [profile NAME] meant?`},
		{"network", "[access]\nallow = 10.0.0.0/33\n", nil, `phoneprov.ini:2: access.allow: "10.0.0.0/33" is not a network: want 10.1.0.0/16, 2001:db8::/32, an address, or lan`},
		{"network with bits of a host", "[access]\nallow = 10.0.0.1/8\n", nil, `phoneprov.ini:2: access.allow: "10.0.0.1/8" is not a network: want 10.1.0.0/16, 2001:db8::/32, an address, or lan`},
		{"MAC", "[access]\ndeny = 0004f200000\n", nil, `phoneprov.ini:2: access.deny: "0004f200000" is not a MAC address: want 12 hexadecimal digits`},
		{"budget", "[access]\nunknown_macs = many\n", nil, `phoneprov.ini:2: access.unknown_macs: "many" is not a number from 0 to 1000`},
		{"uploads", "[http]\nuploads = keep\n", nil, `phoneprov.ini:2: http.uploads: "keep" is not one of: off, discard, store`},
		{"quota", "[http]\nupload_phone_mb = 0\n", nil, `phoneprov.ini:2: http.upload_phone_mb: "0" is not a number from 1 to 1048576`},
		{"quotas", withSecret + "[http]\nupload_phone_mb = 2\nupload_all_mb = 1\n", nil, `http.upload_all_mb is less than http.upload_phone_mb`},
		{"network with a zone", "[access]\nallow = fe80::1%eth0\n", nil, `phoneprov.ini:2: access.allow: "fe80::1%eth0" is not a network: want 10.1.0.0/16, 2001:db8::/32, an address, or lan`},
		{"IPv4 in IPv6", "[access]\nallow = ::ffff:192.168.1.0/120\n", nil, `phoneprov.ini:2: access.allow: "::ffff:192.168.1.0/120" is not a network: want 10.1.0.0/16, 2001:db8::/32, an address, or lan`},
		{"network of a profile", "[profile a]\nallow = x\n", nil, `phoneprov.ini:2: allow: "x" is not a network: want 10.1.0.0/16, 2001:db8::/32, an address, or lan`},
		{"all at once", "[http]\nlisten = 1\n[log]\nlevel = 2\nx = 3\n", nil, `phoneprov.ini:5: unknown key "x" in [log]` + "\n" +
			`phoneprov.ini:2: http.listen: "1" is not an address: want host:port` + "\n" +
			`phoneprov.ini:4: log.level: "2" is not one of: debug, info, warn, error`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := load(t, tt.ini, tt.env)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v\nwant %s", err, tt.want)
			}
		})
	}
}

func TestSettingsOfAnotherProgram(t *testing.T) {
	_, err := load(t, "[x]\n"+manyKeys(2000), nil)
	if err == nil || strings.Count(err.Error(), "unknown key") != maxUnknown {
		t.Errorf("got %v", err)
	}
}

func manyKeys(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "key%d = value\n", i)
	}
	return b.String()
}

// Whatever the file is, an error names a line that it has, and nothing panics.
func FuzzSettings(f *testing.F) {
	for _, text := range []string{withSecret, "[ami\n", "a = b\n", "[log]\nlevel = \"\"\"x\ny\"\"\"\n", "[ami]\nsecret = 'a' ; b\n[x]\n", "\ufeff[log]\nlevel = `x\n"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		_, err := load(t, text, nil)
		if err == nil {
			return
		}
		for line := range strings.Lines(err.Error()) {
			rest, ok := strings.CutPrefix(line, "phoneprov.ini:")
			if !ok {
				continue
			}
			number, _, _ := strings.Cut(rest, ":")
			if n, err := strconv.Atoi(number); err != nil || n < 1 || n > strings.Count(text, "\n")+1 {
				t.Errorf("%q: got %q", text, line)
			}
		}
	})
}

// A bad line's text may be a secret.
func TestSettingsErrorsKeepSecrets(t *testing.T) {
	for _, ini := range []string{"[ami]\nsecret hunter2\n", "[ami]\nsecret = \"\"\"hunter2\n", "hunter2\n", "[hunter2\n"} {
		if _, err := load(t, ini, nil); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: got %v", ini, err)
		}
	}
}

func TestMissingSettingsFile(t *testing.T) {
	env := func(string) (string, bool) { return "", false }
	path := filepath.Join(t.TempDir(), "none.ini")
	if _, err := loadSettings(path, env); err == nil || err.Error() != "stat "+path+": no such file or directory" {
		t.Errorf("a file that was asked for: got %v", err)
	}
	if _, err := os.Stat(defaultConfig); os.IsNotExist(err) {
		if _, err := loadSettings("", env); err != nil {
			t.Errorf("the default file: got %v", err)
		}
	}
}

// What looks like a setting and is none leaves the default in force: that is never silent.
func TestUnknownEnvironment(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"PHONEPROV_ACCESS_ALOW", "; is PHONEPROV_ACCESS_ALLOW meant?"},
		{"PHONEPROV_ACCESS_ALLOWED", "; is PHONEPROV_ACCESS_ALLOW meant?"},
		{"PHONEPROV_HTTP_LISTN", "; is PHONEPROV_HTTP_LISTEN meant?"},
		{"PHONEPROV_AMI_SECRETFILE", "; is PHONEPROV_AMI_SECRET_FILE meant?"},
		{"PHONEPROV_http_listen", "; is PHONEPROV_HTTP_LISTEN meant?"},
		{"PHONEPROV_COLOUR", ""},
		{"PHONEPROV_", ""},
		{"PHONEPROV_TEST_SEED", ""},
	} {
		errs := unknownEnv([]string{"PATH", "PHONEPROV", tt.name, "PHONEPROV_HTTP_LISTEN"})
		if want := "environment: there is no setting " + tt.name + tt.want; len(errs) != 1 || errs[0].Error() != want {
			t.Errorf("%s: got %v, want %s", tt.name, errs, want)
		}
	}
	var known []string
	for _, d := range settingsTable() {
		known = append(known, d.env())
	}
	known = append(known, "PHONEPROV_AMI_SECRET_FILE",
		// What Kubernetes and Docker set for services called "phoneprov" and "phoneprov-http".
		"PHONEPROV_SERVICE_HOST", "PHONEPROV_SERVICE_PORT", "PHONEPROV_SERVICE_PORT_HTTP", "PHONEPROV_PORT", "PHONEPROV_PORT_8080_TCP",
		"PHONEPROV_PORT_8080_TCP_ADDR", "PHONEPROV_PORT_8080_TCP_PROTO", "PHONEPROV_HTTP_SERVICE_HOST", "PHONEPROV_HTTP_PORT_80_TCP_PORT")
	if errs := unknownEnv(known); len(errs) > 0 {
		t.Errorf("got %v", errs)
	}
}
