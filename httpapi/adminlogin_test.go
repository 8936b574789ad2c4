package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
)

const (
	adminToken    = "token-of-the-admins-0123456789"
	adminPassword = "password-of-an-admin"
)

// adminSite has a handler of the admin address with a token and a user, and something behind it that says what it was asked.
func adminSite(t *testing.T, most int) (*bench, http.Handler) {
	t.Helper()
	secrets.Add(adminToken, adminPassword)
	hash, err := bcrypt.GenerateFromPassword([]byte(adminPassword), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	tokens, people := filepath.Join(dir, "tokens"), filepath.Join(dir, "people")
	for path, text := range map[string]string{tokens: "# ours\n" + adminToken + "\n", people: "root:" + string(hash) + "\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := newBench(t)
	if b.Admins.Login, err = httpauth.OpenAdmins(tokens, people, nil); err != nil {
		t.Fatal(err)
	}
	b.Admins.Failed = &Budget{access.NewBudget(most, 10*time.Minute), 10 * time.Minute}
	b.Admins.Problem = func(status int) string { return fmt.Sprintf(`{"status":%d}`, status) }
	b.Admins.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s %s", r.Method, r.URL.Path) })
	return b, Admin(b.Options)
}

func bearer(token string) []string { return []string{"Authorization", "Bearer " + token} }

func asUser(name, password string) []string {
	r, _ := http.NewRequest("GET", "http://x/", nil)
	r.SetBasicAuth(name, password)
	return []string{"Authorization", r.Header.Get("Authorization")}
}

// Who gets what at the admin address: only /healthz is open.
func TestAdminsSignIn(t *testing.T) {
	_, h := adminSite(t, 100)
	for _, path := range []string{"/readyz", "/api/v1/phones", "/metrics", "/", "/nothing"} {
		for _, row := range []struct {
			name   string
			header []string
			want   int
		}{
			{"nobody", nil, 401},
			{"token", bearer(adminToken), 200},
			{"another spelling of Bearer", []string{"Authorization", "bearer " + adminToken}, 200},
			{"wrong token", bearer(adminToken[1:]), 401},
			{"empty token", bearer(""), 401},
			{"user", asUser("root", adminPassword), 200},
			{"wrong password", asUser("root", "guess"), 401},
			{"other user", asUser("admin", adminPassword), 401},
			{"the token as a password", asUser("root", adminToken), 401},
			{"Digest", []string{"Authorization", `Digest username="root", response="0123456789abcdef0123456789abcdef"`}, 401},
		} {
			w := ask(h, "GET", "http://localhost"+path, row.header...)
			if w.Code != row.want {
				t.Errorf("%s, %s: got %d, want %d", path, row.name, w.Code, row.want)
			}
			challenges := strings.Join(w.Header().Values("WWW-Authenticate"), "; ")
			if want := `Bearer realm="phoneprov admin"; Basic realm="phoneprov admin", charset="UTF-8"`; w.Code == 401 && challenges != want {
				t.Errorf("%s, %s: got %q", path, row.name, challenges)
			}
			if w.Code == 401 && strings.HasPrefix(path, "/api/") && (w.Header().Get("Content-Type") != "application/problem+json" || !json.Valid(w.Body.Bytes())) {
				t.Errorf("%s, %s: got %v %s", path, row.name, w.Header(), w.Body)
			}
		}
	}
	if w := ask(h, "GET", "http://localhost/healthz"); w.Code != 200 {
		t.Errorf("/healthz: got %d", w.Code)
	}
	if w := ask(h, "GET", "http://pbx.evil/healthz"); w.Code != 404 {
		t.Errorf("/healthz of another host: got %d", w.Code)
	}
}

// Wrong credentials are bounded by source; who was right from there before still is, and other sources are not held up.
func TestAdminTriesAreBounded(t *testing.T) {
	b, h := adminSite(t, 5)
	from := func(address string, header []string) int {
		r := httptest.NewRequest("GET", "http://localhost/api/v1/phones", nil)
		r.RemoteAddr = address + ":1"
		r.Header.Set(header[0], header[1])
		return serveTest(h, r).Code
	}
	if got := from("192.0.2.1", bearer(adminToken)); got != 200 {
		t.Errorf("before: got %d", got)
	}
	for i := range 10 {
		want := 401
		if i > 5 {
			want = 429
		}
		if got := from("192.0.2.1", bearer(fmt.Sprint("a guess of a token, number ", i))); got != want {
			t.Errorf("guess %d: got %d, want %d", i, got, want)
		}
	}
	if got := from("192.0.2.1", bearer(adminToken)); got != 200 {
		t.Errorf("the token that was right before: got %d", got)
	}
	if got := from("192.0.2.1", asUser("root", adminPassword)); got != 429 {
		t.Errorf("a password that was not: got %d", got)
	}
	if got := from("192.0.2.2", asUser("root", adminPassword)); got != 200 {
		t.Errorf("another source: got %d", got)
	}
	if !strings.Contains(b.log.String(), `"reason":"too many tries"`) || !strings.Contains(b.log.String(), `"reason":"wrong credentials"`) {
		t.Errorf("the log does not tell of refusals: %s", &b.log)
	}
}

// A page of another origin learns nothing and does nothing, with any method; a link that somebody follows works.
func TestAdminCrossOrigin(t *testing.T) {
	_, h := adminSite(t, 100)
	for _, row := range []struct {
		name, method string
		header       []string
		want         int
	}{
		{"a program", "POST", nil, 200},
		{"our page", "POST", []string{"Sec-Fetch-Site", "same-origin", "Origin", "http://localhost"}, 200},
		{"our page in an old browser", "POST", []string{"Origin", "http://localhost"}, 200},
		{"typed", "GET", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a link", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 200},
		{"a form of another site", "POST", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, 403},
		{"a form in an old browser", "POST", []string{"Origin", "http://evil.example"}, 403},
		{"a sandboxed page", "POST", []string{"Origin", "null"}, 403},
		{"a fetch", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Origin", "http://evil.example"}, 403},
		{"a script", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, 403},
		{"a frame", "GET", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, 403},
		{"another port of ours", "GET", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors", "Origin", "http://localhost:8000"}, 403},
		{"a fetch in an old browser", "GET", []string{"Origin", "http://evil.example"}, 403},
	} {
		w := ask(h, row.method, "http://localhost/api/v1/reload", append(row.header, bearer(adminToken)...)...)
		if w.Code != row.want {
			t.Errorf("%s: got %d, want %d", row.name, w.Code, row.want)
		}
	}
	if w := ask(h, "GET", "http://localhost/healthz", "Origin", "http://evil.example"); w.Code != 200 {
		t.Errorf("/healthz: got %d", w.Code)
	}
}

// Actions, and secrets that were asked for, are lines of the log with the admin's name; what is read all the time is not.
func TestAdminLog(t *testing.T) {
	b, _ := adminSite(t, 100)
	b.Log = b.Log.Level(1) // info
	h := Admin(b.Options)
	ask(h, "GET", "http://localhost/api/v1/phones", bearer(adminToken)...)
	b.log.Reset() // of the warning that this is plain HTTP
	ask(h, "GET", "http://localhost/api/v1/phones", bearer(adminToken)...)
	if b.log.Len() > 0 {
		t.Errorf("got %s", &b.log)
	}
	ask(h, "POST", "http://localhost/api/v1/reload", asUser("root", adminPassword)...)
	if got := b.log.String(); !strings.Contains(got, `"method":"POST","file":"/api/v1/reload"`) || !strings.Contains(got, `"admin":"root"`) {
		t.Errorf("got %s", got)
	}
	b.log.Reset()
	ask(h, "GET", "http://localhost/api/v1/phones/x/files/y?secrets=true", bearer(adminToken)...)
	if got := b.log.String(); !strings.Contains(got, `"admin":"token","secrets":true`) {
		t.Errorf("got %s", got)
	}
}
