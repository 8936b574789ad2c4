package main

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// runCompare runs phoneprov compare with settings, and searches for secrets what it prints.
func runCompare(t *testing.T, env map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	code = run(t.Context(), append([]string{"compare"}, args...), func(name string) (string, bool) { v, ok := env[name]; return v, ok }, strings.NewReader(""), &out, &errs)
	noSecrets(t, "compare", out.String()+errs.String())
	return code, out.String(), errs.String()
}

// comparePage is what each file of the fake res_phoneprov is, by its URI.
type comparePage struct {
	status     int
	mime, body string
}

// startPages serves files as res_phoneprov does, under /phoneprov.
func startPages(t *testing.T, pages map[string]comparePage) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		page, ok := pages[strings.TrimPrefix(r.URL.Path, "/phoneprov/")]
		if !ok {
			page.status = http.StatusNotFound
		}
		w.Header().Set("Content-Type", page.mime)
		if page.status > 0 {
			w.WriteHeader(page.status)
		}
		fmt.Fprint(w, page.body)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/phoneprov"
}

// compareSite is a configuration with one phone, and the files that res_phoneprov serves of it.
func compareSite(t *testing.T) (env map[string]string, pages map[string]comparePage) {
	t.Helper()
	dir := t.TempDir()
	testkit.WriteTree(t, dir, map[string]string{
		"asterisk/phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nmime_type=text/plain\n${MAC}.cfg => t.cfg\n${MAC}-x.cfg => x.xml\n",
		"asterisk/users.conf":     "[general]\n[6001]\nusername=6001\nautoprov=yes\nmacaddress=0004f2000001\nfullname=A & B\nsecret=secret-60-own\n",
		"data/t.cfg":              "name=${DISPLAY_NAME}\nserver=${SERVER}\npassword=${SECRET}\npin=${MD5(${SECRET})}\n",
		"data/x.xml":              "<n>${DISPLAY_NAME}</n>\n",
	})
	env = map[string]string{"PHONEPROV_ASTERISK_CONFIG": "files", "PHONEPROV_AMI_ADDRESS": "",
		"PHONEPROV_ASTERISK_CONFIG_DIR": dir + "/asterisk", "PHONEPROV_ASTERISK_DATA_DIR": dir + "/data"}
	return env, map[string]comparePage{
		"0004f2000001.cfg":   {mime: "text/plain", body: "name=A & B\nserver=127.0.0.1\npassword=secret-60-own\npin=\n"},
		"0004f2000001-x.cfg": {mime: "text/plain", body: "<n>A &amp; B</n>\n"},
	}
}

func TestCompare(t *testing.T) {
	t.Parallel()
	const end = "compared 2 files with "
	for _, tt := range []struct {
		name   string
		args   []string
		change func(map[string]comparePage)
		code   int
		stdout string
		stderr string
	}{
		{"the same", nil, func(map[string]comparePage) {}, 0, "", end + "URL: 2 the same, 0 different on purpose, 0 different for no known reason\n"},
		{"on purpose", nil, func(p map[string]comparePage) {
			p["0004f2000001-x.cfg"] = comparePage{0, "text/plain", "<n>A & B</n>\n"}
		}, 1,
			"0004f2000001-x.cfg of phone 0004f2000001 (6001) differs on purpose: " + whyEscaped + "\n" +
				"--- 0004f2000001-x.cfg\tof res_phoneprov\n+++ 0004f2000001-x.cfg\tof phoneprov\n@@ -1 +1 @@\n-<n>A & B</n>\n+<n>A &amp; B</n>\n",
			end + "URL: 1 the same, 1 different on purpose, 0 different for no known reason\n"},
		{"on purpose, unexplained only", []string{"-unexplained"}, func(p map[string]comparePage) {
			p["0004f2000001-x.cfg"] = comparePage{0, "text/plain", "<n>A & B</n>\n"}
		}, 0,
			"", end + "URL: 1 the same, 1 different on purpose, 0 different for no known reason\n"},
		{"for no known reason", []string{"-unexplained"}, func(p map[string]comparePage) {
			p["0004f2000001.cfg"] = comparePage{0, "text/plain", strings.Replace(p["0004f2000001.cfg"].body, "A & B", "C", 1)}
		}, 1,
			"0004f2000001.cfg of phone 0004f2000001 (6001) differs for no known reason\n" +
				"--- 0004f2000001.cfg\tof res_phoneprov\n+++ 0004f2000001.cfg\tof phoneprov\n@@ -1,4 +1,4 @@\n-name=C\n+name=A & B\n server=127.0.0.1\n password=<secret>\n pin=HASH\n",
			end + "URL: 1 the same, 0 different on purpose, 1 different for no known reason\n"},
		{"another secret", nil, func(p map[string]comparePage) {
			p["0004f2000001.cfg"] = comparePage{0, "text/plain", strings.Replace(p["0004f2000001.cfg"].body, "secret-60-own", "secret-60-old", 1)}
		}, 1,
			"0004f2000001.cfg of phone 0004f2000001 (6001) differs for no known reason\n" +
				"--- 0004f2000001.cfg\tof res_phoneprov\n+++ 0004f2000001.cfg\tof phoneprov\n@@ -1,4 +1,4 @@\n name=A & B\n server=127.0.0.1\n-password=<secret>\n+password=<secret, changed>\n pin=HASH\n",
			end + "URL: 1 the same, 0 different on purpose, 1 different for no known reason\n"},
		{"a file that it has not", nil, func(p map[string]comparePage) { delete(p, "0004f2000001-x.cfg") }, 1,
			"0004f2000001-x.cfg of phone 0004f2000001 (6001) differs for no known reason\n  res_phoneprov answers 404 Not Found, phoneprov 200 OK\n",
			end + "URL: 1 the same, 0 different on purpose, 1 different for no known reason\n"},
		{"another type", nil, func(p map[string]comparePage) {
			p["0004f2000001.cfg"] = comparePage{0, "text/html", p["0004f2000001.cfg"].body}
		}, 1,
			"0004f2000001.cfg of phone 0004f2000001 (6001) differs for no known reason\n  res_phoneprov says text/html, phoneprov text/plain\n",
			end + "URL: 1 the same, 0 different on purpose, 1 different for no known reason\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			env, pages := compareSite(t)
			pages["0004f2000001.cfg"] = comparePage{0, "text/plain", renderedBy(t, env, "0004f2000001.cfg")}
			tt.change(pages)
			url := startPages(t, pages)
			code, stdout, stderr := runCompare(t, env, append(tt.args, url)...)
			hash := regexp.MustCompile(`pin=.*`)
			if got := hash.ReplaceAllString(stdout, "pin=HASH"); code != tt.code || got != tt.stdout || strings.ReplaceAll(stderr, url, "URL") != tt.stderr {
				t.Errorf("got %d\n%s%s\nwant %d\n%s%s", code, got, stderr, tt.code, tt.stdout, tt.stderr)
			}
		})
	}
}

