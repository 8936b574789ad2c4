package profiles

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/provision"
)

var update = flag.Bool("update", false, "write the golden files anew")

// TestGoldens compares every file of every make, for every case, byte for byte.
func TestGoldens(t *testing.T) {
	for _, p := range All() {
		t.Run(p.Name, func(t *testing.T) {
			var got txtar.Archive
			for _, c := range cases() {
				uris, files := rendered(t, p, c)
				for _, uri := range uris {
					// A txtar file has only complete lines, without carriage returns.
					got.Files = append(got.Files, txtar.File{Name: c.name + "/" + uri, Data: []byte(strings.ReplaceAll(files[uri], "\r\n", "\n"))})
				}
			}
			golden := filepath.Join("testdata", p.Name+".txtar")
			text := txtar.Format(&got)
			want, err := os.ReadFile(golden)
			if err == nil && string(want) == string(text) {
				return
			}
			if *update {
				if err := os.WriteFile(golden, text, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			t.Errorf("%s is not what the profile gives (%v): go test ./deploy/profiles -run TestGoldens -update writes it anew; look at the difference", golden, err)
		})
	}
}

// params returns the parameters of the phone's own file.
func (m makeTest) params(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	uri := strings.ReplaceAll(m.phone, "MAC", mac)
	got, err := m.read(files[uri])
	if err != nil {
		t.Fatalf("%s: %v\n%s", uri, err, files[uri])
	}
	return got
}

// expect compares some parameters. An empty one may be missing.
func expect(t *testing.T, got, want map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if got[name] != want[name] {
			t.Errorf("%s: got %q, want %q", name, got[name], want[name])
		}
	}
}

// Each line's parameters have the values of the configuration, whatever characters are in them, and the file is valid
// in its format.
func TestLines(t *testing.T) {
	if len(makes) != len(All()) {
		t.Fatalf("%d makes are tested, there are %d", len(makes), len(All()))
	}
	for _, p := range All() {
		for _, c := range cases() {
			t.Run(p.Name+"/"+c.name, func(t *testing.T) {
				_, files := rendered(t, p, c)
				got := makes[p.Name].params(t, files)
				for i, a := range c.lines {
					expect(t, got, makes[p.Name].line(i+1, a))
				}
				for uri, text := range files {
					if strings.HasPrefix(text, "<") {
						if _, err := elements(text); err != nil {
							t.Errorf("%s: %v\n%s", uri, err, text)
						}
					}
				}
			})
		}
	}
}

func caseOf(name string) phoneCase {
	return cases()[slices.IndexFunc(cases(), func(c phoneCase) bool { return c.name == name })]
}

// Each file has the zone's rule: in the north, in the south, and without summer time.
func TestZones(t *testing.T) {
	for _, p := range All() {
		for i, name := range [...]string{"one", "southern", "no-dst"} {
			t.Run(p.Name+"/"+name, func(t *testing.T) {
				c := caseOf(name)
				_, files := rendered(t, p, c)
				got, want := makes[p.Name].params(t, files), map[string]string{}
				for param, values := range makes[p.Name].zone {
					want[param] = values[i]
				}
				expect(t, got, want)
			})
		}
	}
}

// The keys of a configuration, lamps and speed dials, work for all makes.
func TestKeys(t *testing.T) {
	for _, p := range All() {
		t.Run(p.Name, func(t *testing.T) {
			c := caseOf("one")
			_, files := rendered(t, p, c)
			expect(t, makes[p.Name].params(t, files), makes[p.Name].keys)
		})
	}
}

// Without ADMIN_PASSWORD the file leaves its parameter out, and check reports that. A profile causes no other finding.
func TestAdminPasswordAndCheck(t *testing.T) {
	all := cases()
	if !skips.Full(t) {
		all = []phoneCase{caseOf("one"), caseOf("no-voicemail"), caseOf("odd")} // with, without, and with odd characters
	}
	for _, p := range All() {
		for _, c := range all {
			t.Run(p.Name+"/"+c.name, func(t *testing.T) {
				m, set := makes[p.Name], strings.Contains(c.setvars, "ADMIN_PASSWORD")
				b := siteOf(p, c).build(t)
				_, files := b.render(t, c.request)
				if m.admin != "" {
					if value, ok := m.params(t, files)[m.admin]; ok != set || set && !strings.HasSuffix(value, strings.TrimPrefix(strings.SplitN(c.setvars, "\n", 2)[0], "setvar => ADMIN_PASSWORD=")) {
						t.Errorf("%s: got %q, %v, of the setvars %q", m.admin, value, ok, c.setvars)
					}
				}
				q := c.request
				q.Now = now
				told := 0
				for _, d := range provision.Group(provision.Check(t.Context(), b.snapshot, b.renderer, q)) {
					switch {
					case strings.Contains(d.String(), `no phone has a variable "ADMIN_PASSWORD"`):
						told++
					case c.name == "odd" && strings.Contains(d.String(), " has tags, "): // expected: the value <c>
					case c.name == "three" || c.name == "one": // expected: it also has a phone without this profile's files
						if !strings.Contains(d.String(), "7000") && !strings.Contains(d.String(), `profile "none"`) {
							t.Errorf("check: %s", d)
						}
					default:
						t.Errorf("check: %s", d)
					}
				}
				if (told > 0) != (m.admin != "" && !set) {
					t.Errorf("check tells of ADMIN_PASSWORD %d times", told)
				}
			})
		}
	}
}

// If the make has a period, two phones fetch at different times.
func TestPeriodsDiffer(t *testing.T) {
	for _, p := range All() {
		m := makes[p.Name]
		if m.period == "" || p.Name == "fanvil" { // Fanvil's period is in hours
			continue
		}
		seen := map[string]bool{}
		for i := range 5 {
			c := caseOf("no-voicemail")
			other := fmt.Sprintf("0004f200200%d", i)
			c.users = strings.ReplaceAll(c.users, mac, other)
			_, files := rendered(t, p, c)
			uri := strings.ReplaceAll(m.phone, "MAC", other)
			got, err := m.read(files[uri])
			if err != nil || got[m.period] == "" {
				t.Fatalf("%s: %s: %v", p.Name, m.period, err)
			}
			seen[got[m.period]] = true
		}
		if len(seen) < 3 {
			t.Errorf("%s: five phones have %s %v", p.Name, m.period, slices.Collect(maps.Keys(seen)))
		}
	}
}

// SRTP follows the endpoint: three lines with none, none and optional. For a line of the users file it is yes.
func TestSRTP(t *testing.T) {
	for name, row := range map[string]struct {
		params [3]string // parameters of the three lines
		values [4]string // values of the three lines, and of the line with yes
	}{
		"yealink":     {[3]string{"account.1.srtp_encryption", "account.2.srtp_encryption", "account.3.srtp_encryption"}, [4]string{"0", "0", "1", "2"}},
		"grandstream": {[3]string{"P183", "P443", "P543"}, [4]string{"0", "0", "1", "2"}},
		"grandstream-grp": {[3]string{"account.1.audio.srtpMode", "account.2.audio.srtpMode", "account.3.audio.srtpMode"},
			[4]string{"Disabled", "Disabled", "EnabledButNotForced", "EnabledAndForced"}},
		"poly":      {[3]string{"reg.1.srtp.require", "reg.2.srtp.offer", "reg.3.srtp.offer"}, [4]string{"0", "0", "1", "1"}},
		"snom":      {[3]string{"user_savp[1]", "user_savp[2]", "user_savp[3]"}, [4]string{"off", "off", "optional", "mandatory"}},
		"cisco-spa": {[3]string{"Secure_Call_Serv_1_", "Secure_Call_Serv_2_", "Secure_Call_Serv_3_"}, [4]string{"No", "No", "Yes", "Yes"}},
		"cisco-mpp": {[3]string{"Secure_Call_Option_1_", "Secure_Call_Option_2_", "Secure_Call_Option_3_"}, [4]string{"Optional", "Optional", "Optional", "Required"}},
		"mitel":     {[3]string{"sip line1 srtp mode", "sip line2 srtp mode", "sip line3 srtp mode"}, [4]string{"0", "0", "1", "2"}},
		"gigaset":   {[3]string{"SipProvider.0.SRTP_Enabled", "SipProvider.1.SRTP_Enabled", "SipProvider.2.SRTP_Enabled"}, [4]string{"0", "0", "1", "1"}},
		"sangoma":   {[3]string{"host_primary[0]@media_encryption", "host_primary[1]@media_encryption", "host_primary[2]@media_encryption"}, [4]string{"none", "none", "sdes", "sdes"}},
		"plain":     {[3]string{"line.1.srtp", "line.2.srtp", "line.3.srtp"}, [4]string{"no", "no", "optional", "yes"}},
	} {
		p, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		c := caseOf("three")
		_, files := rendered(t, p, c)
		want := map[string]string{}
		for i, param := range row.params {
			want[param] = row.values[i]
		}
		expect(t, makes[name].params(t, files), want)
		c = caseOf("tls")
		_, files = rendered(t, p, c)
		expect(t, makes[name].params(t, files), map[string]string{row.params[0]: row.values[3]})
	}
}

// If a line has several transports, as in chan_sip, the first one is used, in upper or lower case.
func TestSeveralTransports(t *testing.T) {
	c := caseOf("no-voicemail")
	c.users += "transport=TCP,udp\n"
	p, err := Find("yealink")
	if err != nil {
		t.Fatal(err)
	}
	_, files := rendered(t, p, c)
	expect(t, makes["yealink"].params(t, files), map[string]string{"account.1.sip_server.1.transport_type": "1"})
}

// LANGUAGE has two letters for all makes. A language that the make does not know is left out.
func TestLanguages(t *testing.T) {
	for name, row := range map[string][2]string{"yealink": {"lang.gui", "German"}, "poly": {"lcl.ml.lang", "German_Germany"}, "snom": {"language", "Deutsch"},
		"sangoma": {"locale", "de_DE"}, "cisco-enterprise": {"userLocale/name", "German_Germany"}, "fanvil": {"phone/display/DefaultLanguage", "de"}, "panasonic": {"DEFAULT_LANGUAGE", "de"}} {
		for language, want := range map[string]string{"de": row[1], "xx": ""} {
			c := caseOf("no-voicemail")
			c.setvars = "setvar => LANGUAGE=" + language + "\n"
			p, err := Find(name)
			if err != nil {
				t.Fatal(err)
			}
			_, files := rendered(t, p, c)
			if row[1] == "de" && language == "xx" {
				continue // the make accepts the code itself
			}
			expect(t, makes[name].params(t, files), map[string]string{row[0]: want})
		}
	}
}

// A W-series base, recognised by its User-Agent, gets handsets instead of line keys.
func TestYealinkDECT(t *testing.T) {
	c := caseOf("three")
	c.request.UserAgent = "Yealink W70B 146.85.0.20 00:15:65:4a:a9:37"
	p, err := Find("Yealink")
	if err != nil {
		t.Fatal(err)
	}
	_, files := rendered(t, p, c)
	got := makes["yealink"].params(t, files)
	expect(t, got, map[string]string{"handset.2.name": "6002", "handset.3.incoming_lines": "3", "handset.1.dial_out_default_line": "1", "linekey.1.type": "", "account.3.label": "Desk"})
}

// A line beyond the accounts of any Grandstream sets no parameter: nearby numbers are network settings.
func TestGrandstreamLinesThatNoPhoneHas(t *testing.T) {
	names := func(lines int) map[string]string {
		c := caseOf("no-voicemail")
		c.users = ""
		for n := 1; n <= lines; n++ {
			c.users += fmt.Sprintf("[60%02d]\n%slinenumber=%d\n", n, user, n)
		}
		p, err := Find("grandstream")
		if err != nil {
			t.Fatal(err)
		}
		_, files := rendered(t, p, c)
		return makes["grandstream"].params(t, files)
	}
	six, seven := names(6), names(7)
	if len(six) < 6*16 || len(seven) <= len(six) {
		t.Errorf("%d parameters for six lines, %d for seven", len(six), len(seven))
	}
	for name := range seven {
		if _, ok := six[name]; !ok && !strings.HasPrefix(name, "P99999") {
			t.Errorf("the seventh line sets %s", name)
		}
	}
}

// The firmware is served at its documented URL.
func TestFirmware(t *testing.T) {
	c := caseOf("no-voicemail")
	c.setvars = "setvar => FIRMWARE=T46S.rom\nstaticdir = yealink/firmware/\nstatic_file => T46S.rom,application/octet-stream\n"
	p, err := Find("yealink")
	if err != nil {
		t.Fatal(err)
	}
	if err := writeSteady(filepath.Join(data[p.Name].Path(), "yealink/firmware/T46S.rom"), "firmware"); err != nil {
		t.Fatal(err)
	}
	_, files := rendered(t, p, c)
	url := makes["yealink"].params(t, files)["static.firmware.url"]
	if url != "http://pbx.example.com:8080/phoneprov/T46S.rom" || files["T46S.rom"] != "firmware" {
		t.Errorf("got %q, and %q there", url, files["T46S.rom"])
	}
}

// The files of a profile name their makers and sources. The common page documents every setvar.
func TestHeads(t *testing.T) {
	page := read("README.md")
	for _, p := range All() {
		head := read(p.Name + "/" + sectionFile)
		if !strings.HasPrefix(head, "; ") || !strings.Contains(head, "\n; Made 2026-") || !strings.Contains(strings.ReplaceAll(head, "\n; ", " "), "Not tried on a") && p.Name != "linphone" && p.Name != "baresip" && p.Name != "plain" {
			t.Errorf("%s: the head does not say the models, when it was made, and from what", p.Name)
		}
		if readme := p.Readme(); !strings.HasPrefix(readme, "# ") || !strings.Contains(readme, "\n## Point the phone here\n") || !strings.Contains(readme, "\n## Not set\n") {
			t.Errorf("%s: README.md has not the parts that all have", p.Name)
		}
		for _, f := range p.Files() {
			if f.Place == Data && strings.Contains(f.Text, "SHELL(") {
				t.Errorf("%s: a template runs a shell", f.Path)
			}
		}
	}
	for line := range strings.Lines(read("common.conf")) {
		if value, ok := strings.CutPrefix(line, "setvar => "); ok {
			if name, _, _ := strings.Cut(value, "="); !strings.Contains(page, "`"+name+"`") {
				t.Errorf("README.md does not say what %s is", name)
			}
		}
	}
}
