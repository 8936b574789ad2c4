package page

import (
	"fmt"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/words"
)

// maxAssets bounds in bytes what a browser loads besides pages.
const maxAssets = 60_000

func TestAssetsAreSmall(t *testing.T) {
	size := int64(0)
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil || size == 0 || size > maxAssets {
		t.Errorf("assets and templates have %d bytes, want at most %d; %v", size, maxAssets, err)
	}
}

// phonesOn returns the phones that a list shows, in order.
func (s *site) phonesOn(target string) (ids []string) {
	s.Helper()
	a := s.ask(target, nil)
	if a.status != http.StatusOK {
		s.Fatalf("%s: got %d", target, a.status)
	}
	for _, m := range regexp.MustCompile(`<tr data-row="(\S+) `).FindAllStringSubmatch(a.body, -1) {
		ids = append(ids, m[1])
	}
	return ids
}

// The URL holds search, filters and order. A MAC may have any spelling.
func TestPhonesList(t *testing.T) {
	t.Parallel()
	s := lively(t)
	for target, want := range map[string][]string{
		"":                                  {alice, bob, carol, dave, erin, frank, grace, heidi},
		"?sort=-id":                         {heidi, grace, frank, erin, dave, carol, bob, alice},
		"?sort=state":                       {dave, bob, frank, alice, erin, grace, carol, heidi},
		"?q=alice":                          {alice},
		"?q=6003":                           {carol},
		"?q=00%3A04%3AF2%3A00%3A00%3A02":    {bob},
		"?q=0004.f200.0002":                 {bob},
		"?q=192.0.2.15":                     {erin},
		"?state=refused":                    {bob},
		"?state=refused&state=failing":      {bob, dave},
		"?state=refused,failing&sort=state": {dave, bob},
		"?profile=yealink&sort=-name":       {heidi, frank, erin},
		"?vendor=poly":                      {alice, dave},
		"?q=&state=&profile=&vendor=&sort=": {alice, bob, carol, dave, erin, frank, grace, heidi},
		"?q=nobody":                         nil,
	} {
		if got := s.phonesOn("/phones" + target); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", target, got, want)
		}
	}
	body := s.ask("/phones?q=00&state=refused,failing&sort=-name&vendor=Poly", nil).body
	for _, want := range []string{`name="q" value="00"`, `<option value="refused,failing" selected>`, `<option value="Poly" selected>`, `name="sort" value="-name"`,
		`aria-sort="descending"`, `href="/phones?q=00&amp;sort=name&amp;state=refused%2Cfailing&amp;vendor=Poly"`} {
		if !strings.Contains(body, want) {
			t.Errorf("the list has no %s", want)
		}
	}
	for target, text := range map[string]string{"?state=ill": "is not one of", "?sort=shoe": "is not one of", "?page=0": "no number of a page", "?page=x": "no number of a page", "?page=99999999999999999999": "no number of a page"} {
		if a := s.ask("/phones"+target, nil); a.status != http.StatusBadRequest || !strings.Contains(a.body, text) {
			t.Errorf("%s: got %d", target, a.status)
		}
	}
}

// Each phone is on exactly one page of a list. A page beyond the last one is empty.
func TestPaging(t *testing.T) {
	t.Parallel()
	var users strings.Builder
	users.WriteString("[general]\n")
	const many = 2*perPage + 7
	for i := range many {
		users.WriteString(line(1000+i, fmt.Sprintf("0004f2%06x", i), "X", "poly", "s"))
	}
	s := newSite(t, phoneprovConf, users.String())
	s.serve()
	var all []string
	next := "/phones?sort=-name"
	for pages := 0; next != "" && pages < 9; pages++ {
		all = append(all, s.phonesOn(next)...)
		m := regexp.MustCompile(`href="([^"]*)" rel="next"`).FindStringSubmatch(s.ask(next, nil).body)
		if next = ""; m != nil {
			next = strings.ReplaceAll(m[1], "&amp;", "&")
		}
	}
	slices.Sort(all)
	if n := len(all); n != many || len(slices.Compact(all)) != many {
		t.Errorf("the pages have %d phones, want %d", n, many)
	}
	if body := s.ask("/phones?page=3&sort=-name", nil).body; !strings.Contains(body, `href="/phones?page=2&amp;sort=-name" rel="prev"`) {
		t.Error("no link to the page before")
	}
	if got := s.phonesOn("/phones?page=9"); got != nil {
		t.Errorf("beyond the last page: got %q", got)
	}
}

