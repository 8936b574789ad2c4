package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// pageSite is adminSite with a page of signing in, which repeats what it is given.
func pageSite(t *testing.T, most int) (*bench, http.Handler) {
	t.Helper()
	b, _ := adminSite(t, most)
	b.Now = time.Now
	b.Admins.SignIn = func(w http.ResponseWriter, _ *http.Request, f SignInForm) {
		w.WriteHeader(max(f.Outcome, 200))
		fmt.Fprintf(w, "form %+v", f)
	}
	b.Admins.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/stream" {
			<-r.Context().Done()
		}
		fmt.Fprintf(w, "%s %s by %s", r.Method, r.URL.Path, SignedIn(r))
	})
	return b, Admin(b.Options)
}

// reader is a browser: it keeps cookies, and asks for pages.
type reader struct {
	t       *testing.T
	h       http.Handler
	origin  string
	address string
	cookies map[string]string
}

func newReader(t *testing.T, h http.Handler) *reader {
	return &reader{t, h, "http://localhost", "192.0.2.1", map[string]string{}}
}

func (b *reader) request(method, path string, form url.Values) *http.Request {
	r := httptest.NewRequest(method, b.origin+path, strings.NewReader(form.Encode()))
	r.RemoteAddr = b.address + ":1"
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.origin)
	}
	for name, value := range b.cookies {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return r
}

func (b *reader) do(r *http.Request) *httptest.ResponseRecorder {
	b.t.Helper()
	w := serveTest(b.h, r)
	for _, c := range w.Result().Cookies() {
		if b.cookies[c.Name] = c.Value; c.MaxAge < 0 {
			delete(b.cookies, c.Name)
		}
	}
	for name, want := range map[string]string{"Cache-Control": "no-store", "X-Frame-Options": "DENY"} {
		if got := w.Header().Get(name); !strings.Contains(got, want) {
			b.t.Errorf("%s %s: got %s %q", r.Method, r.URL.Path, name, got)
		}
	}
	if got := w.Header().Get("Content-Security-Policy"); !strings.Contains(got, "frame-ancestors 'none'") {
		b.t.Errorf("%s %s: got policy %q", r.Method, r.URL.Path, got)
	}
	return w
}

func (b *reader) get(path string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(b.request("GET", path, nil))
}

func (b *reader) signIn(name, password, to string) *httptest.ResponseRecorder {
	b.t.Helper()
	return b.do(b.request("POST", "/signin", url.Values{"name": {name}, "password": {password}, "to": {to}}))
}

// want checks the status and the Location of an answer.
func want(t *testing.T, w *httptest.ResponseRecorder, status int, location string) {
	t.Helper()
	if w.Code != status || w.Header().Get("Location") != location {
		t.Errorf("got %d to %q, want %d to %q: %s", w.Code, w.Header().Get("Location"), status, location, w.Body)
	}
}

