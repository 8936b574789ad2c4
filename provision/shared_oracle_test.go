package provision_test

import (
	"context"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// sharedConf has file names that several phones share: with nothing of a phone in it, with a part of the MAC, with a
// label that two phones have, and in two profiles, with one template and with two.
var sharedConf = map[string]string{
	"phoneprov.conf": `[general]
default_profile = p
[p]
mime_type => text/plain
setvar => WHAT=p
y000000000028.cfg => vars.txt
${MAC:0:6}.cfg => vars.txt
${LABEL}.label => vars.txt
common.cfg => vars.txt
book.dir => vars.txt
${MAC}.cfg => vars.txt
[q]
mime_type => text/other
setvar => WHAT=q
common.cfg => vars.txt
book.dir => other.txt
only-q.cfg => vars.txt
${MAC}.cfg => vars.txt
`,
	"users.conf": `[general]
[6001]
autoprov = yes
username = 6001
macaddress = 0004f2001000
label = front
[6002]
autoprov = yes
username = 6002
macaddress = 0004f2001001
label = desk
[6003]
autoprov = yes
username = 6003
macaddress = 0004f2001002
label = desk
[6004]
autoprov = yes
username = 6004
macaddress = 001565001000
label = q
profile = q
`,
}

const sharedVars, sharedOther = "${USERNAME} ${LABEL} ${WHAT}\n", "other ${USERNAME}\n"

// sharedAnswers are the answers of Asterisk 16 and 22.
var sharedAnswers = map[string]oracle.Answer{
	"y000000000028.cfg": {Status: 200, MIME: "text/plain", Body: "6001 front p\n"},
	"0004f2.cfg":        {Status: 200, MIME: "text/plain", Body: "6001 front p\n"},
	"front.label":       {Status: 200, MIME: "text/plain", Body: "6001 front p\n"},
	"desk.label":        {Status: 200, MIME: "text/plain", Body: "6002 desk p\n"},
	"common.cfg":        {Status: 200, MIME: "text/plain", Body: "6001 front p\n"},
	"book.dir":          {Status: 200, MIME: "text/plain", Body: "6001 front p\n"},
	"only-q.cfg":        {Status: 200, MIME: "text/other", Body: "6004 q q\n"},
	"0004f2001001.cfg":  {Status: 200, MIME: "text/plain", Body: "6002 desk p\n"},
	"001565001000.cfg":  {Status: 200, MIME: "text/other", Body: "6004 q q\n"},
	"001565.cfg":        {Status: 404},
	"q.label":           {Status: 404},
}

// A file that several phones share is rendered with the variables of the first, as in Asterisk.
func TestSharedAnswers(t *testing.T) {
	config := provision.Config{}
	for name, text := range sharedConf {
		f, err := (&astconf.Loader{Dir: "/", ReadFile: func(string) ([]byte, error) { return []byte(text), nil }}).Load(name)
		if err != nil {
			t.Fatal(err)
		}
		config[name] = f
	}
	snap, _, err := provision.Build(context.Background(), provision.Input{Config: config}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	oracle.WriteFile(t, dir+"/vars.txt", sharedVars)
	oracle.WriteFile(t, dir+"/other.txt", sharedOther)
	data, err := datadir.Open(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	r := provision.NewRenderer(provision.RendererOptions{Data: data})
	for uri, want := range sharedAnswers {
		got := oracle.Answer{Status: 404}
		if rt := snap.Lookup(uri); rt != nil {
			got = answer(t, r, snap, rt, time.Now())
		}
		if got != want {
			t.Errorf("%s: got %+v, want %+v", uri, got, want)
		}
	}
}

func TestSharedAnswersOracle(t *testing.T) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			a := oracle.Start(t, oracle.Options{Suite: suite, Files: sharedConf})
			a.WriteData(t, "vars.txt", sharedVars)
			a.WriteData(t, "other.txt", sharedOther)
			for uri, want := range sharedAnswers {
				if got := a.Fetch(t, uri); got != want {
					t.Errorf("%s: got %+v, want %+v", uri, got, want)
				}
			}
		})
	}
}
