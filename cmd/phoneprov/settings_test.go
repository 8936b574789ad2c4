package main

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
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
		asteriskSettings: asteriskSettings{
			name: "main", source: "ami", configDir: "/etc/asterisk", dataDir: "/usr/share/asterisk/phoneprov", resync: 5 * time.Minute,
			amiAddress: "127.0.0.1:5038", amiUsername: "phoneprov", amiSecret: "s",
			functionConnections: 4, functionTTL: time.Second,
		},
		httpListen: ":8080", httpPrefix: "/phoneprov",
		uploads: httpapi.UploadsDiscard, uploadDir: "/var/lib/phoneprov/uploads", uploadPhone: 8 << 20, uploadAll: 1 << 30,
		allow: access.DefaultAllow(), proxies: []netip.Prefix{}, unknownMACs: 20, failedLogins: 20,
		realm:    "phoneprov",
		logLevel: zerolog.InfoLevel, logFormat: "json",
		stateDir:    "/var/lib/phoneprov",
		maxLoss:     50,
		adminListen: "127.0.0.1:8081",
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}, asteriskSettings{}, resyncSettings{}, httpapi.Hosts{}), comparePrefixes); diff != "" {
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
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}, asteriskSettings{}, resyncSettings{}, profileSettings{}, httpapi.Hosts{}), comparePrefixes); diff != "" {
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
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(settings{}, asteriskSettings{}, resyncSettings{}, httpapi.Hosts{}), comparePrefixes); diff != "" {
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

func TestSettingsOfAnotherProgram(t *testing.T) {
	_, err := load(t, "[x]\n"+manyKeys(2000), nil)
	if err == nil || strings.Count(err.Error(), "unknown key") != maxUnknown {
		t.Errorf("got %v", err)
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