// A person is led to the page of signing in, and back to the page that was asked for. Signing out ends the session.
func TestSignInAndOut(t *testing.T) {
	b, h := pageSite(t, 100)
	p := newReader(t, h)
	want(t, p.get("/phones?state=refused"), 303, "/signin?to=%2Fphones%3Fstate%3Drefused")
	want(t, p.get("/api/v1/status"), 303, "/signin?to=%2Fapi%2Fv1%2Fstatus")
	want(t, p.do(p.request("POST", "/reload", url.Values{})), 303, "/signin?to=%2F")
	if w := p.get("/signin?to=%2Fphones"); w.Code != 200 || w.Body.String() != "form {To:/phones Name: Names:true Tokens:true Outcome:0}" {
		t.Errorf("the form: got %d %s", w.Code, w.Body)
	}
	w := p.signIn("root", "wrong-guess", "/phones")
	if w.Code != 401 || w.Body.String() != "form {To:/phones Name:root Names:true Tokens:true Outcome:401}" || len(p.cookies) > 0 {
		t.Errorf("a wrong password: got %d %s %v", w.Code, w.Body, p.cookies)
	}
	if got := w.Header().Get("WWW-Authenticate"); !strings.HasPrefix(got, "Cookie ") {
		t.Errorf("a wrong password: the browser is challenged with %q", got)
	}
	w = p.signIn("root", adminPassword, "/phones?q=x")
	want(t, w, 303, "/phones?q=x")
	cookie := w.Result().Cookies()[0]
	if cookie.Name != "phoneprov_session" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Secure || cookie.Path != "/" ||
		cookie.Domain != "" || cookie.MaxAge < 12*3600-60 || cookie.MaxAge > 12*3600+1 || len(cookie.Value) < 32 {
		t.Errorf("got cookie %+v", cookie)
	}
	if w := p.get("/phones"); w.Code != 200 || w.Body.String() != "GET /phones by root" {
		t.Errorf("signed in: got %d %s", w.Code, w.Body)
	}
	want(t, p.get("/signin?to=/syncs"), 303, "/syncs")
	if w := p.do(p.request("POST", "/reload", url.Values{})); w.Code != 200 {
		t.Errorf("an action: got %d %s", w.Code, w.Body)
	}
	if got := b.log.String(); !strings.Contains(got, `"file":"/reload"`) || !strings.Contains(got, `"admin":"root"`) {
		t.Errorf("the action is not logged with the admin: %s", got)
	}
	// The session is renewed when its admin signs in again: the old cookie is worth nothing.
	old := p.cookies["phoneprov_session"]
	want(t, p.signIn("root", adminPassword, ""), 303, "/")
	thief := newReader(t, h)
	thief.cookies["phoneprov_session"] = old
	want(t, thief.get("/"), 303, "/signin?to=%2F")
	// So is the cookie of a session that is signed out.
	thief.cookies["phoneprov_session"] = p.cookies["phoneprov_session"]
	if w := thief.get("/"); w.Code != 200 {
		t.Fatalf("the cookie: got %d", w.Code)
	}
	want(t, p.get("/signout"), 303, "/")
	if w := p.get("/"); w.Code != 200 {
		t.Errorf("a link signed out: got %d", w.Code)
	}
	want(t, p.do(p.request("POST", "/signout", url.Values{})), 303, "/signin")
	if len(p.cookies) > 0 {
		t.Errorf("got cookies %v", p.cookies)
	}
	want(t, thief.get("/"), 303, "/signin?to=%2F")
}

func TestSignInWithAToken(t *testing.T) {
	_, h := pageSite(t, 100)
	p := newReader(t, h)
	want(t, p.signIn("", adminToken, "/"), 303, "/")
	if w := p.get("/phones"); w.Body.String() != "GET /phones by token" {
		t.Errorf("got %d %s", w.Code, w.Body)
	}
	if w := p.signIn("", adminPassword, "/"); w.Code != 401 {
		t.Errorf("the password without a name: got %d", w.Code)
	}
}

// Over TLS, of our own or of a trusted proxy, the cookie is Secure, and none that came over HTTP counts.
func TestSecureCookie(t *testing.T) {
	_, h := pageSite(t, 100)
	p := newReader(t, h)
	p.origin = "https://localhost"
	w := p.signIn("root", adminPassword, "/")
	if cookie := w.Result().Cookies()[0]; cookie.Name != "__Host-phoneprov_session" || !cookie.Secure || cookie.Path != "/" || cookie.Domain != "" {
		t.Errorf("got %+v", cookie)
	}
	if w := p.get("/"); w.Code != 200 {
		t.Errorf("got %d", w.Code)
	}
	plain := newReader(t, h)
	plain.cookies["phoneprov_session"] = p.cookies["__Host-phoneprov_session"]
	plain.origin = "https://localhost"
	if w := plain.get("/"); w.Code != 303 {
		t.Errorf("the plain cookie over TLS: got %d", w.Code)
	}
}

