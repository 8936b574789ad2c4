package main

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// TestRealtime is of an endpoint that lives in a database, which Asterisk alone can ask: its phone follows the database, and
// survives its outage.
func TestRealtime(t *testing.T) {
	t.Parallel()
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: realtimeFiles, Prepare: realtimePrepare})
			a.WriteData(t, "t.cfg", "${USERNAME}/${SECRET}/${CALLERID}/${DISPLAY_NAME}\n")
			a.WriteData(t, "o.xml", "<o a=\"${PP_ENDPOINT(context)}\">${PP_ENDPOINT(dtmf_mode)}/${PP_ENDPOINT(call_group)}/${PP_ENDPOINT(100rel)}</o>\n")
			v := startService(t, a, "ami")
			db := func(sql string) {
				t.Helper()
				a.Exec(t, "sqlite3", "/var/lib/asterisk/pbx.db", sql)
			}
			reload := func() { // and wait for the sync
				t.Helper()
				settled(t, v)
				before := v.pbxs[0].sync.Status().Syncs
				a.CLI(t, "module reload phoneprov")
				testkit.WaitFor(t, func() error {
					if s := v.pbxs[0].sync.Status(); s.Syncs == before {
						return fmt.Errorf("no sync: %+v", s)
					}
					return nil
				})
			}
			expect := func(when, uri string, status int, body string) {
				t.Helper()
				got, err := v.fetch(http.DefaultClient, "pbx", uri)
				if err != nil || got.Status != status || status == 200 && got.Body != body+"\n" {
					t.Errorf("%s: %s: got %+v (%v), want %d %q", when, uri, got, err, status, body)
				}
			}
			const phone, filed, bare = "001565200001.cfg", "001565200002.cfg", "001565200003.cfg"
			const options, filedOptions = "001565200001.opt", "001565200002.opt" // not escaped: see asAsterisk
			for _, uri := range []string{phone, filed, bare} {
				if theirs := a.Fetch(t, uri); uri != phone || theirs.Status == 200 {
					expect("as asterisk", uri, theirs.Status, strings.TrimSuffix(theirs.Body, "\n"))
				}
			}
			expect("at first", phone, 200, "ada/secret-7001/7001/Ada")
			expect("at first", filed, 200, "prov-filed//7002/Bob")
			expect("at first", bare, 404, "")
			expect("at first", options, 200, `<o a="in&out">auto/1, 3, 4/yes</o>`)
			expect("at first", filedOptions, 200, `<o a="default">rfc4733//yes</o>`)
			warnings := v.pbxs[0].sync.Status().LastSync.Warnings
			kept := func(when string) {
				t.Helper()
				if got := v.pbxs[0].sync.Status().LastSync.Warnings; got != warnings+1 {
					t.Errorf("%s: got %d warnings, want one more than %d", when, got, warnings)
				}
			}

			db("UPDATE ps_endpoints SET callerid='Grace <7009>', dtmf_mode='info'; UPDATE ps_auths SET password='secret-7009'")
			reload()
			const changed = "ada/secret-7009/7009/Grace"
			expect("changed", phone, 200, changed)
			expect("changed", options, 200, `<o a="in&out">info/1, 3, 4/yes</o>`)

			db("ALTER TABLE ps_auths RENAME TO away")
			reload()
			expect("without auths", phone, 200, changed)
			kept("without auths")
			db("ALTER TABLE ps_endpoints RENAME TO away2")
			reload()
			expect("without endpoints", phone, 200, changed)
			reload()
			expect("without endpoints, still", phone, 200, changed)
			kept("without endpoints")
			a.Write(t, "pjsip.conf", strings.Replace(realtimeFiles["pjsip.conf"], realtimeFiled, "", 1))
			a.CLI(t, "pjsip reload")
			reload()
			expect("deleted from its file", filed, 404, "")
			expect("deleted from its file", phone, 200, changed)

			db("ALTER TABLE away RENAME TO ps_auths; ALTER TABLE away2 RENAME TO ps_endpoints; UPDATE ps_endpoints SET callerid='Joan <7010>'")
			reload()
			expect("with the database back", phone, 200, "ada/secret-7009/7010/Joan")
		})
	}
}

// settled waits until no sync has ended for a while.
func settled(t *testing.T, v *service) {
	t.Helper()
	last, since := v.pbxs[0].sync.Status().Syncs, time.Now()
	testkit.WaitFor(t, func() error {
		if n := v.pbxs[0].sync.Status().Syncs; n != last {
			last, since = n, time.Now()
		}
		if time.Since(since) < 300*time.Millisecond {
			return fmt.Errorf("%d syncs, and more", last)
		}
		return nil
	})
}

const realtimeFiled = "[7002]\ntype=endpoint\ntransport=udp\ncallerid=Bob <7002>\n"

var realtimeFiles = map[string]string{
	"phoneprov.conf": "[general]\n[p]\n${MAC}.cfg => t.cfg\n${MAC}.opt => o.xml\n",
	"users.conf":     "[general]\n",
	"pjsip.conf": "[udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0\n" + realtimeFiled +
		`[7003]
type=endpoint
transport=udp
auth=none
[prov-bare]
type=phoneprov
endpoint=7003
PROFILE=p
MAC=001565200003
` +
		"[prov-live]\ntype=phoneprov\nendpoint=7001\nPROFILE=p\nMAC=001565200001\n" +
		"[prov-filed]\ntype=phoneprov\nendpoint=7002\nPROFILE=p\nMAC=001565200002\n",
	"modules.conf":   "[modules]\nautoload=yes\npreload=res_odbc.so\npreload=res_config_odbc.so\n",
	"res_odbc.conf":  "[pbx]\nenabled=>yes\ndsn=>pbx\npre-connect=>yes\n",
	"extconfig.conf": "[settings]\nps_endpoints => odbc,pbx\nps_auths => odbc,pbx\nps_aors => odbc,pbx\n",
	"sorcery.conf": "[res_pjsip]\nendpoint=config,pjsip.conf,criteria=type=endpoint\nendpoint=realtime,ps_endpoints\n" +
		"auth=config,pjsip.conf,criteria=type=auth\nauth=realtime,ps_auths\naor=config,pjsip.conf,criteria=type=aor\naor=realtime,ps_aors\n",
}

const realtimePrepare = `set -e
printf '[SQLite3]\nDriver=libsqlite3odbc.so\n' >/etc/odbcinst.ini
printf '[pbx]\nDriver=SQLite3\nDatabase=/var/lib/asterisk/pbx.db\n' >/etc/odbc.ini
sqlite3 /var/lib/asterisk/pbx.db "
CREATE TABLE ps_endpoints (id TEXT PRIMARY KEY, transport TEXT, aors TEXT, auth TEXT, callerid TEXT,
	context TEXT, dtmf_mode TEXT, call_group TEXT);
CREATE TABLE ps_auths (id TEXT PRIMARY KEY, auth_type TEXT, username TEXT, password TEXT);
CREATE TABLE ps_aors (id TEXT PRIMARY KEY, max_contacts TEXT);
INSERT INTO ps_endpoints VALUES ('7001', 'udp', '7001', 'auth7001', 'Ada <7001>', 'in&out', 'auto', '1,3-4');
INSERT INTO ps_auths VALUES ('auth7001', 'userpass', 'ada', 'secret-7001');
INSERT INTO ps_aors VALUES ('7001', '1');
"
`
