package provision

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

func TestCheckTemplates(t *testing.T) {
	const pipes = ": its arguments are separated by commas since Asterisk 1.6, and no longer by |"
	for _, row := range []struct {
		name, more string
		template   string
		want       []string
	}{
		{"variables that phones have", "setvar => OWN=${USERNAME}\nsetvar => TWO=${OWN}\n",
			"${MAC}${USERNAME}${SECRET}${LABEL}${VOCIEMAIL_EXTEN}${TZOFFSET}${DST_START_HOUR}${OWN}${PP_URL}${EPOCH}${SERVER}${CUT(OWN,-,1)}", nil},
		{"a variable that no phone has", "", "a\n ${USERNAM}", []string{`t:2: warning: column 2: no phone has a variable "USERNAM"; is "USERNAME" meant?`}},
		{"the names of other programs", "", "${PASSWORD} ${MACADDRESS} ${EXTEN} ${fullname} ${Mac} ${ServerPort} ${VOICEMAIL}", []string{
			`t:1: warning: column 1: no phone has a variable "PASSWORD"; is "SECRET" meant?`,
			`t:1: warning: column 13: no phone has a variable "MACADDRESS"; is "MAC" meant?`,
			`t:1: warning: column 27: no phone has a variable "EXTEN"; is "USERNAME" meant?`,
			`t:1: warning: column 36: no phone has a variable "fullname"; is "DISPLAY_NAME" meant?`,
			`t:1: warning: column 48: no phone has a variable "Mac"; is "MAC" meant?`,
			`t:1: warning: column 55: no phone has a variable "ServerPort"; is "SERVER_PORT" meant?`,
			`t:1: warning: column 69: no phone has a variable "VOICEMAIL"; is "VOICEMAIL_EXTEN" meant?`,
		}},
		{"one that is near none", "", "${COLOUR}", []string{`t:1: warning: column 1: no phone has a variable "COLOUR"`}},
		{"one that a setvar misspells", "setvar => COLOUR=red\n", "${COLOR}", []string{`t:1: warning: column 1: no phone has a variable "COLOR"; is "COLOUR" meant?`}},
		{"the same one often", "", "${COLOUR}\n${COLOUR}\n${COLOUR:1}", []string{`t:1: warning: column 1: no phone has a variable "COLOUR" (and 2 more like it: t:2, t:3)`}},
		{"as an argument", "", "${IF($[${LINE}=1]?${USERNAM}:)}${CUT(USERNAM,-,1)}", []string{
			`t:1: warning: column 19: no phone has a variable "USERNAM"; is "USERNAME" meant? (and 1 more like it: t:1)`}},
		{"one that is asked for", "", "${EXISTS(${LOGO})}${IF($[\"${PIC}\"=\"\"]?none:${PIC})}${LOGO}${VARIABLE_EXISTS(OTHER)}", nil},
		{"one whose name is computed", "setvar => K1=x\n", "${K${LINE}}", nil},
		{"in a setvar and a name", "setvar => A=${USERNAM}\ny-${MACADDRESS} => t\n", "t", []string{
			`phoneprov.conf:5: warning: column 1: no phone has a variable "USERNAM"; is "USERNAME" meant?`,
			`phoneprov.conf:6: warning: column 3: no phone has a variable "MACADDRESS"; is "MAC" meant?`}},
		{"setvars in the wrong order", "setvar => A=${B}\nsetvar => B=1\n", "${A}", []string{`phoneprov.conf:5: warning: setvar A: B is set no earlier (phoneprov.conf:6): it is empty here`}},
		{"a setvar that needs itself", "setvar => A=${A}1\n", "${A}", []string{`phoneprov.conf:5: warning: setvar A: A is set no earlier (phoneprov.conf:5): it is empty here`}},
		{"other lines", "", "${PP_EACH_USER(%{USERNAM}=%{DISPLAY_NAME},${MAC})}%{MAC}\n <a>%{MAC}</a> %{COLOUR}", []string{
			`t:1: warning: column 1: no phone has a variable "USERNAM"; is "USERNAME" meant?`,
			`t:1: warning: column 51: %{MAC} stays as it is: %{} is for the text of PP_EACH_USER and PP_EACH_LINE; here it is ${MAC} (and 1 more like it: t:2)`}},
		{"an unclosed brace", "", "a\nb ${USERNAME\nc", []string{`t:2: error: column 3: missing '}'`}},
		{"an unclosed brace where nobody comes", "", "${IF(0?${LEN(x)):b)}", []string{
			`t:1: error: column 1: missing '}'`, `t:1: error: column 1: missing ')'`}},
		{"unclosed brackets and parentheses", "setvar => A=$[1+1\n", "${LEN(x}${A}", []string{
			`t:1: error: column 1: missing ')'`, `phoneprov.conf:5: error: column 1: missing ']'`}},
		{"what is behind an unclosed brace is no name", "", "pw=${SECRET hunter2: {[/", []string{`t:1: error: column 4: missing '}'`}},
		{"pipes", "", "${STAT(e|${MAC}.cfg)}${STRFTIME(${EPOCH}|UTC|%F)}${PP_EACH_USER(<a>%{MAC}</a>|${MAC})}${PP_EACH_EXTENSION(${MAC}|line)}${FILTER(0-9|${MAC})}${RAND(5|5)}", []string{
			`t:1: warning: column 1: STAT` + pipes, `t:1: warning: column 22: STRFTIME` + pipes, `t:1: warning: column 50: PP_EACH_USER` + pipes,
			`t:1: warning: column 87: PP_EACH_EXTENSION` + pipes, `t:1: warning: column 120: FILTER` + pipes, `t:1: warning: column 141: RAND` + pipes}},
		{"pipes that are meant", "", "${IF($[${LINE}=1|${LINE}=2]?a:b)}${CUT(USERNAME,|,1)}${PP_EACH_USER(<a>%{MAC}|</a>)}${LEN(a|b)}${REGEX(\"a|b\" ${MAC})}$[1|0]", nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			r, _ := renderer(t, map[string]string{"t": row.template})
			r.options.Ask = func(context.Context, string) (string, error) { return "", nil }
			r.options.Knows = func(context.Context, string) (bool, error) { return true, nil }
			var got []string
			for _, d := range Group(Check(context.Background(), onePhone(t, row.more), r, Request{Now: testNow})) {
				if strings.Contains(d.Message, "variable") || strings.Contains(d.Message, "missing '") || strings.Contains(d.Message, "separated") ||
					strings.Contains(d.Message, "stays as it is") || strings.Contains(d.Message, "no earlier") {
					got = append(got, d.String())
				}
			}
			if !slices.Equal(got, row.want) {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(row.want, "\n"))
			}
			for _, line := range got {
				if strings.Contains(line, "hunter2") {
					t.Errorf("a text that is no name is shown: %s", line)
				}
			}
		})
	}
}