// renderedBy is a file as phoneprov render prints it.
func renderedBy(t *testing.T, env map[string]string, uri string) string {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"render", "-secrets", uri}, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, strings.NewReader(""), &out, &errs); code != 0 {
		t.Fatalf("render: %s", errs.String())
	}
	return out.String()
}

func TestCompareCannotTell(t *testing.T) {
	t.Parallel()
	env, _ := compareSite(t)
	closed := httptest.NewServer(nil)
	closed.Close()
	for _, tt := range []struct{ url, want string }{
		{closed.URL, "connection refused"},
		{"pbx:8088", `"pbx:8088" is not the URL of a res_phoneprov: want http://127.0.0.1:8088/phoneprov`},
		{"ftp://pbx/", `"ftp://pbx/" is not the URL of a res_phoneprov: want http://127.0.0.1:8088/phoneprov`},
	} {
		if code, stdout, stderr := runCompare(t, env, tt.url); code != 2 || stdout != "" || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: got %d, %q, %q", tt.url, code, stdout, stderr)
		}
	}
	if code, _, stderr := runCompare(t, env); code != 2 || !strings.Contains(stderr, "want the URL") {
		t.Errorf("got %d, %q", code, stderr)
	}
}

// Every purpose that compare names is in DIFFERENCES.md in the same words.
func TestComparePurposesAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../deploy/doc/DIFFERENCES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, why := range []string{whyOrder, whyQuotes, whyEscaped, whyNoStatic, whyNoTemplate, whySlash, whyExtension, whyBlanks,
		whyUsername, whyInherits, whyTwice, whySpellings, whyLines, whyTransport, whyServer, whyVoicemail} {
		if !strings.Contains(string(page), "\n- "+why) {
			t.Errorf("deploy/doc/DIFFERENCES.md has no line %q", why)
		}
	}
}

// The real res_phoneprov of both versions: compare finds exactly the differences that the trees have, and for each the purpose
// that it was made for.
func TestCompareWithAsterisk(t *testing.T) {
	t.Parallel()
	for _, on := range []struct {
		suite string
		tree  oracle.Tree
	}{{oracle.Forky, oracle.Differs}, {oracle.Forky, oracle.Field}, {oracle.Bullseye, oracle.Differs}} {
		t.Run(on.suite+"/"+string(on.tree), func(t *testing.T) {
			a := oracle.Start(t, on.tree.Options(on.suite))
			env := map[string]string{
				"PHONEPROV_ASTERISK_CONFIG_DIR": a.ConfigDir, "PHONEPROV_ASTERISK_DATA_DIR": a.DataDir, "PHONEPROV_AMI_ADDRESS": a.AMI,
				"PHONEPROV_AMI_USERNAME": oracle.User, "PHONEPROV_AMI_SECRET": oracle.Secret, "PHONEPROV_STATE_DIR": t.TempDir(),
			}
			code, stdout, stderr := runCompare(t, env, "-config", asAsterisk(t, a.ConfigDir), a.HTTP)
			got, want := map[string]string{}, map[string]string{}
			for _, found := range regexp.MustCompile(`(?m)^(\S.*?)(?: of phone .*)? differs (on purpose: .*|for no known reason)$`).FindAllStringSubmatch(stdout, -1) {
				got[found[1]] = found[2]
			}
			for _, d := range oracle.Differences {
				for _, uri := range d.URIs[on.tree] {
					want[uri] = d.Why
				}
			}
			for _, uri := range slices.Sorted(maps.Keys(want)) {
				if _, found := got[uri]; !found && want[uri] != whyNoTemplate { // whose template is empty: refused on both sides
					t.Errorf("%s: it finds no difference, want %q", uri, want[uri])
				}
			}
			for _, uri := range slices.Sorted(maps.Keys(got)) {
				if want[uri] == "" || !strings.Contains(got[uri], want[uri]) {
					t.Errorf("%s: it says %q, want %q", uri, got[uri], want[uri])
				}
			}
			if code != 1 {
				t.Errorf("got exit status %d", code)
			}
			if t.Failed() {
				t.Logf("%s%s", stdout, stderr)
			}
		})
	}
}
