package provision

import (
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// fine is a phoneprov.conf without findings.
const fine = "[p]\n${MAC}.cfg => t\n"

func TestCheckConfig(t *testing.T) {
	for _, row := range []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"nothing is wrong", map[string]string{
			"phoneprov.conf": "[general]\nserveraddr=a\nServerPort=5060\nserveriface=eth0\ndefault_profile=p\n" +
				`[p]
mime_type => text/xml
staticdir => x/
setvar => A=a=b
setvar => B=
static_file => a.bin,image/bmp
${MAC}-${A}.cfg => t.cfg,text/plain
config.xml => t
`,
			"users.conf": `[general]
vmexten=1
[1]
autoprov=yes
macaddress=1
linenumber=1
linekeys=2
profile=p
host=dynamic
vmsecret=1
context=x
colour=red
` +
				`[2]
autoprov=no
macaddress=2
[3]
hassip=yes
level=x
user=z
`,
			"pjsip.conf": `[a]
type=endpoint
[a]
type=aor
[g]
type=Global
[b]
type=phoneprov
MAC=1
PROFILE=p
endpoint=a
LINE=1
LINE_COLOUR=2
[c]
x=y
`,
			"pjsip_wizard.conf": `[w]
type=wizard
has_phoneprov=yes
phoneprov/MAC=1
phoneprov/PROFILE=p
[v]
type=wizard
has_hint=yes
has_phoneprov=no
phoneprov/MAC=1
`,
		}, nil},
		{"no phoneprov.conf", map[string]string{"users.conf": ""}, []string{`phoneprov.conf: error: there is no such file: no phone has a profile`}},
		{"general", map[string]string{"phoneprov.conf": `[general]
defaultprofile=p
server=a
server_port=1
default_profile=P
serverport=abc
mime_type=text/xml
${MAC}.cfg=t
colour=x
` + fine}, []string{
			`phoneprov.conf:2: warning: [general]: there is no option "defaultprofile"; is "default_profile" meant?`,
			`phoneprov.conf:3: warning: [general]: there is no option "server"; is "serveraddr" meant?`,
			`phoneprov.conf:4: warning: [general]: there is no option "server_port"; is "serverport" meant?`,
			`phoneprov.conf:5: warning: [general]: default_profile "P": there is no such section; is "p" meant?`,
			`phoneprov.conf:6: warning: [general]: serverport "abc" is not a number from 1 to 65535`,
			`phoneprov.conf:7: warning: [general] has no files and no setvars: "mime_type" belongs in a profile`,
			`phoneprov.conf:8: warning: [general] has no files and no setvars: "${MAC}.cfg" belongs in a profile`,
			`phoneprov.conf:9: warning: [general]: there is no option "colour"`,
		}},
		{"options of a profile", map[string]string{"phoneprov.conf": `[p]
mimetype => text/xml
Mime-Type => text/xml
static_dir => x/
staticfile => y
set_var => A=1
static_files => a
static => b
serveraddr => 1
${MAC}.cfg => t
`}, []string{
			`phoneprov.conf:2: error: profile "p": "mimetype" is taken for the name of a file; is the option "mime_type" meant?`,
			`phoneprov.conf:3: error: profile "p": "Mime-Type" is taken for the name of a file; is the option "mime_type" meant?`,
			`phoneprov.conf:4: error: profile "p": "static_dir" is taken for the name of a file; is the option "staticdir" meant?`,
			`phoneprov.conf:5: error: profile "p": "staticfile" is taken for the name of a file; is the option "static_file" meant?`,
			`phoneprov.conf:6: error: profile "p": "set_var" is taken for the name of a file; is the option "setvar" meant?`,
			`phoneprov.conf:7: error: profile "p": "static_files" is taken for the name of a file; is the option "static_file" meant?`,
			`phoneprov.conf:8: error: profile "p": "static" is taken for the name of a file; is the option "static_file" meant?`,
			`phoneprov.conf:9: error: profile "p": "serveraddr" is an option of [general]; here it is taken for the name of a file`,
		}},
		{"names of files", map[string]string{"phoneprov.conf": `[p]
$MAC.cfg => t
%MAC%.cfg => t
{mac}.cfg => t
$(MAC).cfg => t
<MAC>.cfg => t
/a.cfg => t
` +
			"${IF($[${LINE}=1]?a:b)}.cfg => t\na=b.cfg => t\n${MAC}.cfg = > t\n%20.cfg => t\n"}, []string{
			`phoneprov.conf:2: warning: profile "p": file name "$MAC.cfg": a variable is written ${MAC}`,
			`phoneprov.conf:3: warning: profile "p": file name "%MAC%.cfg": a variable is written ${MAC}`,
			`phoneprov.conf:4: warning: profile "p": file name "{mac}.cfg": a variable is written ${MAC}`,
			`phoneprov.conf:5: warning: profile "p": file name "$(MAC).cfg": a variable is written ${MAC}`,
			`phoneprov.conf:6: warning: profile "p": file name "<MAC>.cfg": a variable is written ${MAC}`,
			`phoneprov.conf:7: warning: profile "p": file name "/a.cfg" begins with a slash: phones have to ask for it with two`,
			`phoneprov.conf:8: error: profile "p": the file name "${IF($[${LINE}" ends at the first "=" of the line; a name with "=" in it is set with setvar => NAME=..., and the file is then ${NAME}`,
			`phoneprov.conf:9: error: profile "p": the file name "a" ends at the first "=" of the line; a name with "=" in it is set with setvar => NAME=..., and the file is then ${NAME}`,
			`phoneprov.conf:10: error: profile "p": "${MAC}.cfg": what follows the "=" begins with ">": write "=>" without a blank in it`,
		}},
		{"MIME types and order", map[string]string{"phoneprov.conf": `[p]
mime_type => xml
static_file => a.bin,b.bin
c.cfg => t,d.cfg
staticdir => x/
[q]
setvar => A=1
`}, []string{
			`phoneprov.conf:2: warning: profile "p": "xml" is not a MIME type, which is type/subtype; a line names one file`,
			`phoneprov.conf:3: warning: profile "p": "b.bin" is not a MIME type, which is type/subtype; a line names one file`,
			`phoneprov.conf:4: warning: profile "p": "d.cfg" is not a MIME type, which is type/subtype; a line names one file`,
			`phoneprov.conf:5: warning: profile "p": staticdir counts for the files after it, and there is none`,
			`phoneprov.conf:6: warning: profile "q" has no files: its phones get nothing`,
		}},
		{"setvars", map[string]string{"phoneprov.conf": `[p]
setvar => ${A}=1
setvar => B => 1
setvar => C=1
setvar => C=2
${MAC}.cfg => t
`}, []string{
			`phoneprov.conf:2: warning: profile "p": setvar "${A}": the name of a variable is written without ${}`,
			`phoneprov.conf:3: warning: profile "p": setvar B: its value begins with ">": between name and value stands "="`,
			`phoneprov.conf:5: warning: profile "p": setvar C is set already (phoneprov.conf:4): the first one counts`,
		}},
		{"users", map[string]string{"phoneprov.conf": fine, "users.conf": `[1]
autoprov=yes
mac=0004f2000001
[2]
macaddress=2
[3]
auto_prov=yes
macaddress=3
[4]
autoprov=ture
macaddress=4
` +
			`[5]
autoprov=yes
macaddress=5
linenumber=x
linekeys=0
user=5
full_name=Five
secrt=geheim
[6]
autoprov=yes
mac_address=6
`}, []string{
			`users.conf:3: warning: [1]: there is no option "mac"; is "macaddress" meant?`,
			`users.conf:5: warning: [2]: macaddress without autoprov = yes: no phone gets it`,
			`users.conf:7: warning: [3]: there is no option "auto_prov"; is "autoprov" meant?`,
			`users.conf:8: warning: [3]: macaddress without autoprov = yes: no phone gets it`,
			`users.conf:10: warning: [4]: autoprov "ture" is neither yes nor no: no phone gets it`,
			`users.conf:17: warning: [5]: there is no option "user"; is "username" meant?`,
			`users.conf:18: warning: [5]: there is no option "full_name"; is "fullname" meant?`,
			`users.conf:19: warning: [5]: there is no option "secrt"; is "secret" meant?`,
			`users.conf:15: warning: [5]: linenumber "x" is not a number from 1 to 999`,
			`users.conf:16: warning: [5]: linekeys "0" is not a number from 1 to 999`,
			`users.conf:22: warning: [6]: there is no option "mac_address"; is "macaddress" meant?`,
		}},
		{"types of pjsip.conf", map[string]string{"phoneprov.conf": fine, "pjsip.conf": `[1]
type=phoneprovr
MAC=1
[2]
type=endpont
[3]
MAC=3
PROFILE=p
[4]
type=provision
MAC=4
PROFILE=p
[5]
type=phone_prov
`}, []string{
			`pjsip.conf:2: error: [1]: type "phoneprovr": no phone gets it; is "type = phoneprov" meant?`,
			`pjsip.conf:5: warning: [2]: there is no type "endpont"; is "endpoint" meant?`,
			`pjsip.conf:6: error: [3]: type "": no phone gets it; is "type = phoneprov" meant?`,
			`pjsip.conf:10: error: [4]: type "provision": no phone gets it; is "type = phoneprov" meant?`,
			`pjsip.conf:14: error: [5]: type "phone_prov": no phone gets it; is "type = phoneprov" meant?`,
		}},
		{"variables of phoneprov sections", map[string]string{"phoneprov.conf": fine, "pjsip.conf": `[1]
type=phoneprov
MACADDRESS=1
Profile=p
ENDPOINT=e
line=x
LINE=x
SERVER_PORT=sip
`}, []string{
			`pjsip.conf:3: warning: [1]: "MACADDRESS" is a variable of that name, and the case of names counts here; is "MAC" meant?`,
			`pjsip.conf:4: warning: [1]: "Profile" is a variable of that name, and the case of names counts here; is "PROFILE" meant?`,
			`pjsip.conf:5: warning: [1]: "ENDPOINT" is a variable of that name, and the case of names counts here; is "endpoint" meant?`,
			`pjsip.conf:7: warning: [1]: LINE "x" is not a number from 1 to 999`,
			`pjsip.conf:8: warning: [1]: SERVER_PORT "sip" is not a number from 1 to 65535`,
		}},
		{"wizard", map[string]string{"phoneprov.conf": fine, "pjsip_wizard.conf": `[1]
type=wizard
phoneprov/MAC=1
[2]
type=wizzard
has_phoneprov=yes
[3]
type=wizard
has_phoneprov=jes
` +
			`[4]
type=wizard
hasphoneprov=yes
[5]
type=wizard
has_phoneprov=yes
phoneprov/mac=5
phoneprov/PROFILE=p
`}, []string{
			`pjsip_wizard.conf:1: warning: [1]: phoneprov/... without has_phoneprov = yes: no phone gets it`,
			`pjsip_wizard.conf:4: error: [2]: type "wizzard": no phone gets it; is "type = wizard" meant?`,
			`pjsip_wizard.conf:9: warning: [3]: has_phoneprov "jes" is neither yes nor no: no phone gets it`,
			`pjsip_wizard.conf:12: warning: [4]: there is no option "hasphoneprov"; is "has_phoneprov" meant?`,
			`pjsip_wizard.conf:16: warning: [5]: "mac" is a variable of that name, and the case of names counts here; is "MAC" meant?`,
		}},
	} {
		t.Run(row.name, func(t *testing.T) {
			var got []string
			for _, d := range CheckConfig(config(t, row.files)) {
				got = append(got, d.String())
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(row.want, "\n"))
			}
		})
	}
}

