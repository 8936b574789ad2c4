package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// renamedTable is the table of settings as if http.listen had been phones.address, and ami.secret asterisk.password.
func renamedTable() []setting {
	table := settingsTable()
	for i, d := range table {
		switch d.name() {
		case "http.listen":
			table[i].formerly = []former{{"phones", "address", "2027-11-28"}, {"web", "listen", "2027-06-01"}}
		case "ami.secret":
			table[i].formerly = []former{{"asterisk", "password", "2027-11-28"}}
		}
	}
	return table
}

func TestRenamedSettings(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, text     string
		env            map[string]string
		listen, secret string
		said, err      string
	}{
		{name: "the present names", text: "[http]\nlisten = :1\n[ami]\nsecret = s\n", listen: ":1", secret: "s"},
		{name: "former names in the file", text: "[phones]\naddress = :2\n[asterisk]\npassword = s\n", listen: ":2", secret: "s",
			said: "x.ini:4: asterisk.password is called ami.secret now: the former name works until 2027-11-28\n" +
				"x.ini:2: phones.address is called http.listen now: the former name works until 2027-11-28"},
		{name: "the name before the former one", text: "[web]\nlisten = :3\n[ami]\nsecret = s\n", listen: ":3", secret: "s",
			said: "x.ini:2: web.listen is called http.listen now: the former name works until 2027-06-01"},
		{name: "a former name in the environment", text: "[ami]\nsecret = s\n", env: map[string]string{"PHONEPROV_PHONES_ADDRESS": ":4"}, listen: ":4", secret: "s",
			said: "environment: PHONEPROV_PHONES_ADDRESS is called PHONEPROV_HTTP_LISTEN now: the former name works until 2027-11-28"},
		{name: "the environment counts before the file", text: "[http]\nlisten = :5\n[ami]\nsecret = s\n", env: map[string]string{"PHONEPROV_PHONES_ADDRESS": ":6"}, listen: ":6", secret: "s",
			said: "environment: PHONEPROV_PHONES_ADDRESS is called PHONEPROV_HTTP_LISTEN now: the former name works until 2027-11-28"},
		{name: "the file of a secret", text: "[asterisk]\npassword_file = SECRET\n", listen: ":8080", secret: "of a file",
			said: "x.ini:2: asterisk.password is called ami.secret now: the former name works until 2027-11-28"},
		{name: "both in the file", text: "[http]\nlisten = :7\n[phones]\naddress = :8\n", err: "x.ini:4: phones.address is the former name of http.listen, and both are set: remove phones.address"},
		{name: "both in the environment", env: map[string]string{"PHONEPROV_PHONES_ADDRESS": ":1", "PHONEPROV_HTTP_LISTEN": ":2"},
			err: "environment: PHONEPROV_PHONES_ADDRESS is the former name of PHONEPROV_HTTP_LISTEN, and both are set: remove PHONEPROV_PHONES_ADDRESS"},
		{name: "a wrong value", text: "[phones]\naddress = nowhere\n", err: `x.ini:2: phones.address: "nowhere" is not an address: want host:port`},
		{name: "another key of a section that is no more", text: "[phones]\ncolour = red\n", err: `x.ini:2: unknown key "colour" in [phones]`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			dir := t.TempDir()
			text := strings.ReplaceAll(tt.text, "SECRET", testkit.Write(t, filepath.Join(dir, "s"), "of a file\n"))
			path := testkit.Write(t, filepath.Join(dir, "x.ini"), text)
			s, err := loadTable(renamedTable(), path, func(k string) (string, bool) { v, ok := tt.env[k]; return v, ok })
			if tt.err != "" {
				if err == nil || strings.ReplaceAll(err.Error(), dir+"/", "") != tt.err {
					t.Errorf("got %v\nwant %s", err, tt.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(s.renamed)
			if got := strings.ReplaceAll(strings.Join(s.renamed, "\n"), dir+"/", ""); !sameLines(got, tt.said) {
				t.Errorf("it says %q, want %q", got, tt.said)
			}
			if s.httpListen != tt.listen || s.amiSecret.Reveal() != tt.secret {
				t.Errorf("got %q and %q", s.httpListen, s.amiSecret.Reveal())
			}
			if len(s.inForce) != len(settingsTable()) || !slices.ContainsFunc(s.inForce, func(in settingInForce) bool {
				return in.section == "http" && in.key == "listen" && in.value == tt.listen
			}) {
				t.Errorf("in force: %+v", s.inForce)
			}
		})
	}
}

func sameLines(a, b string) bool {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

func TestRenamedEnvironmentIsKnown(t *testing.T) {
	t.Parallel()
	if errs := unknownEnvOf(renamedTable(), []string{"PHONEPROV_PHONES_ADDRESS", "PHONEPROV_ASTERISK_PASSWORD_FILE"}); len(errs) > 0 {
		t.Errorf("got %v", errs)
	}
	if errs := unknownEnvOf(renamedTable(), []string{"PHONEPROV_PHONES_ADRESS"}); len(errs) != 1 || strings.Contains(errs[0].Error(), "PHONES_ADDRESS") {
		t.Errorf("got %v: a former name is not what is meant", errs)
	}
}

// Each setting that the program ever had is still known: it is in the table, or is a former name in it, with a date. When a
// setting is renamed or added, this list grows; no line is removed within a year.
func TestNoSettingIsForgotten(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/settings-ever")
	if err != nil {
		t.Fatal(err)
	}
	ever := strings.Fields(string(text))
	for _, name := range ever {
		section, key, _ := strings.Cut(name, ".")
		if !known(section, key) && !formerSetting(settingsTable(), section, key) {
			t.Errorf("%s was a setting: name it in formerly of the setting that it is now", name)
		}
	}
	for _, d := range settingsTable() {
		if !slices.Contains(ever, d.name()) {
			t.Errorf("add %s to testdata/settings-ever", d.name())
		}
		for _, f := range d.formerly {
			if _, err := time.Parse(time.DateOnly, f.until); err != nil || known(f.section, f.key) || !regexp.MustCompile(`^[a-z_]+\.[a-z_]+$`).MatchString(f.section+"."+f.key) {
				t.Errorf("%s: the former name %+v: want a date, and a name that no setting has", d.name(), f)
			}
		}
	}
}
