package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
)

// A session ends after its lifetime, however often it is used, and its streams end with it.
func TestSessionEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		_, h := pageSite(t, 100)
		p := newReader(t, h)
		p.signIn("root", adminPassword, "/")
		begun := time.Now()
		streamed := make(chan time.Duration, 2)
		stream := func(p *reader) {
			r := p.request("GET", "/stream", nil)
			go func() {
				h.ServeHTTP(httptest.NewRecorder(), r)
				streamed <- time.Since(begun)
			}()
		}
		stream(p)
		for range 11 {
			time.Sleep(time.Hour)
			if w := p.get("/"); w.Code != 200 {
				t.Fatalf("after %v: got %d", time.Since(begun), w.Code)
			}
		}
		time.Sleep(time.Hour)
		want(t, p.get("/"), 303, "/signin?to=%2F")
		if took := <-streamed; took != sessionLifetime {
			t.Errorf("the stream ended after %v", took)
		}
		p.signIn("root", adminPassword, "/")
		stream(p)
		synctest.Wait()
		p.do(p.request("POST", "/signout", url.Values{}))
		if took := <-streamed; took != sessionLifetime {
			t.Errorf("the stream ended after %v, and not with the session", took)
		}
	})
}

// A session ends when its credentials do.
func TestSessionEndsWithItsCredentials(t *testing.T) {
	t.Parallel()
	b, _ := adminSite(t, 100)
	hash := func(password string) string {
		h, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
		if err != nil {
			t.Fatal(err)
		}
		return string(h)
	}
	secrets.Add("another-password", "third-password")
	dir := t.TempDir()
	tokens, people := filepath.Join(dir, "tokens"), filepath.Join(dir, "people")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		old := time.Now().Add(-time.Hour - time.Duration(len(text))*time.Second)
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	write(tokens, adminToken+"\n")
	write(people, "root:"+hash(adminPassword)+"\nann:"+hash("another-password")+"\n")
	var err error
	if b.Admins.Login, err = httpauth.OpenAdmins(tokens, people, nil); err != nil {
		t.Fatal(err)
	}
	b.Admins.SignIn = func(w http.ResponseWriter, _ *http.Request, f SignInForm) { w.WriteHeader(max(f.Outcome, 200)) }
	h := Admin(b.Options)
	root, ann, token := newReader(t, h), newReader(t, h), newReader(t, h)
	want(t, root.signIn("root", adminPassword, "/"), 303, "/")
	want(t, ann.signIn("ann", "another-password", "/"), 303, "/")
	want(t, token.signIn("", adminToken, "/"), 303, "/")
	write(people, "root:"+hash(adminPassword)+"\nann:"+hash("third-password")+"\n# more\n")
	write(tokens, "some-other-token-0123456789\n# more\n")
	testkit.Eventually(t, "another password ends the session", func() bool { return ann.get("/").Code == 303 })
	testkit.Eventually(t, "another token ends the session", func() bool { return token.get("/").Code == 303 })
	// root has another hash of the same password: the session ended too.
	if w := root.get("/"); w.Code != 303 {
		t.Errorf("another hash: got %d", w.Code)
	}
	want(t, root.signIn("root", adminPassword, "/"), 303, "/")
	write(people, "# gone\nann:"+hash("third-password")+"\n")
	testkit.Eventually(t, "the removal ends the session", func() bool { return root.get("/").Code == 303 })
}

// The sessions are bounded: the one that would end first goes.
func TestSessionsAreBounded(t *testing.T) {
	s := newSessions()
	begun := time.Now().Add(time.Hour)
	for i := range maxSessions + 5 {
		if err := s.store.Commit(fmt.Sprint(i), nil, begun.Add(time.Duration(i)*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	if _, ok, _ := s.store.Find("4"); ok || len(s.store.byToken) != maxSessions {
		t.Errorf("got %d sessions, the first ones are there: %v", len(s.store.byToken), ok)
	}
	if _, ok, _ := s.store.Find(fmt.Sprint(maxSessions + 4)); !ok {
		t.Error("the last one is gone")
	}
}
