package main

import (
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/browser"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// pagePhone is a phone of the sample.
const pagePhone = "0004f2000001"

// A reader of the page sees what "core reload" changed, without a click, and gets the diff and the secrets by clicks.
// The log says who looked at secrets. Every state of the file is as the service has it.
func TestPageFollowsReload(t *testing.T) {
	t.Parallel()
	t.Run("amiserver", func(t *testing.T) {
		dir := layTree(t, nil)
		server, address := fakeAsterisk(t, filepath.Join(dir, "asterisk"), nil)
		v, log, _ := runUntil(t, guardEnv(dir, address, "ami-secret"))
		followReload(t, v, log, filepath.Join(dir, "asterisk", "users.conf"), func() { server.Reload("All") })
	})
	t.Run("Asterisk", func(t *testing.T) {
		dir := layTree(t, nil)
		a := oracle.Start(t, oracle.Options{Suite: oracle.Suites[0], Files: map[string]string{
			"phoneprov.conf": "[general]\ndefault_profile = poly\n[poly]\n${MAC}.cfg => t.cfg\n",
			"users.conf":     testkit.Read(t, filepath.Join(dir, "asterisk", "users.conf")),
		}})
		a.WriteData(t, "t.cfg", "name = ${DISPLAY_NAME}\nsecret = ${SECRET}\n")
		v := startService(t, a, "ami")
		followReload(t, v, nil, filepath.Join(a.ConfigDir, "users.conf"), func() { a.CLI(t, "core reload") })
	})
}

func followReload(t *testing.T, v *service, log *testkit.Log, users string, reload func()) {
	testkit.Eventually(t, "there is something to serve", func() bool { return v.options.Store.Load() != nil })
	rt := v.options.Store.Load().Lookup(pagePhone + ".cfg")
	if rt == nil {
		t.Fatal("the phone has no file")
	}
	resp, err := http.Get("http://" + v.phones.Addr().String() + "/phoneprov/" + rt.URI)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	b := browser.Open(t)
	site := "http://" + v.admin.Addr().String()
	b.Visit(site + "/phones/" + pagePhone)
	b.WaitText("up to date")
	b.WaitText("Alice Archer")
	testkit.Eventually(t, "the page is live", func() bool {
		return browser.Eval[string](b, `document.getElementById('connection').dataset.is ?? ''`) == "live"
	})

	text := testkit.Read(t, users)
	oracle.WriteFile(t, users, strings.NewReplacer("Alice Archer", "Alice Adams", "secret = sample-6001", "secret = secret-60-new").Replace(text))
	reload()
	b.WaitText("Alice Adams")
	b.WaitText("change waiting")
	b.Click("#files a")
	b.WaitText("What would change for the phone")
	if shown := b.Text(); strings.Contains(shown, "secret-60-new") || strings.Contains(shown, "sample-6001") {
		t.Error("a secret shows without being asked for")
	}
	b.Click(`form[action="/phones/` + pagePhone + `"] button`)
	b.WaitText("Reveal the secrets of 00:04:f2:00:00:01?")
	b.Click(`form[action="/phones/` + pagePhone + `?secrets=true"] button`)
	b.WaitText("secret-60-new")
	if log != nil {
		testkit.Eventually(t, "the log says that secrets were shown", func() bool {
			return strings.Contains(log.String(), `"secrets":true`) && strings.Contains(log.String(), `"file":"/phones/`+pagePhone+`"`)
		})
	}
	if got := browser.Eval[string](b, `location.href + document.title`); strings.Contains(got, "secret-60") {
		t.Error("a secret is in the URL or the title")
	}

	// Another site's form does nothing.
	r, err := http.NewRequest(http.MethodPost, site+"/reload", strings.NewReader(url.Values{}.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "http://evil.test")
	refused, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	refused.Body.Close()
	if refused.StatusCode != http.StatusForbidden {
		t.Errorf("a form of another site: got %d", refused.StatusCode)
	}
}
