package httpauth

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/provision/device"
)

func TestBasic(t *testing.T) {
	text := credentials(t) + strings.ReplaceAll(entryOf(t, "*", "htpasswd", allPass), "$2a$", "$2y$") +
		entryOf(t, "*", "long", strings.Repeat("x", maxPassword)) + entryOf(t, "*", "a", "a") +
		"*:digestonly:" + hashMD5 + "\n"
	a := authenticator(t, text)
	ok := func(user string, of device.MAC) Result {
		return Result{State: OK, Scheme: "Basic", User: user, MAC: of}
	}
	for _, tt := range []struct {
		name   string
		header string
		mac    device.MAC
		want   Result
	}{
		{"right", basicHeader("alice", alicePass), alice, ok("alice", alice)},
		{"scheme in another case", "bASIC " + basicHeader("alice", alicePass)[6:], alice, ok("alice", alice)},
		{"shared user", basicHeader("all", allPass), alice, ok("all", noMAC)},
		{"shared user, file of no phone", basicHeader("all", allPass), noMAC, ok("all", noMAC)},
		{"hash of htpasswd", basicHeader("htpasswd", allPass), carol, ok("htpasswd", noMAC)},
		{"longest password", basicHeader("long", strings.Repeat("x", maxPassword)), carol, ok("long", noMAC)},
		{"user of two phones", basicHeader("desk", bobPass), bob, ok("desk", bob)},
		{"file of no phone", basicHeader("bob", bobPass), noMAC, ok("bob", bob)},

		{"wrong password", basicHeader("alice", "guess"), alice, bad(reasonWrong)},
		{"no password", basicHeader("alice", ""), alice, bad(reasonWrong)},
		{"the hash is no password", basicHeader("digestonly", hashMD5[4:]), alice, bad(reasonNoHash)},
		{"unknown user", basicHeader("mallory", alicePass), alice, bad(reasonUnknown)},
		{"no user", basicHeader("", ""), alice, bad(reasonUnknown)},
		{"user in another case", basicHeader("Alice", alicePass), alice, bad(reasonUnknown)},
		{"credential of another phone", basicHeader("alice", alicePass), bob, bad(reasonOther)},
		{"password of another phone", basicHeader("desk", bobPass), alice, bad(reasonWrong)},
		{"user of several phones, file of none", basicHeader("desk", bobPass), noMAC, bad(reasonSeveral)},
		{"longer than bcrypt sees", basicHeader("long", strings.Repeat("x", maxPassword)+"y"), carol, bad(reasonWrong)},
		{"the same to bcrypt", basicHeader("a", "a\x00a"), carol, bad(reasonWrong)},
		{"not base64", "Basic !!", alice, bad(reasonMalformed)},
		{"no colon", "Basic YWxpY2U=", alice, bad(reasonMalformed)},
		{"nothing", "Basic", alice, bad(reasonMalformed)},
		{"empty", "", alice, bad(reasonScheme)},
		{"another scheme", "Bearer YWxpY2U=", alice, bad(reasonScheme)},
		{"too long", "Basic " + strings.Repeat("A", maxHeader), alice, bad(reasonLong)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, again := range []string{"", ", again"} { // with the password known
				if got := check(a, request("GET", testURI, tt.header), tt.mac); got != tt.want {
					t.Errorf("got %+v, want %+v%s", got, tt.want, again)
				}
			}
		})
	}
}

func TestHeaders(t *testing.T) {
	a := authenticator(t, credentials(t))
	right := basicHeader("alice", alicePass)
	if got := check(a, request("GET", testURI, right, right), alice); got != bad(reasonHeaders) {
		t.Errorf("two headers: got %+v", got)
	}
	if got := check(a, request("GET", testURI), alice); got != (Result{}) || got.State != None {
		t.Errorf("no header: got %+v", got)
	}
}

// Passwords wait for their turn; a known one needs none; who waits too long or goes away is told to come again, whether
// the user is known or not.
func TestBasicTakesTurns(t *testing.T) {
	text := credentials(t)
	synctest.Test(t, func(t *testing.T) {
		a := authenticator(t, text)
		right := request("GET", testURI, basicHeader("alice", alicePass))
		if got := check(a, right, alice); got.State != OK {
			t.Fatalf("got %+v", got)
		}
		for range atATime() {
			a.turns.take(t.Context(), "others")
		}
		if got := check(a, right, alice); got.State != OK {
			t.Errorf("known password: got %+v", got)
		}
		busy := Result{State: Busy, Reason: reasonBusy}
		for _, user := range []string{"bob", "mallory"} {
			if got := check(a, request("GET", testURI, basicHeader(user, bobPass)), bob); got != busy {
				t.Errorf("%s: got %+v, want %+v", user, got, busy)
			}
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got := check(a, request("GET", testURI, basicHeader("bob", bobPass)).WithContext(ctx), bob); got != busy {
			t.Errorf("gone away: got %+v, want %+v", got, busy)
		}
		a.turns.give()
		if got := check(a, request("GET", testURI, basicHeader("bob", bobPass)), bob); got.State != OK {
			t.Errorf("with a turn: got %+v", got)
		}
		if a.turns.free != 1 || len(a.turns.waiting) != 0 || len(a.turns.order) != 0 {
			t.Errorf("left behind: %+v", a.turns)
		}
	})
}

// A password is known once it was accepted.
func TestAcceptedPassword(t *testing.T) {
	a := authenticator(t, credentials(t))
	e, _ := a.file.table().find("alice", alice)
	check(a, request("GET", testURI, basicHeader("alice", "guess")), alice)
	if e.verified.Load() != nil {
		t.Error("a wrong password is known")
	}
	check(a, request("GET", testURI, basicHeader("alice", alicePass)), alice)
	if e.verified.Load() == nil {
		t.Error("the right password is not known")
	}
}

// The hash that stands in for unknown users is one that bcrypt works on, as long as on a real one.
func TestNobody(t *testing.T) {
	for _, cost := range []int{4, maxCost} {
		if err := checkBcrypt(nobody(cost)); err != nil {
			t.Errorf("cost %d: %v", cost, err)
		}
		if got, err := bcrypt.Cost([]byte(nobody(cost))); got != cost || err != nil {
			t.Errorf("cost %d: got %d, %v", cost, got, err)
		}
	}
	if err := bcrypt.CompareHashAndPassword([]byte(nobody(4)), nil); !errors.Is(err, bcrypt.ErrMismatchedHashAndPassword) {
		t.Errorf("got %v", err)
	}
}