// Secrets show in the answer to a second POST only. No URL, no title and no cookie has one.
func TestReveal(t *testing.T) {
	t.Parallel()
	s := lively(t)
	secret := func(a answer) bool { return strings.Contains(a.body, newSecret) }
	target := "/phones/" + alice
	form := url.Values{"file": {alice + ".cfg"}, "variables": {"true"}}
	for name, a := range map[string]answer{
		"a page":             s.ask(target+"?file="+alice+".cfg&variables=true", nil),
		"a link":             s.ask(target+"?file="+alice+".cfg&variables=true&secrets=true", nil),
		"a page of XML":      s.ask(target+"?file="+alice+".xml", nil),
		"the first question": s.ask(target, form),
	} {
		if a.status != http.StatusOK || secret(a) || strings.Contains(a.body, aliceSecret) {
			t.Errorf("%s: got %d, secrets: %v", name, a.status, secret(a))
		}
	}
	asked := s.ask(target, form)
	if !strings.Contains(asked.body, `action="/phones/`+alice+`?secrets=true"`) || !strings.Contains(asked.body, "Reveal the secrets of 00:04:f2:00:00:01?") {
		t.Error("the reader is not asked")
	}
	shown := s.ask(target+"?secrets=true", form)
	if shown.status != http.StatusOK || !secret(shown) || !strings.Contains(shown.body, aliceSecret) { // ADMIN_PASSWORD of the profile
		t.Errorf("confirmed: got %d", shown.status)
	}
	if title := regexp.MustCompile(`<title>.*</title>`).FindString(shown.body); strings.Contains(title, newSecret) || strings.Contains(fmt.Sprint(shown.header), newSecret) {
		t.Error("a secret is in the title or in a header")
	}
	if shown.header.Get("Cache-Control") != "no-store" {
		t.Errorf("got Cache-Control %q", shown.header.Get("Cache-Control"))
	}
}

// The diff shows what changes, and a changed secret as changed.
func TestDiff(t *testing.T) {
	t.Parallel()
	s := lively(t)
	body := s.ask("/phones/"+alice+"?file="+alice+".cfg", nil).body
	for _, want := range []string{`<span class="x-del">-name = Alice Archer</span>`, `<span class="x-add">+name = Alice Adams</span>`, "secret, changed"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q in the page", want)
		}
	}
	for mac, want := range map[string]string{heidi: "Nothing: it has this file.", carol: "It never fetched this file."} {
		if body := s.ask("/phones/"+mac+"?file="+mac+".cfg", nil).body; !strings.Contains(body, want) {
			t.Errorf("%s: no %q", mac, want)
		}
	}
}

