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
				"[p]\nmime_type => text/xml\nstaticdir => x/\nsetvar => A=a=b\nsetvar => B=\nstatic_file => a.bin,image/bmp\n${MAC}-${A}.cfg => t.cfg,text/plain\nconfig.xml => t\n",
			"users.conf": "[general]\nvmexten=1\n[1]\nautoprov=yes\nmacaddress=1\nlinenumber=1\nlinekeys=2\nprofile=p\nhost=dynamic\nvmsecret=1\ncontext=x\ncolour=red\n" +
				"[2]\nautoprov=no\nmacaddress=2\n[3]\nhassip=yes\nlevel=x\nuser=z\n",
			"pjsip.conf":        "[a]\ntype=endpoint\n[a]\ntype=aor\n[g]\ntype=Global\n[b]\ntype=phoneprov\nMAC=1\nPROFILE=p\nendpoint=a\nLINE=1\nLINE_COLOUR=2\n[c]\nx=y\n",
			"pjsip_wizard.conf": "[w]\ntype=wizard\nhas_phoneprov=yes\nphoneprov/MAC=1\nphoneprov/PROFILE=p\n[v]\ntype=wizard\nhas_hint=yes\nhas_phoneprov=no\nphoneprov/MAC=1\n",
		}, nil},
		{"no phoneprov.conf", map[string]string{"users.conf": ""}, []string{`phoneprov.conf: error: there is no such file: no phone has a profile`}},
		{"general", map[string]string{"phoneprov.conf": "[general]\ndefaultprofile=p\nserver=a\nserver_port=1\ndefault_profile=P\nserverport=abc\nmime_type=text/xml\n${MAC}.cfg=t\ncolour=x\n" + fine}, []string{
			`phoneprov.conf:2: warning: [general]: there is no option "defaultprofile"; is "default_profile" meant?`,
			`phoneprov.conf:3: warning: [general]: there is no option "server"; is "serveraddr" meant?`,
			`phoneprov.conf:4: warning: [general]: there is no option "server_port"; is "serverport" meant?`,
			`phoneprov.conf:5: warning: [general]: default_profile "P": there is no such section; is "p" meant?`,
			`phoneprov.conf:6: warning: [general]: serverport "abc" is not a number from 1 to 65535`,
			`phoneprov.conf:7: warning: [general] has no files and no setvars: "mime_type" belongs in a profile`,
			`phoneprov.conf:8: warning: [general] has no files and no setvars: "${MAC}.cfg" belongs in a profile`,
			`phoneprov.conf:9: warning: [general]: there is no option "colour"`,
		}},
		{"options of a profile", map[string]string{"phoneprov.conf": "[p]\nmimetype => text/xml\nMime-Type => text/xml\nstatic_dir => x/\nstaticfile => y\nset_var => A=1\nstatic_files => a\nstatic => b\nserveraddr => 1\n${MAC}.cfg => t\n"}, []string{
			`phoneprov.conf:2: error: profile "p": "mimetype" is taken for the name of a file; is the option "mime_type" meant?`,
			`phoneprov.conf:3: error: profile "p": "Mime-Type" is taken for the name of a file; is the option "mime_type" meant?`,
			`phoneprov.conf:4: error: profile "p": "static_dir" is taken for the name of a file; is the option "staticdir" meant?`,
			`phoneprov.conf:5: error: profile "p": "staticfile" is taken for the name of a file; is the option "static_file" meant?`,
			`phoneprov.conf:6: error: profile "p": "set_var" is taken for the name of a file; is the option "setvar" meant?`,
			`phoneprov.conf:7: error: profile "p": "static_files" is taken for the name of a file; is the option "static_file" meant?`,
			`phoneprov.conf:8: error: profile "p": "static" is taken for the name of a file; is the option "static_file" meant?`,
			`phoneprov.conf:9: error: profile "p": "serveraddr" is an option of [general]; here it is taken for the name of a file`,
		}},
		{"names of files", map[string]string{"phoneprov.conf": "[p]\n$MAC.cfg => t\n%MAC%.cfg => t\n{mac}.cfg => t\n$(MAC).cfg => t\n<MAC>.cfg => t\n/a.cfg => t\n" +
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
		{"MIME types and order", map[string]string{"phoneprov.conf": "[p]\nmime_type => xml\nstatic_file => a.bin,b.bin\nc.cfg => t,d.cfg\nstaticdir => x/\n[q]\nsetvar => A=1\n"}, []string{
			`phoneprov.conf:2: warning: profile "p": "xml" is not a MIME type, which is type/subtype; a line names one file`,
			`phoneprov.conf:3: warning: profile "p": "b.bin" is not a MIME type, which is type/subtype; a line names one file`,
			`phoneprov.conf:4: warning: profile "p": "d.cfg" is not a MIME type, which is type/subtype; a line names one file`,
			`phoneprov.conf:5: warning: profile "p": staticdir counts for the files after it, and there is none`,
			`phoneprov.conf:6: warning: profile "q" has no files: its phones get nothing`,
		}},
		{"setvars", map[string]string{"phoneprov.conf": "[p]\nsetvar => ${A}=1\nsetvar => B => 1\nsetvar => C=1\nsetvar => C=2\n${MAC}.cfg => t\n"}, []string{
			`phoneprov.conf:2: warning: profile "p": setvar "${A}": the name of a variable is written without ${}`,
			`phoneprov.conf:3: warning: profile "p": setvar B: its value begins with ">": between name and value stands "="`,
			`phoneprov.conf:5: warning: profile "p": setvar C is set already (phoneprov.conf:4): the first one counts`,
		}},
		{"users", map[string]string{"phoneprov.conf": fine, "users.conf": "[1]\nautoprov=yes\nmac=0004f2000001\n[2]\nmacaddress=2\n[3]\nauto_prov=yes\nmacaddress=3\n[4]\nautoprov=ture\nmacaddress=4\n" +
			"[5]\nautoprov=yes\nmacaddress=5\nlinenumber=x\nlinekeys=0\nuser=5\nfull_name=Five\nsecrt=geheim\n[6]\nautoprov=yes\nmac_address=6\n"}, []string{
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
		{"types of pjsip.conf", map[string]string{"phoneprov.conf": fine, "pjsip.conf": "[1]\ntype=phoneprovr\nMAC=1\n[2]\ntype=endpont\n[3]\nMAC=3\nPROFILE=p\n[4]\ntype=provision\nMAC=4\nPROFILE=p\n[5]\ntype=phone_prov\n"}, []string{
			`pjsip.conf:2: error: [1]: type "phoneprovr": no phone gets it; is "type = phoneprov" meant?`,
			`pjsip.conf:5: warning: [2]: there is no type "endpont"; is "endpoint" meant?`,
			`pjsip.conf:6: error: [3]: type "": no phone gets it; is "type = phoneprov" meant?`,
			`pjsip.conf:10: error: [4]: type "provision": no phone gets it; is "type = phoneprov" meant?`,
			`pjsip.conf:14: error: [5]: type "phone_prov": no phone gets it; is "type = phoneprov" meant?`,
		}},
		{"variables of phoneprov sections", map[string]string{"phoneprov.conf": fine, "pjsip.conf": "[1]\ntype=phoneprov\nMACADDRESS=1\nProfile=p\nENDPOINT=e\nline=x\nLINE=x\nSERVER_PORT=sip\n"}, []string{
			`pjsip.conf:3: warning: [1]: "MACADDRESS" is a variable of that name, and the case of names counts here; is "MAC" meant?`,
			`pjsip.conf:4: warning: [1]: "Profile" is a variable of that name, and the case of names counts here; is "PROFILE" meant?`,
			`pjsip.conf:5: warning: [1]: "ENDPOINT" is a variable of that name, and the case of names counts here; is "endpoint" meant?`,
			`pjsip.conf:7: warning: [1]: LINE "x" is not a number from 1 to 999`,
			`pjsip.conf:8: warning: [1]: SERVER_PORT "sip" is not a number from 1 to 65535`,
		}},
		{"wizard", map[string]string{"phoneprov.conf": fine, "pjsip_wizard.conf": "[1]\ntype=wizard\nphoneprov/MAC=1\n[2]\ntype=wizzard\nhas_phoneprov=yes\n[3]\ntype=wizard\nhas_phoneprov=jes\n" +
			"[4]\ntype=wizard\nhasphoneprov=yes\n[5]\ntype=wizard\nhas_phoneprov=yes\nphoneprov/mac=5\nphoneprov/PROFILE=p\n"}, []string{
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
		return Diagnostic{astconf.Pos{File: file, Line: line}, severity, message}
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
