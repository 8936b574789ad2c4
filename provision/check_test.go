package provision

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
)

// differs is Check's message for a place that makes a file differ at every fetch.
func differs(name string) string {
	return "warning: " + name + " makes a file that differs at every fetch: phones that compare files load it anew each time"
}

func TestCheck(t *testing.T) {
	for _, row := range []struct {
		name, more string
		files      map[string]string
		want       []string
		alone      bool // there is no AMI
	}{
		{name: "fine", files: map[string]string{"t": "${MAC}"}},
		{name: "a function of Asterisk", files: map[string]string{"t": "${DB(a/b)}"}},
		{name: "a function and no AMI", files: map[string]string{"t": "\n${DB(a/b)}"}, alone: true, want: []string{
			`phoneprov.conf:4: error: template "t": asterisk cannot be asked: DB: cannot ask asterisk (file "x" of phone 000000000001)`,
			`t:2: error: function DB is none of phoneprov's own, and there is no AMI to ask`}},
		{"missing template", "", nil,
			[]string{`phoneprov.conf:4: error: template "t": no such file or directory (file "x" of phone 000000000001)`}, false},
		{"missing static file", "static_file => fw.bin\n", map[string]string{"t": "t"},
			[]string{`phoneprov.conf:5: warning: static file "fw.bin": no such file (file "fw.bin" of a static file of profile "p" (phoneprov.conf:5))`}, false},
		{"a template that no route uses", "", map[string]string{"t": "${PP_EACH_EXTENSION(${MAC},used)}", "used": "u", "unused": "", "sub/unused": ""},
			[]string{`sub/unused: info: no route uses this file`, `unused: info: no route uses this file`}, false},
		{"malformed XML", "mime_type => text/xml\ny => xml\n", map[string]string{"t": "t", "xml": "<a>\n<b>${DISPLAY_NAME}</c>\n</a>"},
			[]string{`xml: error: malformed XML for phone 000000000001, line 2 of "y": a start tag and the end tag after it differ`}, false},
		{"XML by the template's name", "y => t.xml\n", map[string]string{"t": "t", "t.xml": "<a b=${MAC}/>"},
			[]string{`t.xml: error: malformed XML for phone 000000000001, line 1 of "y": unquoted or missing attribute value in element`}, false},
		{"two elements", "y => t.xml\n", map[string]string{"t": "t", "t.xml": "<a></a>\n<b/>"},
			[]string{`t.xml: error: malformed XML for phone 000000000001, line 2 of "y": a second element after the first`}, false},
		{"malformed by a secret", "y => t.xml\n", map[string]string{"t": "t", "t.xml": "<a>&${SECRET}<${SECRET}></a>"},
			[]string{`t.xml: error: malformed XML for phone 000000000001, line 1 of "y": an & that begins no entity`}, false},
		{"a tag of a secret", "y => t.xml\n", map[string]string{"t": "t", "t.xml": "<a><${SECRET}></a>"},
			[]string{`t.xml: error: malformed XML for phone 000000000001, line 1 of "y": a start tag and the end tag after it differ`}, false},
		{"no element", "y => e\n", map[string]string{"t": "t", "e": "<!-- ${MAC} -->text"},
			[]string{`e: error: malformed XML for phone 000000000001, line 1 of "y": no element`}, false},
		{"empty and declaration only", "y.xml => e.xml,text/xml\nz => d.xml\na.xml => b\n",
			map[string]string{"t": "t", "e.xml": "", "d.xml": "\uFEFF<?xml version=\"1.0\"?>\n", "b": " \n\t"},
			[]string{`phoneprov.conf:5: error: template "e.xml": the file is empty, and no good state of it was read since the start: write its content, and it is served (file "y.xml" of phone 000000000001)`,
				"b: warning: the template is empty: phones get a file with nothing in it"}, false},
		{"no XML at all by the template's name", "y => t.xml\nz => t.xml\n", map[string]string{"t": "t", "t.xml": "#!version\na=${MAC}<"},
			[]string{`t.xml: warning: the template of "y" does not begin with "<", so it is no XML and values are not escaped in it: let it begin with "<", or give the file another name than .xml`}, false},
		{"no XML at all by the file's name", "y.XML => u\n", map[string]string{"t": "t", "u": "${MAC}<a/>"},
			[]string{`u: warning: the template of "y.XML" does not begin with "<", so it is no XML and values are not escaped in it: let it begin with "<", or give the file another name than .xml`}, false},
		{"no XML by its MIME type", "mime_type => text/xml\ny => u,text/xml\n", map[string]string{"t": "t", "u": "a=${MAC}&"}, nil, false},
		{"tags of a setvar", "setvar => TAGS=<b a='${MAC}'>x</b>\nsetvar => LESS=1<2\nsetvar => UNUSED=<c/>\ny => x\nz => t,text/xml\n",
			map[string]string{"t": "${TAGS}${UNUSED}", "x": "<a>${TAGS}${LESS}${LEN(${UNUSED})}</a>"},
			[]string{`phoneprov.conf:5: warning: setvar TAGS has tags, and values are escaped in "y": if they are to be tags there, set escape = none in [profile p] of phoneprov.ini`}, false},
		{"a file by chance", "setvar => ID=${UUID()}\nsetvar => NEVER=${RAND()}\n", map[string]string{"t": "a${STRFTIME(,,%F)}\n ${RAND()}${RAND()}${ID}${RAND(5,5)}\n${UUID()}"},
			[]string{"t:2: " + differs("RAND"), "t:3: " + differs("UUID"), "phoneprov.conf:5: " + differs("UUID")}, false},
		{"chance without effect", "", map[string]string{"t": "${RAND(5,5)}${LEN(${UUID()})}"}, nil, false},
		{"a time", "", map[string]string{"t": "-\n<!-- ${STRFTIME(${EPOCH},UTC,%F %T)} -->${STRFTIME(,,%H:%M)}"},
			[]string{"t:2: " + differs("EPOCH"), "t:2: " + differs("STRFTIME")}, false},
		{"a date", "", map[string]string{"t": "${STRFTIME(${EPOCH},UTC,%F)} ${STRFTIME(,,%F)} ${IFTIME(12:00-12:30,*,*,*?a:b)} $[${EPOCH} > 1]"}, nil, false},
		{"chance in an include", "", map[string]string{"t": "${PP_EACH_EXTENSION(${MAC},line)}", "line": "\n${UUID()}"},
			[]string{"line:2: " + differs("UUID")}, false},
		{"an unknown function", "setvar => A=${NOSUCH(1)}\n", map[string]string{"t": "a\n ${TOUPPER(x)}${IF(0?${NOTHERE(x)}:b)}"},
			[]string{`phoneprov.conf:5: error: unknown function NOSUCH`, `t:2: error: unknown function NOTHERE`}, false},
		{"an unknown function that is called", "y => t\n", map[string]string{"t": "a\n ${NOSUCH(1)}${TOUPER(x)}"},
			[]string{`t:2: error: unknown function NOSUCH`, `t:2: error: unknown function TOUPER; is "TOUPPER" meant?`}, false},
		{"an unknown function whose name is computed", "setvar => F=NOSUCH\n", map[string]string{"t": "${${F}(1)}"}, nil, false},
		{"an empty template", "", map[string]string{"t": "\ufeff \n\t\n"}, []string{`t: warning: the template is empty: phones get a file with nothing in it`}, false},
		{"a missing template of two files", "y => t\nz => t\n", nil, []string{
			`phoneprov.conf:4: error: template "t": no such file or directory (file "x" of phone 000000000001) (and 2 more like it: phone 000000000001, phone 000000000001)`}, false},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := renderer(t, row.files)
			if !row.alone {
				r.options.Ask = func(context.Context, string) (string, error) { return "", nil }
				r.options.Knows = func(_ context.Context, name string) (bool, error) { return name == "DB", nil }
			}
			var got []string
			for _, d := range Group(Check(context.Background(), onePhone(t, row.more), r, Request{Now: testNow})) {
				// Other tests check the diagnostics of the language and the calls to Asterisk.
				if !strings.Contains(d.String(), "warning: column") && !strings.Contains(d.Message, "asked of Asterisk") {
					got = append(got, d.String())
				}
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got  %q\nwant %q", got, row.want)
			}
		})
	}
}