// An action is a POST from this site. Another site's form, a GET, and a form that nobody could have seen do nothing.
func TestActions(t *testing.T) {
	t.Parallel()
	s := lively(t)
	s.held = &provision.Held{ID: "h1", Since: time.Now(), Trigger: "core reload", Reason: "8 of 8 phones would be gone", Before: 8, Lost: 8, Phones: []string{alice, bob}}
	if body := s.ask("/", nil).body; !strings.Contains(body, "8 of 8 phones would be gone") || !strings.Contains(body, `name="held" value="h1"`) {
		t.Error("the overview does not show what is held")
	}
	for _, target := range []string{"/confirm", "/reload", "/resync/" + alice, "/display"} {
		if a := s.ask(target, nil); a.status != http.StatusMethodNotAllowed && a.status != http.StatusNotFound {
			t.Errorf("GET %s: got %d", target, a.status)
		}
		for _, header := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "http://evil.test"}, {"Origin", "null"}} {
			if a := s.ask(target, url.Values{"held": {"h1"}}, header...); a.status != http.StatusForbidden {
				t.Errorf("POST %s with %q: got %d", target, header, a.status)
			}
		}
	}
	if len(s.told) != 0 || s.again != 0 || s.held == nil {
		t.Fatal("another site had something done")
	}
	for id, want := range map[string]int{"": http.StatusBadRequest, "h0": http.StatusConflict, "h1": http.StatusSeeOther} {
		if id == "h1" {
			continue
		}
		if a := s.ask("/confirm", url.Values{"held": {id}}); a.status != want || s.held == nil {
			t.Errorf("confirmed %q: got %d", id, a.status)
		}
	}
	for target, note := range map[string]string{"/confirm": "8 phones are gone", "/reload": "being read again", "/resync/" + alice: "NOTIFY check-sync", "/resync/" + frank: "the phone is not registered"} {
		a := s.ask(target, url.Values{"held": {"h1"}}, "Sec-Fetch-Site", "same-origin")
		cookies := (&http.Response{Header: a.header}).Cookies()
		if a.status != http.StatusSeeOther || len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
			t.Errorf("%s: got %d, cookies %v", target, a.status, cookies)
			continue
		}
		next := s.ask(a.header.Get("Location"), nil, "Cookie", cookies[0].Name+"="+cookies[0].Value)
		if next.status != http.StatusOK || !strings.Contains(next.body, note) || !strings.Contains(next.header.Get("Set-Cookie"), "Max-Age=0") {
			t.Errorf("%s leads to %q: got %d without %q", target, a.header.Get("Location"), next.status, note)
		}
	}
	if s.held != nil || s.again != 1 || fmt.Sprint(s.told) == "[]" {
		t.Errorf("held %v, read again %d times, told %q", s.held, s.again, s.told)
	}
}

