package provision

import (
	"fmt"
	"maps"
	"runtime"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// packed is a configuration in which a phone's lines come from all possible sources.
var packed = map[string]string{
	"phoneprov.conf": `[general]
serveraddr=pbx
serverport=5061
default_profile=p
[p]
setvar => A=${LABEL}!
${MAC}.cfg => t,text/plain
`,
	"users.conf": `[general]
vmexten=*97
extra=g
[base](!)
autoprov=yes
timezone=Europe/Berlin
` +
		"[6001](base)\nmacaddress=000000000001\nfullname=One\nsecret=s1\nextra=e\n" +
		"[6002](base)\nmacaddress=000000000001\nlinenumber=2\nusername=two\n" +
		"[6003](base)\nmacaddress=000000000003\nfullname=Three\nsecret=s3\nextra=\n",
	"pjsip.conf": `[tr]
type=transport
bind=0.0.0.0:5070
[e]
type=endpoint
context=default
callerid="E" <7>
auth=a
[a]
type=auth
username=u
password=pw
` +
		`[p4]
type=phoneprov
endpoint=e
MAC=000000000004
PROFILE=p
LABEL=four
LABEL=
`,
}

// If anything changes, in one line or in what lines share, the new text shows and the phones concerned have changed. If
// something only moves, no phone has changed.
func TestEveryInputShows(t *testing.T) {
	before, _ := build(t, packed)
	for name, row := range map[string]struct {
		file, old, new string
		changed        string // the phones
		shows          string // in their files
	}{
		"option":                  {"users.conf", "fullname=One", "fullname=Uno", "1", "DISPLAY_NAME=Uno "},
		"name of an option":       {"users.conf", "fullname=Three", "label=Three", "3", "LABEL=Three "},
		"option for PP_USER":      {"users.conf", "extra=e", "extra=f", "1", "extra=f "},
		"empty option":            {"users.conf", "extra=\n", "extra=h\n", "3", "extra=h "},
		"general":                 {"users.conf", "vmexten=*97", "vmexten=*98", "13", "VOICEMAIL_EXTEN=*98 "},
		"general for PP_USER":     {"users.conf", "extra=g", "extra=i", "13", ""},
		"inherited":               {"users.conf", "timezone=Europe/Berlin", "timezone=Asia/Tokyo", "13", "TIMEZONE=Asia/Tokyo "},
		"own in place of one":     {"users.conf", "fullname=Three", "fullname=Three\nvmexten=9", "3", "VOICEMAIL_EXTEN=9 "},
		"section name":            {"users.conf", "[6001]", "[6009]", "1", "USERNAME=6009 "},
		"second line":             {"users.conf", "username=two", "username=zwei", "1", "second=zwei "},
		"server":                  {"phoneprov.conf", "serveraddr=pbx", "serveraddr=abx", "13", "SERVER=abx "},
		"port":                    {"phoneprov.conf", "serverport=5061", "serverport=5062", "13", "SERVER_PORT=5062 "},
		"setvar":                  {"phoneprov.conf", "${LABEL}!", "${LABEL}?", "134", "? "},
		"MIME":                    {"phoneprov.conf", "text/plain", "text/xml", "134", ""},
		"endpoint's callerid":     {"pjsip.conf", "<7>", "<8>", "4", "CALLERID=8 "},
		"endpoint's option":       {"pjsip.conf", "context=default", "context=other", "4", "context=other "},
		"auth":                    {"pjsip.conf", "password=pw", "password=wp", "4", "SECRET=wp "},
		"port of a transport":     {"pjsip.conf", "5070", "5071", "4", "SERVER_PORT=5071 "},
		"section of phoneprov":    {"pjsip.conf", "LABEL=four", "LABEL=vier", "4", "LABEL=vier "},
		"last but an empty one":   {"pjsip.conf", "LABEL=\n", "LABEL=quatre\n", "4", "LABEL=quatre "},
		"comment":                 {"users.conf", "[general]", ";\n[general]", "", ""},
		"comment in a section":    {"users.conf", "fullname=One", ";\n;\nfullname=One", "", ""},
		"two that have no effect": {"users.conf", "autoprov=yes", "autoprov=true", "13", ""},
	} {
		t.Run(name, func(t *testing.T) {
			files := maps.Clone(packed)
			if !strings.Contains(files[row.file], row.old) {
				t.Fatalf("there is no %q", row.old)
			}
			files[row.file] = strings.Replace(files[row.file], row.old, row.new, 1)
			next, _ := build(t, files)
			if again, _ := before.UnlessChanged(Input{Config: config(t, files)}, testNow); again != nil {
				t.Error("the snapshot before is taken for the next")
			}
			want := Changes{}
			r, _ := renderer(t, map[string]string{"t": "USERNAME=${USERNAME} DISPLAY_NAME=${DISPLAY_NAME} LABEL=${LABEL} SECRET=${SECRET} CALLERID=${CALLERID} " +
				"TIMEZONE=${TIMEZONE} VOICEMAIL_EXTEN=${VOICEMAIL_EXTEN} SERVER=${SERVER} SERVER_PORT=${SERVER_PORT} A=${A} " +
				"extra=${PP_USER(extra)} context=${PP_ENDPOINT(context)} second=${PP_EACH_LINE(%{USERNAME} ,${MAC})}"})
			for _, id := range strings.Split(row.changed, "") {
				want.Changed++
				if id := "00000000000" + id; before.phone(id).print == next.phone(id).print {
					t.Errorf("phone %s has not changed", id)
				}
				body, err := render(t, r, next, "00000000000"+id+".cfg", Request{})
				if err != nil || !strings.Contains(strings.Replace(body, "second=6001 ", "second=", 1), row.shows) {
					t.Errorf("%v, %q shows no %q", err, body, row.shows)
				}
			}
			if got := Compare(before, next); fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}

// A snapshot does not refer to the text of its configuration.
func TestSnapshotKeepsNoText(t *testing.T) {
	much := skips.Size(t, 16<<20, 2<<20)
	most := int64(much / 4)
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	comment := ";" + strings.Repeat("x", 1022) + "\n"
	for _, file := range []string{"users.conf", "pjsip.conf", GlobalsFile} {
		files := maps.Clone(packed)
		files[GlobalsFile] = "[globals]\nG=1\n"
		before := heap()
		files[file] += strings.Repeat(comment, much/len(comment))
		s, _ := build(t, files)
		files = nil
		if kept := heap() - before; kept > most || s.Counts().Phones != 3 {
			t.Errorf("%s: %d phones, %d bytes are kept", file, s.Counts().Phones, kept)
		}
		runtime.KeepAlive(s)
	}
}

// A record returns the values that it was made of, of any length.
func TestRecord(t *testing.T) {
	var pk packer
	for n := range 20 {
		pk.values = nil
		for i := range n {
			pk.values = append(pk.values, value{strings.Repeat("v", i*i*i*(n%3)), int32(i * 70_000)})
		}
		r := pk.pack()
		if r.count() != n {
			t.Errorf("got %d values, want %d", r.count(), n)
		}
		for i, v := range pk.values {
			if r.value(i) != v.text || r.line(i) != v.line {
				t.Errorf("value %d of %d: got %q of line %d, want %q of line %d", i, n, r.value(i), r.line(i), v.text, v.line)
			}
		}
	}
}

// Lines with the same options keep their own positions in files, and the defaults of their own file.
func TestLinesOfOneShape(t *testing.T) {
	user := "[600%d](b)\nmacaddress=00000000000%[1]d\nfullname=N\n"
	base := "[b](!)\nautoprov=yes\nprofile=p\n"
	s, _ := build(t, map[string]string{
		"phoneprov.conf": "[general]\n[p]\n${MAC}.cfg => t\n",
		"users.conf":     "[general]\nvmexten=1\n" + base + fmt.Sprintf(user, 1) + fmt.Sprintf(user, 2) + "#include \"more.conf\"\n",
		"more.conf":      fmt.Sprintf(user, 3),
	})
	for i, want := range []string{
		"users.conf:8 N, users.conf:4 yes, users.conf:2 1", "users.conf:11 N, users.conf:4 yes, users.conf:2 1",
		"more.conf:3 N, users.conf:4 yes, users.conf:2 1",
	} {
		l := s.phoneList[i].Lines[0]
		name, _ := l.own("DISPLAY_NAME")
		profile, _ := l.own("PROFILE")
		vm, _ := l.own("VOICEMAIL_EXTEN")
		got := fmt.Sprintf("%s %s, %s:%d %s, %s %s", name.origin(l), name.value, profile.from, profile.line-1, l.option("autoprov"), vm.origin(l), vm.value)
		if got != want {
			t.Errorf("phone %d: got %q, want %q", i, got, want)
		}
	}
}
