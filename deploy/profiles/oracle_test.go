package profiles

import (
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// ours matches names that Asterisk does not have. It has PP_EACH_USER and PP_EACH_EXTENSION.
var ours = regexp.MustCompile(`PP_(EACH_(LINE|KEY)|USER|ENDPOINT|TRANSPORT|MAC|LINE_COUNT|URL|HOST|SCHEME|VENDOR|MODEL|FIRMWARE|TZ|DST|SERVER)`)

// constants replace setvars that use names Asterisk does not have, so that Asterisk can set them too.
var constants = map[string]string{
	"LINE_SERVER": "192.0.2.1", "LINE_TRANSPORTS": "tcp,udp", "LINE_PORT": "5070", "LINE_OPTIMISTIC": "yes", "LINE_SRTP": "optional", "LINE_LABEL": odd,
	"FIRMWARE_FROM": "http://192.0.2.1/phoneprov", "UTC_OFFSET": "+1", "START_WEEK": "5", "END_WEEK": "5", "START_WDAY_MON1": "7", "END_WDAY_MON1": "7",
	"START_WDAY_SUN1": "1", "END_WDAY_SUN1": "1",
}

// withConstants returns a file of phoneprov.d for Asterisk.
func withConstants(text string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		value, isSetvar := strings.CutPrefix(line, "setvar => ")
		name, _, _ := strings.Cut(value, "=")
		switch constant, ok := constants[name]; {
		case isSetvar && ok:
			out.WriteString("setvar => " + name + "=" + constant + "\n")
		case isSetvar && ours.MatchString(line):
			out.WriteString("setvar => " + name + "=7\n")
		case !isSetvar && strings.Contains(line, " => "): // the profile's files; the compared ones are added later
		default:
			out.WriteString(line)
		}
	}
	return out.String()
}

// comparison returns a site whose files use only what Asterisk has. Each template that does so becomes a file of its
// own.
func comparison(t *testing.T) (s site, data map[string]string, uris []string) {
	t.Helper()
	s = site{conf: map[string]string{"phoneprov.conf": "[general]\ndefault_profile=plain\nserveraddr=192.0.2.1\nserverport=5070\n", "users.conf": "[general]\n"}}
	data = map[string]string{}
	for i, p := range All() {
		section, include, _ := strings.Cut(p.Section(), "#include \"")
		s.conf["phoneprov.conf"] += section + "setvar => ADMIN_PASSWORD=" + odd + "\nsetvar => HTTP_USER=fetch\n#include \"" + include
		compared := 0
		for _, f := range p.Files() {
			if f.Place == Config {
				s.conf[f.Path] = withConstants(f.Text)
				continue
			}
			data[f.Path] = f.Text
			if !ours.MatchString(f.Text) {
				uri := "${MAC}-" + p.Name + "-" + filepath.Base(f.Path)
				s.conf["phoneprov.conf"] += uri + " => " + f.Path + "\n"
				uris = append(uris, strings.ReplaceAll(uri, "${MAC}", phoneMAC(i)))
				compared++
			}
		}
		if compared == 0 {
			t.Errorf("%s: no template uses only what Asterisk has", p.Name)
		}
		for _, line := range [...]string{"1", "2"} {
			s.conf["users.conf"] += "[" + p.Name + line + "]\nautoprov=yes\nprofile=" + p.Name + "\nmacaddress=" + phoneMAC(i) + "\nlinenumber=" + line +
				"\nusername=60" + line + "\nfullname=N" + odd + "\nsecret=S" + odd + "\nlabel=L" + odd + "\ntimezone=Europe/Berlin\n"
			if line == "1" {
				s.conf["users.conf"] += "vmexten=*97\n"
			}
		}
	}
	return s, data, uris
}

func phoneMAC(i int) string {
	return "0004f20030" + string("0123456789abcdef"[i/16]) + string("0123456789abcdef"[i%16])
}

// Both versions of Asterisk render such a template to the same bytes.
func TestAsteriskRendersTheSame(t *testing.T) {
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			s, templates, uris := comparison(t)
			configDir, dataDir := t.TempDir(), t.TempDir()
			for dir, files := range map[string]map[string]string{configDir: s.conf, dataDir: templates} {
				for name, text := range files {
					file := filepath.Join(dir, filepath.FromSlash(name))
					if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
						t.Fatal(err)
					}
				}
			}
			a := oracle.Start(t, oracle.Options{Suite: suite, Config: configDir, Data: dataDir})
			snapshot, _, err := provision.Build(t.Context(), provision.Input{Config: s.config(t)}, now)
			if err != nil {
				t.Fatal(err)
			}
			data, err := datadir.Open(dataDir, "")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { data.Close() })
			asInAsterisk := map[string]provision.ProfileOptions{}
			for _, p := range All() {
				asInAsterisk[p.Name] = provision.ProfileOptions{Escape: provision.EscapeNone}
			}
			b := built{snapshot, provision.NewRenderer(provision.RendererOptions{Data: data, Profiles: asInAsterisk})}
			_, files := b.render(t, provision.Request{})
			for _, uri := range uris {
				if got, want := files[uri], a.Fetch(t, uri); want.Status != 200 || got != want.Body {
					t.Errorf("%s: %d\n got %q\nwant %q", uri, want.Status, got, want.Body)
				}
			}
			t.Logf("%d templates", len(uris))
		})
	}
}
