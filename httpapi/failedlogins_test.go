package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// A source that tries many passwords of a user waits; the others behind its address do not.
func TestFailedLogins(t *testing.T) {
	t.Parallel()
	b := guard(t)
	withLogin(t, b)
	h := Phones(b.Options)
	for i := range 8 { // a phone with an old password asks for file after file
		if w := from(h, internet, "0011223344aa.cfg", basic("phone", "old")); w.Code != 401 {
			t.Errorf("the same again, %d: got %d", i, w.Code)
		}
	}
	for i := range 3 {
		from(h, internet, "0011223344aa.cfg", basic("phone", fmt.Sprint("guess", i)))
	}
	w := from(h, internet, "0011223344aa.cfg", basic("phone", "right-phone"))
	if w.Code != 429 || w.Header().Get("Retry-After") != "600" || w.Body.String() != "Too Many Requests\n" {
		t.Errorf("after too many: got %d %v %q", w.Code, w.Header(), w.Body)
	}
	if w := from(h, internet, "0011223344aa.cfg", basic("all", "right-all")); w.Code != 200 {
		t.Errorf("another user: got %d", w.Code)
	}
	if w := from(h, "198.51.100.8:1", "0011223344aa.cfg", basic("phone", "right-phone")); w.Code != 200 {
		t.Errorf("another source: got %d", w.Code)
	}
}

// A phone with an old password of the shared user locks nobody out: neither with Basic, nor with Digest, where each
// request has another header. Its requests are refused like any other user's, and the whole source is bounded.
func TestFailedLoginsOfTheSharedUser(t *testing.T) {
	t.Parallel()
	b := guard(t) // with a budget of 3
	withLogin(t, b)
	h := Phones(b.Options)
	for i := range 29 {
		want := 401
		if i >= 4 {
			want = 429
		}
		for _, user := range []string{"all", "nobody"} { // the answers must not tell them apart
			source := map[string]string{"all": internet, "nobody": "198.51.100.9:1"}[user]
			if w := from(h, source, "0011223344aa.cfg", basic(user, fmt.Sprint("guess", i))); w.Code != want {
				t.Fatalf("%s, %d: got %d, want %d", user, i, w.Code, want)
			}
		}
	}
	if w := from(h, internet, "0011223344aa.cfg", basic("all", "right-all")); w.Code != 200 {
		t.Errorf("the right password behind the same address: got %d", w.Code)
	}
	if w := from(h, "198.51.100.10:1", "0011223344aa.cfg", basic("all", "right-all")); w.Code != 200 {
		t.Errorf("another source: got %d", w.Code)
	}
}

// The failures of a source are bounded in total, whatever user names it invents. A header that it repeats is bounded
// too.
func TestFailedLoginsOfASource(t *testing.T) {
	t.Parallel()
	for name, guess := range map[string]func(i int) func(*http.Request){
		"random names":   func(i int) func(*http.Request) { return basic(fmt.Sprint("user", i), "x") },
		"the same again": func(int) func(*http.Request) { return basic("all", "old") },
		"shared":         func(i int) func(*http.Request) { return basic("all", fmt.Sprint("guess", i)) },
	} {
		t.Run(name, func(t *testing.T) {
			b := guard(t)
			withLogin(t, b)
			h := Phones(b.Options)
			if w := from(h, internet, "0011223344aa.cfg", basic("phone", "right-phone")); w.Code != 200 {
				t.Fatalf("got %d", w.Code)
			}
			for i := range 40 {
				from(h, internet, "0011223344aa.cfg", guess(i))
			}
			if w := from(h, internet, "0011223344aa.cfg", guess(40)); w.Code != 429 {
				t.Errorf("one more: got %d", w.Code)
			}
			if w := from(h, internet, "0011223344aa.cfg", basic("phone", "right-phone")); w.Code != 200 {
				t.Errorf("a password that was right before: got %d", w.Code)
			}
		})
	}
}

// A password or a nonce that was right before needs no budget. So it works even if somebody behind the same address has
// guessed that user's password too often.
func TestVerifiedPassesTheBudget(t *testing.T) {
	t.Parallel()
	b := guard(t)
	withLogin(t, b)
	h := Phones(b.Options)
	if w := from(h, internet, "0011223344aa.cfg", basic("phone", "right-phone")); w.Code != 200 {
		t.Fatalf("got %d", w.Code)
	}
	for i := range 22 {
		from(h, internet, "0011223344aa.cfg", basic("phone", fmt.Sprint("guess", i)))
	}
	if w := from(h, internet, "0011223344aa.cfg", basic("phone", "right-phone")); w.Code != 200 {
		t.Errorf("Basic: got %d", w.Code)
	}

	s := newSite(t, "", nil)
	s.strangers()
	withDigest(t, s)
	digest := Phones(s.Options)
	const uri = "/phoneprov/0011223344aa.cfg"
	ask := func(header string) *httptest.ResponseRecorder {
		return from(digest, internet, "0011223344aa.cfg", func(r *http.Request) {
			r.RequestURI = uri
			if header != "" {
				r.Header.Set("Authorization", strings.TrimSpace(strings.TrimPrefix(header, "Authorization:")))
			}
		})
	}
	nonce := nonceOf.FindStringSubmatch(ask("").Header().Get("WWW-Authenticate"))[1]
	if w := ask(digestHeader("GET", uri, nonce, "00000001")); w.Code != 200 {
		t.Fatalf("Digest: got %d", w.Code)
	}
	for i := range 22 {
		ask(strings.Replace(digestHeader("GET", uri, nonce, "00000002"), `cnonce="c"`, fmt.Sprintf(`cnonce="%d"`, i), 1))
	}
	if w := ask(digestHeader("GET", uri, "not-"+nonce, "00000002")); w.Code != 401 { // it asks for another one
		t.Errorf("Digest, another nonce: got %d", w.Code)
	}
	if w := ask(digestHeader("GET", uri, nonce, "00000002")); w.Code != 200 {
		t.Errorf("Digest, the nonce that was right before: got %d", w.Code)
	}
	fresh := nonceOf.FindStringSubmatch(ask("").Header().Get("WWW-Authenticate"))[1]
	if w := ask(digestHeader("GET", uri, fresh, "00000001")); w.Code != 200 {
		t.Errorf("Digest, a new nonce after a boot: got %d", w.Code)
	}
	for i := range 200 { // who guesses on, ends it for all that was not verified
		ask(strings.Replace(digestHeader("GET", uri, nonce, "00000003"), `cnonce="c"`, fmt.Sprintf(`cnonce="more%d"`, i), 1))
	}
	fresh = nonceOf.FindStringSubmatch(ask("").Header().Get("WWW-Authenticate"))[1]
	if w := ask(digestHeader("GET", uri, fresh, "00000001")); w.Code != 429 {
		t.Errorf("Digest, a new nonce after 200 guesses of the source: got %d, want 429", w.Code)
	}
}