// The answers allow no inline code, no frames, and no cache.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := lively(t)
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*)>[^<]|\son\w+=|\sstyle=|<style|javascript:`)
	for _, path := range append([]string{"/assets/page.js", "/assets/style.css", "/assets/icon.svg", "/favicon.ico"}, everyPage...) {
		a := s.ask(path, nil)
		csp := a.header.Get("Content-Security-Policy")
		if !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "frame-ancestors 'none'") || strings.Contains(csp, "unsafe") ||
			a.header.Get("X-Frame-Options") != "DENY" || a.header.Get("Cache-Control") != "no-store" || a.header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: got %v", path, a.header)
		}
		if strings.Contains(a.header.Get("Content-Type"), "html") && inline.MatchString(a.body) {
			t.Errorf("%s has inline code: %q", path, inline.FindString(a.body))
		}
	}
	if a := s.ask("/assets/..%2fdoc.go", nil); a.status != http.StatusNotFound {
		t.Errorf("outside of the assets: got %d", a.status)
	}
}

// The language and the colours are the reader's. A form leads back to a page of this site only.
func TestDisplay(t *testing.T) {
	t.Parallel()
	s := lively(t)
	for back, want := range map[string]string{"/phones?q=x": "/phones?q=x", "https://evil.test/": "/", "//evil.test/": "/", `/\evil.test`: "/", "": "/", "javascript:alert(1)": "/"} {
		a := s.ask("/display", url.Values{"language": {"zh-CN"}, "theme": {"dark"}, "back": {back}})
		if a.status != http.StatusSeeOther || a.header.Get("Location") != want {
			t.Errorf("back to %q: got %d %q", back, a.status, a.header.Get("Location"))
		}
		set := fmt.Sprint(a.header.Values("Set-Cookie"))
		if !strings.Contains(set, languageCookie+"=zh-CN") || !strings.Contains(set, themeCookie+"=dark") {
			t.Errorf("got %s", set)
		}
	}
	a := s.ask("/", nil, "Cookie", languageCookie+"=zh-CN; "+themeCookie+"=dark", "Accept-Language", "en")
	if !strings.Contains(a.body, `<html lang="zh-CN" data-theme="dark"`) || !strings.Contains(a.body, "3 部话机需要处理") || !strings.Contains(a.body, "地址不允许") {
		t.Error("the chosen language and colours do not show")
	}
	if a := s.ask("/", nil, "Cookie", languageCookie+"=\"><script>; "+themeCookie+"=pink", "Accept-Language", "zh"); !strings.Contains(a.body, `<html lang="zh-CN" data-ago`) {
		t.Error("a choice that does not exist counts")
	}
}

// Each key of words that the templates and the code name exists, and each of the page's keys is named.
func TestWordsExist(t *testing.T) {
	named := map[string]bool{}
	key := regexp.MustCompile(`\b(?:t|n|Text|Count) ?\(?"([\w.]+)"|(?:t|Text|optional)\(?(?:l, )? ?\(?(?:print )?"([\w.]+\.)"`)
	for _, pattern := range []string{"*.go", "templates/*.html", "templates/pages/*.html"} {
		list, err := filepath.Glob(pattern)
		if err != nil || len(list) == 0 {
			t.Fatal(pattern, err)
		}
		for _, file := range list {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range key.FindAllStringSubmatch(string(text), -1) {
				named[m[1]+m[2]] = true
			}
		}
	}
	for key := range named {
		_, plain := words.English().Find(key)
		_, counted := words.English().Find(key + ".other")
		if !plain && !counted && !strings.HasSuffix(key, ".") {
			t.Errorf("English has no %q", key)
		}
	}
	if len(named) < 100 {
		t.Errorf("only %d keys are named", len(named))
	}
}

// A phone that is not there, and a page that is not there, are 404; a phone may be named by any spelling of its MAC.
func TestNotFound(t *testing.T) {
	t.Parallel()
	s := lively(t)
	for path, want := range map[string]int{"/phones/00-04-F2-00-00-01": 200, "/phones/0004f2999999": 404, "/phones/x/y": 404, "/nothing": 404} {
		if a := s.ask(path, nil); a.status != want || !strings.Contains(a.body, "<nav") {
			t.Errorf("%s: got %d", path, a.status)
		}
	}
}

// A sync that changed very many phones does not make a page of them all.
func TestSyncsAreBounded(t *testing.T) {
	t.Parallel()
	var users strings.Builder
	users.WriteString("[general]\n")
	const many = maxSyncChanges + 7
	for i := range many {
		users.WriteString(line(1000+i, fmt.Sprintf("0004f2%06x", i), "X", "poly", "s"))
	}
	s := newServed(t)
	s.sync(phoneprovConf, users.String())
	body := s.ask("/syncs", nil).body
	if got := strings.Count(body, "<li>added:"); got != maxSyncChanges || !strings.Contains(body, "and 7 more") {
		t.Errorf("got %d changes", got)
	}
}

// The verdict is about the worst.
func TestVerdict(t *testing.T) {
	t.Parallel()
	l := words.English()
	for want, counts := range map[string]map[ledger.State]int{
		"No phones are configured":                       {},
		"1 phone needs attention":                        {ledger.Failing: 1, ledger.UpToDate: 5, ledger.ChangeWaiting: 3},
		"6 phones need attention":                        {ledger.Failing: 1, ledger.Refused: 2, ledger.NoReaction: 3},
		"A change waits for 2 phones":                    {ledger.Told: 1, ledger.ChangeWaiting: 1, ledger.Unknown: 4},
		"It is not known yet how 4 phones are":           {ledger.Unknown: 4, ledger.UpToDate: 1},
		"No phone has fetched a file yet":                {ledger.NeverFetched: 4},
		"Nothing is wrong; 1 phone never fetched a file": {ledger.NeverFetched: 1, ledger.UpToDate: 1},
		"All 7 phones are up to date":                    {ledger.UpToDate: 7},
	} {
		total := 0
		for _, n := range counts {
			total += n
		}
		if got := verdict(l, counts, total); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// The profile for a stranger is the one that most phones of its vendor use.
func TestStrangersSections(t *testing.T) {
	t.Parallel()
	s := lively(t)
	body := s.ask("/strangers", nil).body
	for _, want := range []string{"macaddress = " + nadir, "profile = yealink", "phoneprov/MAC = " + nadir, "phoneprov/PROFILE = yealink", "Yealink T54W"} {
		if !strings.Contains(body, want) {
			t.Errorf("no %q", want)
		}
	}
	testkit.Eventually(t, "an empty list", func() bool {
		return strings.Contains(newServed(t).ask("/strangers", nil).body, "No stranger has asked")
	})
}

func newServed(t *testing.T) *site {
	s := newSite(t, phoneprovConf, "[general]\n")
	s.serve()
	return s
}