// What no browser of a person sends gets the answers of before, and what the page's script sends gets no challenge at
// which a browser would ask for a password by itself.
func TestChallenges(t *testing.T) {
	_, h := pageSite(t, 100)
	for _, row := range []struct {
		name, path string
		header     []string
		status     int
		scheme     string
	}{
		{"curl", "/api/v1/phones", []string{"Accept", "*/*"}, 401, "Bearer"},
		{"a program that wants JSON", "/api/v1/phones", []string{"Accept", "application/json"}, 401, "Bearer"},
		{"a wrong token with text/html", "/phones", append(bearer("wrong-guess-of-a-token"), "Accept", "text/html"), 401, "Cookie"},
		{"a stream", "/api/v1/events", []string{"Accept", "text/event-stream"}, 401, "Cookie"},
		{"a fragment over plain HTTP", "/phones", []string{"Phoneprov-Fragment", "1"}, 401, "Cookie"},
		{"a fetch", "/phones", []string{"Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "cors"}, 401, "Cookie"},
		{"the style", "/assets/style.css", nil, 200, ""},
		{"the icon", "/favicon.ico", nil, 200, ""},
	} {
		w := ask(h, "GET", "http://localhost"+row.path, row.header...)
		scheme, _, _ := strings.Cut(w.Header().Get("WWW-Authenticate"), " ")
		if w.Code != row.status || scheme != row.scheme {
			t.Errorf("%s: got %d, %q", row.name, w.Code, w.Header()["Www-Authenticate"])
		}
	}
	if w := ask(h, "POST", "http://localhost/assets/style.css"); w.Code != 401 {
		t.Errorf("POST of an asset: got %d", w.Code)
	}
	if w := ask(h, "GET", "http://localhost/phones", append(bearer(adminToken), "Accept", "text/html")...); w.Code != 200 || w.Body.String() != "GET /phones by " {
		t.Errorf("a token: got %d %s", w.Code, w.Body)
	}
}

// Nobody is led to another site, or in a circle.
func TestLocalPath(t *testing.T) {
	for to, want := range map[string]string{
		"/": "/", "/phones?q=a%2Fb&x=1": "/phones?q=a%2Fb&x=1", "": "/", "//evil.example/": "/", "/\\evil.example": "/", "https://evil.example/": "/",
		"evil": "/", "/\t/evil.example": "/", "javascript:alert(1)": "/", "/x\r\nSet-Cookie: a=b": "/", "/signin?to=/": "/", "/signout": "/", "/%zz": "/",
		"///evil.example": "/",
	} {
		if got := localPath(to); got != want {
			t.Errorf("%q: got %q, want %q", to, got, want)
		}
	}
}

// The form of another site signs nobody in or out, and too large a form is refused.
func TestSignInIsGuarded(t *testing.T) {
	_, h := pageSite(t, 100)
	p := newReader(t, h)
	form := url.Values{"name": {"root"}, "password": {adminPassword}}
	for _, path := range []string{"/signin", "/signout"} {
		r := p.request("POST", path, form)
		r.Header.Set("Origin", "http://evil.example")
		if w := p.do(r); w.Code != 403 || len(p.cookies) > 0 {
			t.Errorf("%s: got %d %v", path, w.Code, p.cookies)
		}
	}
	if w := p.signIn(strings.Repeat("x", maxSignIn), "y", ""); w.Code != 413 {
		t.Errorf("too large: got %d", w.Code)
	}
	r := p.request("POST", "/signin", form)
	r.URL.RawQuery = r.URL.RawQuery + "name=root&password=" // credentials in a URL do not count
	r.Body = http.NoBody
	if w := p.do(r); w.Code != 401 {
		t.Errorf("credentials in the URL: got %d", w.Code)
	}
}

// The tries of the form are bounded by source, together with those of programs. After the period a source may try
// again. Other sources are not affected, nor is a session.
func TestTriesOfTheFormAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, h := pageSite(t, 5)
		signedIn := newReader(t, h)
		want(t, signedIn.signIn("", adminToken, "/"), 303, "/")
		p := newReader(t, h)
		for i := range 10 {
			status := 401
			if i > 5 {
				status = 429
			}
			w := p.signIn("root", fmt.Sprint("guess-of-a-password-", i), "/")
			if w.Code != status || status == 429 && (w.Header().Get("Retry-After") != "600" || !strings.Contains(w.Body.String(), "Outcome:429")) {
				t.Errorf("guess %d: got %d %v %s", i, w.Code, w.Header(), w.Body)
			}
		}
		if w := p.signIn("root", adminPassword, "/"); w.Code != 429 {
			t.Errorf("the right one after them: got %d", w.Code)
		}
		program := p.request("GET", "/api/v1/phones", nil)
		program.Header.Set("Authorization", "Bearer guess-of-a-token-0123456789")
		if w := p.do(program); w.Code != 429 {
			t.Errorf("a program of the same source: got %d", w.Code)
		}
		if w := signedIn.get("/phones"); w.Code != 200 {
			t.Errorf("a session of the same source: got %d", w.Code)
		}
		other := newReader(t, h)
		other.address = "198.51.100.1"
		want(t, other.signIn("root", adminPassword, "/"), 303, "/")
		time.Sleep(21 * time.Minute)
		want(t, p.signIn("root", adminPassword, "/"), 303, "/")
	})
}

// Without a login there is nothing to sign in to.
func TestNoLoginNoSignIn(t *testing.T) {
	b, _ := pageSite(t, 100)
	b.Admins.Login = nil
	p := newReader(t, Admin(b.Options))
	for _, path := range []string{"/", "/signin"} {
		if w := p.get(path); w.Code != 200 || w.Body.String() != "GET "+path+" by " {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
}