// If Asterisk does not tell which functions it has, that is one line, whatever the number of functions and places.
func TestCheckCannotTell(t *testing.T) {
	r, _ := renderer(t, map[string]string{"t": "${ODBC_A(1)}\n${ODBC_A(2)}\n${VERSION()}${IF(0?${MINE()})}"})
	r.options.Ask = func(context.Context, string) (string, error) { return "", nil }
	r.options.Knows = func(_ context.Context, name string) (bool, error) {
		if name == "MINE" {
			return false, errors.New("connection lost")
		}
		return false, errors.New("no right")
	}
	var got []string
	for _, d := range Group(Check(context.Background(), onePhone(t, "setvar => A=${ODBC_B(1)}\ny => t\n"), r, Request{Now: testNow})) {
		if strings.Contains(d.Message, "told") {
			got = append(got, d.String())
		}
	}
	want := []string{
		"warning: cannot find out whether Asterisk has these functions: ODBC_B, ODBC_A, VERSION: no right",
		"warning: cannot find out whether Asterisk has these functions: MINE: connection lost",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// Check reads an XML file in the encoding that the file names.
func TestCheckCharset(t *testing.T) {
	for _, row := range []struct {
		charset, body string
		well          bool
	}{
		{"UTF-8", "<a>ü</a>", true},
		{"UTF-8", "<a>\xfc</a>", false},
		{"ISO-8859-1", "<a>\xfc\x80</a>", true},
		{"iso-8859-1", "<\xfc b='\xe4'>\xc3</\xfc>", true},
		{"ISO-8859-1", "<a>\xfc</b>", false},
		{"ISO-8859-1", "<\x8a></\x8a>", false},
		{"windows-1252", "<\x8a>\x80\x81</\x8a>", true},
		{"Windows-1252", "<a>\x01</a>", false},
		{"us-ascii", "<a>u</a>", true},
		{"us-ascii", "<a>\xfc</a>", false},
		{"ISO-8859-15", "<a>\xfc</a>", false},
		{"nosuch", "<a>ü</a>", true},
	} {
		text := `<?xml version="1.0" encoding="` + row.charset + `"?>` + "\n" + row.body
		line, err := malformed(strings.NewReader(text))
		if (err == nil) != row.well || err != nil && line != 2 {
			t.Errorf("%q: line %d: %v", text, line, err)
		}
	}
}

func TestExplain(t *testing.T) {
	s, _ := build(t, map[string]string{
		"phoneprov.conf": `[general]
serverport=5070
[p]
setvar => URL=http://x/${SECRET}
setvar => ADMIN_PASSWORD=pw
setvar => HA=${MD5(${USERNAME}:x:${SECRET})}
setvar => DERIVED=${HA:0:4}
setvar => MAC=never
${MAC}.cfg => t
`,
		"users.conf": `[u]
autoprov=yes
profile=p
macaddress=000000000001
secret=s3cret
timezone=Europe/Vienna
` +
			"[u2]\nautoprov=yes\nmacaddress=000000000001\nprofile=p\nlinenumber=2\n",
		"pjsip.conf": `[e]
type=endpoint
auth=e
[e]
type=auth
username=eu
password=ep
` +
			"[q]\ntype=phoneprov\nendpoint=e\nPROFILE=p\nMAC=000000000002\n",
	})
	r, _ := renderer(t, map[string]string{"t": "t"})
	for uri, want := range map[string]string{
		"000000000001.cfg": `[u] 1
MAC=000000000001 users.conf:4
USERNAME=u section name [u]
SECRET=* users.conf:5
TIMEZONE=Europe/Vienna users.conf:6
SERVER_PORT=5070 phoneprov.conf:2
LINE=1 default
LINEKEYS=1 default
PROFILE=p users.conf:3
TZOFFSET=3600 time zone Europe/Vienna
DST_ENABLE=1 time zone Europe/Vienna
DST_START_MONTH=3 time zone Europe/Vienna
DST_START_MDAY=28 time zone Europe/Vienna
DST_START_HOUR=3 time zone Europe/Vienna
DST_END_MONTH=10 time zone Europe/Vienna
DST_END_MDAY=25 time zone Europe/Vienna
DST_END_HOUR=2 time zone Europe/Vienna
URL=* phoneprov.conf:4 (setvar)
ADMIN_PASSWORD=* phoneprov.conf:5 (setvar)
HA=* phoneprov.conf:6 (setvar)
DERIVED=* phoneprov.conf:7 (setvar)
SERVER=asked request
[u2] 2
MAC=000000000001 users.conf:9
USERNAME=u2 section name [u2]
LINE=2 users.conf:11
SERVER_PORT=5070 phoneprov.conf:2
LINEKEYS=1 default
PROFILE=p users.conf:10
TZOFFSET=0 time zone UTC
URL=* phoneprov.conf:4 (setvar)
ADMIN_PASSWORD=* phoneprov.conf:5 (setvar)
HA=* phoneprov.conf:6 (setvar)
DERIVED=* phoneprov.conf:7 (setvar)
SERVER=asked request
`,
		"000000000002.cfg": `[q] 1
endpoint=e pjsip.conf:10
PROFILE=p pjsip.conf:11
MAC=000000000002 pjsip.conf:12
ENDPOINT_ID=e endpoint e
AUTH_ID=e endpoint e
USERNAME=eu endpoint e
SECRET=* endpoint e
LABEL=q section name [q]
LINE=1 default
LINEKEYS=1 default
SERVER_PORT=5060 default
TZOFFSET=0 time zone UTC
URL=* phoneprov.conf:4 (setvar)
ADMIN_PASSWORD=* phoneprov.conf:5 (setvar)
HA=* phoneprov.conf:6 (setvar)
DERIVED=* phoneprov.conf:7 (setvar)
SERVER=asked request
`,
	} {
		var got strings.Builder
		for _, l := range r.Explain(context.Background(), s, s.Lookup(uri), Request{Server: "asked", Now: testNow}).Lines {
			got.WriteString("[" + l.Section + "] " + l.Number + "\n")
			for _, v := range l.Variables {
				if strings.HasPrefix(v.Name, "PP_") { // TestExplainRequestVars
					continue
				}
				if v.Secret {
					v.Value = "*"
				}
				got.WriteString(v.Name + "=" + v.Value + " " + v.Origin + "\n")
			}
		}
		if got.String() != want {
			t.Errorf("%s:\ngot:\n%swant:\n%s", uri, got.String(), want)
		}
	}
}