// A finding of many phones is one line.
func TestCheckCountsPhones(t *testing.T) {
	var users strings.Builder
	for i := range 40 {
		fmt.Fprintf(&users, "[%d]\nautoprov=yes\nprofile=p\nmacaddress=0000000000%02d\ntimezone=Mars/Olympus\nfullname=a\xfc\n", 6000+i, i+10)
	}
	config := map[string]string{"phoneprov.conf": "[p]\n${MAC}.xml => t.xml\n${MAC}.cfg => gone\n", "users.conf": users.String()}
	s, built := build(t, config)
	r, _ := renderer(t, map[string]string{"t.xml": "<a>\n<b>${DISPLAY_NAME}</b></a>"})
	var got []string
	for _, d := range Group(slices.Concat(built, Check(context.Background(), s, r, Request{Now: testNow}))) {
		got = append(got, d.String())
	}
	want := []string{
		`users.conf:5: error: [6000]: time zone "Mars/Olympus": no such zone; it gets UTC (and 39 more like it: [6001], [6002], [6003], ...)`,
		`t.xml: error: malformed XML for phone 000000000010, line 2 of "000000000010.xml": invalid UTF-8 in fullname of [6000] (users.conf:6): ` +
			`write it in UTF-8, or name the encoding in the first line of the XML (and 39 more like it: phone 000000000011, phone 000000000012, phone 000000000013, ...)`,
		`phoneprov.conf:3: error: template "gone": no such file or directory (file "000000000010.cfg" of phone 000000000010) ` +
			`(and 39 more like it: phone 000000000011, phone 000000000012, phone 000000000013, ...)`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The message names the option that has bytes that are not UTF-8.
func TestCheckNamesInvalidUTF8(t *testing.T) {
	for _, row := range []struct{ name, more, user, template, want string }{
		{"an option", "", "label=\xe4 & b\n", "<a>${LABEL}</a>", "label of [a] (users.conf:6)"},
		{"a setvar", "setvar => NAME=\xe4\n", "", "<a>${NAME}</a>", "setvar NAME of profile \"p\" (phoneprov.conf:5)"},
		{"the template", "", "", "<a>\xe4</a>", "the template"},
	} {
		s, _ := build(t, map[string]string{
			"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nx.xml => t\n" + row.more,
			"users.conf":     "[a]\nautoprov=yes\nmacaddress=000000000001\nsecret=s3cret\nfullname=Full\n" + row.user,
		})
		r, _ := renderer(t, map[string]string{"t": row.template})
		found := Check(context.Background(), s, r, Request{Now: testNow})
		if len(found) != 1 || !strings.Contains(found[0].Message, "invalid UTF-8 in "+row.want+": ") || !utf8.ValidString(found[0].Message) {
			t.Errorf("%s: got %v, want %s", row.name, found, row.want)
		}
	}
}

// Over AMI options have no lines, and Check does not invent any.
func TestCheckWithoutLines(t *testing.T) {
	c := config(t, map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nsetvar => A=${NOSUCH(1)}${USERNAM}${LEN(x}\n${MACADDRESS}-${OTHER(1)} => t\n",
		"users.conf":     "[a]\nautoprov=yes\nmacaddress=000000000001\nlinenumber=x\n",
	})
	for _, f := range c {
		*f = *withoutLines(f)
	}
	noFunction := func(context.Context, string) (string, error) { return "", dialplan.ErrNoFunction }
	s, built, err := Build(context.Background(), Input{Config: c, Ask: noFunction}, testNow)
	if err != nil {
		t.Fatal(err)
	}
	r, _ := renderer(t, map[string]string{"t": "${A}\n${NOSUCH(2)}"})
	r.options.Ask = noFunction
	r.options.Knows = func(context.Context, string) (bool, error) { return false, nil }
	unknown := 0
	for _, d := range Group(slices.Concat(built, CheckConfig(c), Check(context.Background(), s, r, Request{Now: testNow}))) {
		if d.Pos.Line != 0 && d.Pos.File != "t" {
			t.Errorf("a line of %s: %s", d.Pos.File, d)
		}
		if strings.Contains(d.Message, "NOSUCH") {
			unknown++
		}
	}
	if unknown != 2 { // one of the setvar, one of the template
		t.Errorf("the unknown function is in %d findings, want 2", unknown)
	}
}
