package ask

import (
	"fmt"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

const evaluatePrepare = `set -e
printf '[SQLite3]\nDriver=libsqlite3odbc.so\n' >/etc/odbcinst.ini
printf '[rt]\nDriver=SQLite3\nDatabase=/var/lib/asterisk/rt.db\n' >/etc/odbc.ini
sqlite3 /var/lib/asterisk/rt.db "CREATE TABLE cid (num TEXT, name TEXT); INSERT INTO cid VALUES ('6001', 'Ada'),
 ('long', replace(hex(zeroblob(1500)),'00','ab')), ('longer', replace(hex(zeroblob(2500)),'00','ab')),
 ('empty line', 'a'||char(13,10)||char(13,10)||'Response: b');"
`

// With the account of the README, a real Asterisk gives whole answers, and one evaluation does not see the variables of
// another.
func TestEvaluateAsterisk(t *testing.T) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			a := oracle.Start(t, oracle.Options{Suite: suite, Prepare: evaluatePrepare, Files: map[string]string{
				"manager.conf": fmt.Sprintf(`[general]
enabled=yes
bindaddr=0.0.0.0
port=5038
[%s]
secret=%s
read=system,call
write=system,reporting
`,
					amitest.User, amitest.Secret),
				"res_odbc.conf": "[rt]\nenabled=>yes\ndsn=>rt\npre-connect=>yes\n",
				"func_odbc.conf": "[CID]\ndsn=rt\nreadsql=SELECT name FROM cid WHERE num='${SQL_ESC(${ARG1})}'\n" +
					"[BYVAR]\ndsn=rt\nreadsql=SELECT '${MAC}-${USERNAME}-${ARG1}'\n",
			}})
			a.CLI(t, "database put pw 6001 other")
			a.CLI(t, "database put pw long "+strings.Repeat("v", 300))
			s := asking(t, a.AMI, Options{})
			s.SetSelects(map[string]bool{"ODBC_CID": true})
			for call, want := range map[string]string{
				"DB(pw/6001)": "other", "DB_EXISTS(pw/6001)": "1", "DB_EXISTS(pw/none)": "0", "DB(pw/none)": "", "DB(pw/long)": strings.Repeat("v", 300),
				"ODBC_CID(6001)": "Ada", "ODBC_CID(long)": strings.Repeat("ab", 1500), "ODBC_CID(longer)": "error",
				"ODBC_CID(empty line)": "a\r\n\r\nResponse: b", "ODBC_BYVAR(x)": "--x",
				"EVAL(${SET(MAC=0004f2000009):0:0}${SET(USERNAME=u9):0:0}${ODBC_BYVAR(x)})": "0004f2000009-u9-x",
				"GLOBAL(MAC)": "", "EVAL(${MAC})": "", "EVAL(${SET(L=a,b):0:0}${MASTER_CHANNEL(L)})": "a,b", "EVAL($[1+2])": "3",
			} {
				checkAsk(t, s, call, want)
			}
		})
	}
}