func TestGroup(t *testing.T) {
	at := func(file string, line int, severity Severity, message string) Diagnostic {
		return Diagnostic{Pos: astconf.Pos{File: file, Line: line}, Severity: severity, Message: message}
	}
	var got []string
	for _, d := range Group([]Diagnostic{
		at("users.conf", 3, Warning, `[1]: linenumber "x" is not a number`),
		at("users.conf", 9, Warning, `[2]: linenumber "x" is not a number`),
		at("users.conf", 10, Error, `[2]: linenumber "x" is not a number`), // any value that is no number
		at("other.conf", 9, Warning, `[2]: linenumber "x" is not a number`),
		at("t", 1, Warning, `column 1: no phone has a variable "A"`),
		at("t", 2, Warning, `column 7: no phone has a variable "A"`),
		at("t", 3, Warning, `column 7: no phone has a variable "B"`),
		at("users.conf", 12, Warning, `[3]: linenumber "x" is not a number`),
		at("users.conf", 14, Warning, `[4]: linenumber "y" is not a number`),
		at("users.conf", 15, Warning, `[5]: linenumber "x" is not a number`),
		at("users.conf", 16, Warning, `[6]: linenumber "x" is not a number`),
		at("x", 0, Error, `malformed XML for phone 000000000001, line 2 of "1.xml": no element`),
		at("x", 0, Error, `malformed XML for phone 000000000002, line 2 of "2.xml": no element`),
		at("t", 1, Info, `asked of Asterisk: 1`), at("t", 2, Info, `asked of Asterisk: 1`),
	}) {
		got = append(got, d.String())
	}
	want := []string{
		`users.conf:3: warning: [1]: linenumber "x" is not a number (and 4 more like it: [2], [3], [5], ...)`,
		`users.conf:10: error: [2]: linenumber "x" is not a number`,
		`other.conf:9: warning: [2]: linenumber "x" is not a number`,
		`t:1: warning: column 1: no phone has a variable "A" (and 1 more like it: t:2)`,
		`t:3: warning: column 7: no phone has a variable "B"`,
		`users.conf:14: warning: [4]: linenumber "y" is not a number`,
		`x: error: malformed XML for phone 000000000001, line 2 of "1.xml": no element (and 1 more like it: phone 000000000002)`,
		`t:1: info: asked of Asterisk: 1`, `t:2: info: asked of Asterisk: 1`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
