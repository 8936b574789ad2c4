package main

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/device"
)

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
