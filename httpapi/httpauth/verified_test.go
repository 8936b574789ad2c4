package httpauth

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// A password is verified once bcrypt accepted it, and no other password of the user is.
func TestVerifiedPassword(t *testing.T) {
	a := authenticator(t, credentials(t))
	verified := func(user, password string) bool {
		got, ok := a.Verified(request("GET", testURI, basicHeader(user, password)), alice, Client{})
		if ok != (got.State == OK) {
			t.Errorf("%s: %+v, %v", user, got, ok)
		}
		return ok
	}
	if verified("alice", alicePass) {
		t.Error("before it was accepted")
	}
	check(a, request("GET", testURI, basicHeader("alice", alicePass)), alice)
	if !verified("alice", alicePass) || verified("alice", "guess") || verified("all", allPass) || verified("nobody", "") {
		t.Error("after it was accepted")
	}
}

// A nonce is verified for the user who answered it rightly: whoever has a password of their own cannot guess another's by it.
func TestVerifiedNonce(t *testing.T) {
	a := authenticator(t, credentials(t))
	nonce := nonceOf(t, a)
	verified := func(c client) bool {
		c.nonce = nonce
		_, ok := a.Verified(request("GET", testURI, c.header()), noMAC, Client{})
		return ok
	}
	bobs := client{user: "bob", password: bobPass, nc: "00000005"}
	if verified(client{}) {
		t.Error("before it was answered")
	}
	if got := check(a, request("GET", testURI, client{nonce: nonce, nc: "00000002"}.header()), alice); got.State != OK {
		t.Fatalf("got %+v", got)
	}
	switch {
	case verified(client{nc: "00000003", password: "guess"}):
		t.Error("a wrong password")
	case verified(bobs):
		t.Error("another user's right password")
	case verified(client{nc: "00000002"}):
		t.Error("a replay")
	case !verified(client{nc: "00000003"}):
		t.Error("the phone itself")
	case verified(client{nc: "00000003"}):
		t.Error("a replay of what was verified")
	}
}

// When the file is read anew, the phones whose lines are the same stay verified, and the others do not.
func TestVerifiedStays(t *testing.T) {
	const cost = bcrypt.MinCost
	line := func(user, password string) string {
		hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
		if err != nil {
			t.Fatal(err)
		}
		secrets.Add(string(hash))
		return "*:" + user + ":" + string(hash) + "\n"
	}
	same, changed, other := line("same", "one"), line("changed", "one"), line("changed", "two")
	change(t, same+changed, func(c *changing) {
		for _, user := range []string{"same", "changed"} {
			if got := check(c.auth, request("GET", testURI, basicHeader(user, "one")), alice); got.State != OK {
				t.Fatalf("%s: %+v", user, got)
			}
		}
		c.write("# new\n"+other+same, true)
		c.nextLook()
		for user, want := range map[string]bool{"same": true, "changed": false} {
			if _, got := c.auth.Verified(request("GET", testURI, basicHeader(user, "one")), alice, Client{}); got != want {
				t.Errorf("%s: got %v", user, got)
			}
		}
		c.wantTold("read")
	})
}

// A wrong password takes the time of the dearest hash in the file, whoever's it is.
func TestWrongPasswordsTakeTheSameTime(t *testing.T) {
	dear := skips.Size(t, 8, 7)
	dearest := fmt.Sprint("cost", dear)
	text := ""
	for cost := bcrypt.MinCost; cost <= dear; cost++ {
		hash, err := bcrypt.GenerateFromPassword([]byte("right"), cost)
		if err != nil {
			t.Fatal(err)
		}
		secrets.Add(string(hash))
		text += fmt.Sprintf("*:cost%d:%s\n", cost, hash)
	}
	a := authenticator(t, text)
	best := map[string]time.Duration{}
	users := []string{"nobody", "cost4", "cost6", fmt.Sprint("cost", dear-1), dearest}
	// The shortest of several times, until all are near to each other: what else the machine does only adds to a time. A password
	// that is refused early is never near, so all rounds are only needed where the test fails.
	var far []string
	for round := range 40 {
		far = nil
		for _, user := range users {
			begun := time.Now()
			if got := check(a, request("GET", testURI, basicHeader(user, "guess")), alice); got.State != Bad {
				t.Fatalf("%s: %+v", user, got)
			}
			if took := time.Since(begun); best[user] == 0 || took < best[user] {
				best[user] = took
			}
		}
		for _, user := range users {
			if ratio := float64(best[user]) / float64(best[dearest]); ratio < 0.5 || ratio > 2 {
				far = append(far, fmt.Sprintf("%s takes %.2f of the time of the dearest", user, ratio))
			}
		}
		if round >= 2 && len(far) == 0 {
			return
		}
	}
	t.Errorf("%v: %v", far, best)
}

// Phones of a make that knows no qop may do without where the settings say so. Each nonce is good for one request of theirs.
func TestNoQOP(t *testing.T) {
	const ua = "Cisco"
	a := authenticator(t, credentials(t))
	old := func(nonce, password, uri string) string {
		response := digestMD5.oldResponse(digestMD5.hash("alice", testRealm, password), "GET", uri, nonce)
		return fmt.Sprintf(`Digest username="alice", realm=%q, nonce=%q, uri=%q, response=%q`, testRealm, nonce, uri, response)
	}
	ask := func(header, vendor string) Result {
		secrets.AddHeader(header)
		got := a.Check(request("GET", testURI, header), alice, Client{Vendor: vendor})
		got.User, got.MAC, got.Scheme = "", noMAC, ""
		return got
	}
	nonce := nonceOf(t, a)
	right := old(nonce, alicePass, testURI)
	want := func(what string, got, want Result) {
		t.Helper()
		if got != want {
			t.Errorf("%s: got %+v, want %+v", what, got, want)
		}
	}
	want("as delivered", ask(right, ua), bad(reasonNoQOP))
	a.NoQOP = []string{"cisco"}
	want("another make", ask(right, "Yealink"), bad(reasonNoQOP))
	want("no make", ask(right, ""), bad(reasonNoQOP))
	want("wrong password", ask(old(nonce, "guess", testURI), ua), bad(reasonWrong))
	want("another file", ask(old(nonce, alicePass, "/x"), ua), bad(reasonURI))
	want("right", ask(right, ua), Result{State: OK})
	want("sent again", ask(right, ua), Result{State: Stale, Reason: reasonReplay})
	want("the nonce with qop", ask(client{nonce: nonce, nc: "00000009"}.header(), ua), Result{State: Stale, Reason: reasonReplay})
	want("with qop", ask(client{nonce: nonceOf(t, a)}.header(), ua), Result{State: OK})
	want("qop without a value", ask(strings.Replace(old(nonceOf(t, a), alicePass, testURI), ", uri", `, qop="", uri`, 1), ua), bad(reasonQOP))
}

// The example of RFC 2069, 2.4, with the response of its erratum.
func TestOldResponse(t *testing.T) {
	ha1 := digestMD5.hash("Mufasa", "testrealm@host.com", "CircleOfLife")
	if got, want := digestMD5.oldResponse(ha1, "GET", "/dir/index.html", "dcd98b7102dd2f0e8b11d0f600bfb0c093"), "1949323746fe6a43ef61f9606e7febea"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
