package page

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rs/zerolog"
	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/deploy/browser"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/admin"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
)

const signInPassword = "password-of-the-page"

// guarded returns the URL of a page behind a login of root.
func guarded(t *testing.T, s *site) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(signInPassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	people := filepath.Join(t.TempDir(), "people")
	if err := os.WriteFile(people, []byte("root:"+string(hash)+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	login, err := httpauth.OpenAdmins("", people, nil)
	if err != nil {
		t.Fatal(err)
	}
	api := admin.NewAPI(s.Options)
	pages, err := New(api)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", api.Handler())
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { pages.ServeHTTP(w, WithUser(r, httpapi.SignedIn(r))) })
	server := httptest.NewServer(httpapi.Admin(httpapi.Options{Store: s.Store, Log: zerolog.Nop(), Admins: httpapi.Admins{
		Login: login, Handler: mux,
		SignIn: func(w http.ResponseWriter, r *http.Request, f httpapi.SignInForm) { pages.SignIn(w, r, SignIn(f)) },
	}}))
	t.Cleanup(server.Close)
	return server.URL
}

// A person signs in, comes to the page that was asked for, and signs out: with and without JavaScript, in both
// languages. The page of signing in has no barrier.
func TestSignInInABrowser(t *testing.T) {
	url := guarded(t, lively(t))
	for _, row := range []struct {
		language, title, wrong string
		scripts                bool
	}{{"en", "Sign in", "is not right", true}, {"zh-CN", "登录", "不对", false}} {
		t.Run(row.language, func(t *testing.T) {
			b := browser.Open(t)
			b.Speak(row.language)
			b.Visit(url + "/phones?q=Bob")
			b.WaitText(row.title)
			if row.scripts {
				b.Accessible("sign in")
			}
			if row.scripts {
				b.Size(360, 640)
				if wide := browser.Eval[int64](b, `document.documentElement.scrollWidth`); wide > 360 {
					t.Errorf("the page is %d wide", wide)
				}
				if got := browser.Eval[string](b, `document.querySelector('nav') === null ? document.cookie : 'nav'`); strings.Contains(got, "nav") || strings.Contains(got, "session") {
					t.Errorf("who is not signed in sees %q", got)
				}
			} else {
				b.NoScripts()
			}
			b.Type("input[name=name]", "root")
			b.Type("input[name=password]", "a-wrong-password\n")
			b.WaitText(row.wrong)
			if row.scripts {
				b.Accessible("a wrong password")
			}
			b.Type("input[name=password]", signInPassword+"\n")
			b.WaitText("Bob")
			if got := browser.Eval[string](b, `location.pathname + location.search + ' ' + document.cookie`); !strings.HasPrefix(got, "/phones?q=Bob ") || strings.Contains(got, "session") {
				t.Errorf("signed in at %q", got)
			}
			b.Click("form.user button")
			testkit.Eventually(t, "signed out", func() bool { return browser.Eval[string](b, `location.pathname`) == "/signin" })
			b.Visit(url + "/phones")
			b.WaitText(row.title)
		})
	}
}

// The banner of the demo is on every page.
func TestDemoBanner(t *testing.T) {
	t.Parallel()
	s := newSite(t, phoneprovConf, usersConf("Alice", aliceSecret))
	s.Demo = true
	pages, err := New(admin.NewAPI(s.Options))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range everyPage {
		w := httptest.NewRecorder()
		pages.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
		if !strings.Contains(w.Body.String(), "“Simulated” are simulated") {
			t.Errorf("%s has no banner: %d", path, w.Code)
		}
	}
}

// Each outcome of a try has its words, in every language, and the page repeats nothing but the name.
func TestSignInPage(t *testing.T) {
	t.Parallel()
	s := newSite(t, phoneprovConf, usersConf("Alice", aliceSecret))
	pages, err := New(admin.NewAPI(s.Options))
	if err != nil {
		t.Fatal(err)
	}
	for _, language := range []string{"en", "zh-CN"} {
		for _, outcome := range []int{0, 401, 429, 503} {
			r := httptest.NewRequest("POST", "/signin", nil)
			r.Header.Set("Accept-Language", language)
			w := httptest.NewRecorder()
			pages.SignIn(w, r, SignIn{To: `/x?q="><script>`, Name: `"><b>`, Names: true, Tokens: true, Outcome: outcome})
			text := w.Body.String()
			if w.Code != max(outcome, 200) || strings.Contains(text, "signin.") || strings.Contains(text, "<script>") || strings.Contains(text, "<b>") ||
				strings.Contains(text, `role="alert"`) != (outcome != 0) || !strings.Contains(w.Header().Get("Cache-Control"), "no-store") {
				t.Errorf("%s %d: got %d %v %s", language, outcome, w.Code, w.Header(), text)
			}
		}
	}
	w := httptest.NewRecorder()
	pages.SignIn(w, httptest.NewRequest("GET", "/signin", nil), SignIn{Tokens: true})
	if text := w.Body.String(); strings.Contains(text, `name="name"`) || !strings.Contains(text, "Token") {
		t.Errorf("with tokens only: got %s", text)
	}
}
