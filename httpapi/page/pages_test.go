package page

import (
	"flag"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/browser"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

var screenshots = flag.String("screenshots", "", "write a screenshot of each page into this `directory`")

// everyPage has a path for each page and each of its shapes.
var everyPage = []string{
	"/", "/phones/" + alice + "?file=" + alice + ".cfg&variables=true", "/phones", "/strangers", "/requests",
	"/phones?state=refused&sort=-name", "/phones?q=nobody", "/phones/" + alice + "?file=" + alice + ".xml", "/phones/" + carol, "/phones/" + frank,
	"/problems", "/requests?refused=true", "/syncs", "/settings", "/profiles", "/nothing",
}

// fewPages is the number of pages that each look is checked with, unless all tests run.
const fewPages = 2

// axe-core finds nothing on any page, and no page is wider than the window: light and dark, wide and narrow, in both
// languages.
func TestAccessible(t *testing.T) {
	s := lively(t)
	b := browser.Open(t)
	b.Visit(s.url + "/")
	browser.Eval[bool](b, `document.querySelector('h1').append(Object.assign(document.createElement('img'), {src: '/assets/icon.svg'})); true`)
	if len(b.Barriers()) == 0 {
		t.Error("axe-core finds nothing on a page with a picture that has no text")
	}
	for _, look := range []struct {
		name, scheme, language string
		width                  int64
	}{{"light", "light", "en", 1280}, {"dark", "dark", "en", 1280}, {"narrow", "light", "en", 360}, {"chinese", "dark", "zh-CN", 1280}} {
		b.Size(look.width, 900)
		b.Prefer(look.scheme)
		b.Speak(look.language)
		for _, path := range everyPage[:skips.Size(t, len(everyPage), fewPages)] {
			b.Visit(s.url + path)
			if strings.HasPrefix(path, "/strangers") {
				b.Click("summary")
			}
			b.Accessible(look.name + " " + path)
			if wide := browser.Eval[int64](b, `document.documentElement.scrollWidth`); wide > look.width {
				t.Errorf("%s %s: the page is %d wide", look.name, path, wide)
			}
			if got := browser.Eval[string](b, `document.documentElement.lang`); got != look.language {
				t.Errorf("%s: got the language %q", path, got)
			}
			if *screenshots != "" {
				testkit.Write(t, filepath.Join(*screenshots, look.name+strings.NewReplacer("/", "_", "?", "_").Replace(path)+".png"), b.Screenshot())
			}
		}
	}
}

// Changes show by themselves: a sync, a request, a phone that is told. What the reader did to the page stays.
func TestLive(t *testing.T) {
	s := lively(t)
	b := browser.Open(t)
	b.Visit(s.url + "/")
	b.WaitText("3 phones need attention")
	browser.Eval[bool](b, `window.same = true; document.querySelector('a[href="/phones/`+heidi+`"]') === null`)
	waitLive(b)
	s.sync(phoneprovConf, strings.ReplaceAll(usersConf("Alice Adams", newSecret), "secret-of-heidi", "other-of-heidi"))
	b.WaitText("Heidi 6008")
	if !browser.Eval[bool](b, `window.same === true`) {
		t.Error("the page was loaded anew")
	}

	b.Visit(s.url + "/phones/" + alice)
	waitLive(b)
	browser.Eval[bool](b, `document.querySelector('#files a').focus(); true`)
	s.asked(alice+".cfg", polyAgent, "192.0.2.11", 200, "")
	s.asked(alice+".xml", polyAgent, "192.0.2.11", 200, "")
	testkit.Eventually(t, "the phone is up to date on its page", func() bool {
		return strings.Contains(browser.Eval[string](b, `document.getElementById('state').innerText`), "up to date")
	})
	testkit.Eventually(t, "the focus stays", func() bool { return browser.Eval[string](b, `document.activeElement.textContent`) == alice+".cfg" })
	testkit.Eventually(t, "a screen reader is told", func() bool {
		return browser.Eval[string](b, `document.getElementById('announce').textContent`) == "up to date"
	})

	b.Visit(s.url + "/requests")
	waitLive(b)
	s.asked("first-"+carol+".cfg", "curl/8", "192.0.2.50", 404, "no such file")
	b.WaitText("first-" + carol + ".cfg")
	b.Click("button[data-pause]")
	s.asked("second-"+carol+".cfg", "curl/8", "192.0.2.50", 404, "no such file")
	s.settle()
	if !strings.Contains(s.ask("/requests", nil).body, "second-"+carol) {
		t.Fatal("the server does not list the second request")
	}
	if strings.Contains(b.Text(), "second-") {
		t.Error("a paused page changes")
	}
	b.Click("button[data-pause]")
	b.WaitText("second-" + carol + ".cfg")
}

// waitLive waits until the page gets events.
func waitLive(b *browser.Tab) {
	b.Helper()
	testkit.Eventually(b.TB, "the page is live", func() bool {
		return browser.Eval[string](b, `document.getElementById('connection').dataset.is ?? ''`) == "live"
	})
}

// Without JavaScript a reader finds a phone, reads its file, has it told, and changes the language.
func TestWithoutJavaScript(t *testing.T) {
	s := lively(t)
	b := browser.Open(t)
	b.NoScripts()
	b.Visit(s.url + "/")
	b.WaitText("3 phones need attention")
	b.Click(`nav a[href="/phones"]`)
	b.WaitText("8 phones")
	b.Type("input[name=q]", "00-15-65-00.00.08\n")
	b.WaitText("1 phone\n")
	b.Click("tbody a")
	b.WaitText("Heidi 6008")
	b.Click("#files a")
	b.WaitText("user = 6008")
	b.Click(`form[action^="/resync/"] button`)
	b.WaitText("The phone is told: NOTIFY check-sync to pjsip endpoint 6001.")
	s.locked(func() {
		if fmt.Sprint(s.told) != "["+heidi+"]" {
			t.Errorf("told %q", s.told)
		}
	})
	b.Type("select[name=language]", "简")
	b.Click(".foot button")
	b.WaitText("重新同步")
}

// The times are those of the browser's zone, with the exact time on hover.
func TestTimesInTheBrowsersZone(t *testing.T) {
	s := lively(t)
	b := browser.Open(t)
	b.Zone("Asia/Kolkata")
	b.Visit(s.url + "/requests")
	kolkata, err := time.LoadLocation("Asia/Kolkata")
	if err != nil {
		t.Fatal(err)
	}
	want := s.ledger.Requests()[0].At.In(kolkata)
	testkit.Eventually(t, "the clock of the browser", func() bool {
		return browser.Eval[string](b, `document.querySelector('td time').textContent`) == want.Format("15:04:05")
	})
	if title := browser.Eval[string](b, `document.querySelector('td time').title`); !strings.Contains(title, want.Format("3:04:05 PM")) || !strings.Contains(title, "GMT+5:30") {
		t.Errorf("on hover: got %q, want %v", title, want)
	}
}

// The keyboard alone reaches everything: the first key leads to the link that skips the navigation.
func TestKeyboard(t *testing.T) {
	s := lively(t)
	b := browser.Open(t)
	b.Visit(s.url + "/phones")
	b.Press("\t")
	if got := browser.Eval[string](b, `document.activeElement.className`); got != "skip" {
		t.Errorf("the first key leads to %q", got)
	}
	b.Press("\n")
	testkit.Eventually(t, "the focus is in the content", func() bool { return browser.Eval[string](b, `document.activeElement.id`) == "main" })
	b.Press("\t")
	if got := browser.Eval[string](b, `document.activeElement.name`); got != "q" {
		t.Errorf("the next key leads to %q", got)
	}
}

// hostile returns a name that a page must not obey: tags, quotes, marks of direction, and length.
func hostile(length int) string {
	text := `"><script>document.title='hacked';window.hacked=1</script><img src=x onerror=window.hacked=1>'` + "\u202egpj.exe\u2066{{.}}${X} "
	return text + strings.Repeat("W", max(0, length-len(text)))
}

// A hostile text in any field is shown as text, changes nothing, and breaks no page's width.
func TestHostileTexts(t *testing.T) {
	evil := hostile(4096)
	conf := strings.ReplaceAll(phoneprovConf, "[yealink]", "["+strings.NewReplacer("[", "", "]", "", ";", "").Replace(hostile(0))+"]") + "x${MAC}<script>.cfg => t.cfg\n"
	users := "[general]\n" + line(6001, alice, evil, "poly", aliceSecret) + "label = " + evil + "\n" +
		strings.ReplaceAll(line(6002, bob, "x", "poly", "s"), "username = 6002", "username = "+hostile(600))
	s := newSite(t, conf, users)
	s.Settings = lively(t).Settings
	s.Settings[0].Value, s.Settings[0].Origin = evil, evil
	s.Status = nil
	s.serve()
	for _, name := range []string{alice + ".cfg", nadir + ".cfg", nadir + evil, "<script>window.hacked=1</script>"} {
		s.asked(name, evil, "192.0.2.1", 404, "no such file")
	}
	s.asked(alice+".cfg", evil, "192.0.2.1", 200, "")
	s.asked(bob+".cfg", polyAgent, "192.0.2.1", 500, "")
	s.ledger.PhoneTold(alice, ledger.Notice{At: time.Now(), Until: time.Now().Add(time.Hour), How: evil, Answer: evil})
	s.settle()
	b := browser.Open(t)
	b.Size(360, 800)
	paths := []string{"/", "/phones", "/phones?q=" + url.QueryEscape(evil), "/phones?vendor=%3Cscript%3E&profile=%22%3E%3Cscript%3E", "/phones/" + alice + "?file=" + alice + ".cfg&variables=true",
		"/phones/" + bob, "/strangers", "/requests", "/requests?q=" + url.QueryEscape(evil), "/syncs", "/settings", "/profiles", "/phones/%3Cscript%3E", "/phones?page=%3Cscript%3E"}
	for i, path := range paths {
		b.Visit(s.url + path)
		if browser.Eval[bool](b, `window.hacked === 1 || document.title.includes('hacked') && !document.title.includes('script') || document.querySelector('main script, main img') !== null`) {
			t.Errorf("%s: the page obeys", path)
		}
		if strings.ContainsAny(browser.Eval[string](b, `document.documentElement.innerText + document.title`), "\u202e\u2066") {
			t.Errorf("%s: a mark of direction is on the page", path)
		}
		if wide := browser.Eval[int64](b, `document.documentElement.scrollWidth`); wide > 360 {
			t.Errorf("%s: the page is %d wide", path, wide)
		}
		if i%4 == 0 || skips.Full(t) {
			b.Accessible(path)
		}
	}
}

// updateDoc writes the screenshots that the README shows.
var updateDoc = flag.Bool("update", false, "write the screenshots of deploy/doc")

// The screenshots of the README are of the pages that they name.
func TestScreenshots(t *testing.T) {
	for name, path := range map[string]string{"page-overview.png": "/", "page-phone.png": "/phones/" + alice + "?file=" + alice + ".cfg"} {
		file := filepath.Join("../../deploy/doc", name)
		if *updateDoc {
			s := lively(t)
			for i := range 90 { // a day as others are
				s.at = time.Now().Add(time.Duration(i-92) * 15 * time.Minute)
				for range 3 + (i*i)%11 + 30*max(0, 3-max(i-40, 40-i)) {
					s.asked(heidi+".cfg", yealinkAgent, "192.0.2.18", 200, "")
				}
				for range (i % 17) / 13 * 6 {
					s.asked(nadir+".cfg", "Yealink SIP-T54W 96.85.0.5 80:5e:c0:aa:bb:cc", "192.0.2.99", 404, "no such phone")
				}
			}
			s.at = time.Time{}
			s.asked(heidi+".cfg", yealinkAgent, "192.0.2.18", 200, "")
			s.settle()
			b := browser.Open(t)
			b.Size(1200, 900)
			b.Visit(s.url + path)
			waitLive(b)
			if err := os.WriteFile(file, b.Screenshot(), 0o644); err != nil {
				t.Fatal(err)
			}
			t.Errorf("%s is written anew: look at it", file)
			continue
		}
		if info, err := os.Stat(file); err != nil || info.Size() < 10_000 || info.Size() > 300_000 {
			t.Errorf("%s: %v", file, err)
		}
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil || !strings.Contains(string(readme), "page-overview.png") || !strings.Contains(string(readme), "page-phone.png") {
		t.Errorf("the README shows no screenshots: %v", err)
	}
}
