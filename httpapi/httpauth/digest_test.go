package httpauth

import (
	"cmp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

// Each row is a request with a fresh nonce in the place of its client's; before is one that came first.
var digestTests = []struct {
	name   string
	before *client
	client client
	method string // of the request, where it is not the client's
	target string // of the request, where it is not the client's uri
	mac    device.MAC
	nonce  func(string) string
	edit   func(header string) string
	state  State
	reason string
	of     device.MAC
}{
	{name: "SHA-256", mac: alice, state: OK, of: alice},
	{name: "MD5", client: client{scheme: digestMD5}, mac: alice, state: OK, of: alice},
	{name: "no algorithm is MD5", client: client{scheme: digestMD5, without: "algorithm"}, mac: alice, state: OK, of: alice},
	{name: "HEAD", client: client{method: "HEAD"}, mac: alice, state: OK, of: alice},
	{name: "PUT", client: client{method: "PUT", uri: "/phoneprov/0004f2000001-boot.log"}, mac: alice, state: OK, of: alice},
	{name: "query", client: client{uri: testURI + "?a=b,c"}, mac: alice, state: OK, of: alice},
	{name: "encoded", client: client{uri: "/phoneprov/%30004f2000001.cfg"}, mac: alice, state: OK, of: alice},
	{name: "next nc", before: &client{}, client: client{nc: "00000002"}, mac: alice, state: OK, of: alice},
	{name: "nc with a gap", before: &client{}, client: client{nc: "0000000A"}, mac: alice, state: OK, of: alice},
	{name: "absolute uri, path asked", client: client{uri: "http://pbx.test" + testURI}, target: testURI, mac: alice, state: OK, of: alice},
	{name: "path as uri, absolute asked", target: "http://pbx.test" + testURI, mac: alice, state: OK, of: alice},
	{name: "shared user", client: client{user: "all", password: allPass}, mac: carol, state: OK},
	{name: "quotes, commas and backslashes", client: client{user: `o,"\ x`, password: quotePass}, mac: alice, state: OK},
	{name: "user of two phones, the one", client: client{user: "desk"}, mac: alice, state: OK, of: alice},
	{name: "user of two phones, the other", client: client{user: "desk", password: bobPass}, mac: bob, state: OK, of: bob},
	{name: "file of no phone", mac: noMAC, state: OK, of: alice},
	{name: "file of no phone, shared user", client: client{user: "all", password: allPass}, mac: noMAC, state: OK},
	{name: "values in quotes", mac: alice, edit: replacer("qop=auth", `qop="auth"`, "algorithm=SHA-256", `algorithm="sha-256"`,
		"nc=00000001", `nc="00000001"`), state: OK, of: alice},
	{name: "blanks", mac: alice, edit: replacer(", ", " ,\t", "qop=", "qop = "), state: OK, of: alice},
	{name: "names and scheme in another case", mac: alice, edit: replacer("Digest", "DIGEST", "username", "UserName"), state: OK, of: alice},
	{name: "response in upper case", mac: alice, edit: upperResponse, state: OK, of: alice},
	{name: "unknown parameter", client: client{more: `, auth-param="x", opaque=""`}, mac: alice, state: OK, of: alice},

	{name: "attack: replay", before: &client{}, mac: alice, state: Stale, reason: reasonReplay},
	{name: "attack: nc backwards", before: &client{nc: "00000009"}, client: client{nc: "00000003"}, mac: alice, state: Stale, reason: reasonReplay},
	{name: "attack: nonce of another user", before: &client{user: "bob", password: bobPass}, mac: alice, state: Stale, reason: reasonReplay},
	{name: "attack: uri swap", client: client{user: "all", password: allPass, uri: "/phoneprov/0004f2000002.cfg", signed: testURI}, mac: bob,
		state: Bad, reason: reasonWrong},
	{name: "attack: other request target", target: "/phoneprov/0004f2000001-dir.xml", mac: alice, state: Bad, reason: reasonURI},
	{name: "attack: other query", target: testURI + "?x", mac: alice, state: Bad, reason: reasonURI},
	{name: "attack: other spelling", target: "/phoneprov/%30004f2000001.cfg", mac: alice, state: Bad, reason: reasonURI},
	{name: "attack: absolute uri of another file", client: client{uri: "http://pbx.test/phoneprov/x.cfg"}, target: testURI, mac: alice,
		state: Bad, reason: reasonURI},
	{name: "attack: uri of another scheme", client: client{uri: "ftp://pbx.test" + testURI}, target: testURI, mac: alice, state: Bad, reason: reasonURI},
	{name: "attack: other method", method: "PUT", mac: alice, state: Bad, reason: reasonWrong},
	{name: "attack: other realm", client: client{realm: "asterisk"}, mac: alice, state: Bad, reason: reasonRealm},
	{name: "attack: credential of another phone", mac: bob, state: Bad, reason: reasonOther},
	{name: "attack: password of another phone", client: client{user: "desk"}, mac: bob, state: Bad, reason: reasonWrong},
	{name: "attack: unknown user", client: client{user: "mallory"}, mac: alice, state: Bad, reason: reasonUnknown},
	{name: "attack: HA1 of the unknown user's dummy", client: client{user: "mallory"}, edit: zeroHA1, mac: alice, state: Bad, reason: reasonUnknown},
	{name: "attack: user of several phones, file of none", client: client{user: "desk"}, mac: noMAC, state: Bad, reason: reasonSeveral},
	{name: "attack: wrong password", client: client{password: "guess"}, mac: alice, state: Bad, reason: reasonWrong},
	{name: "attack: tampered nonce", edit: replacer(`nonce="A`, `nonce="B`, `nonce="G`, `nonce="H`), mac: alice, state: Bad, reason: reasonWrong},
	{name: "attack: tampered nonce, signed", nonce: func(n string) string { return n[:20] + "AAAA" + n[24:] }, mac: alice, state: Stale, reason: reasonForeign},
	{name: "attack: made-up nonce", nonce: func(string) string { return "dcd98b7102dd2f0e8b11d0f600bfb0c093" }, mac: alice, state: Stale, reason: reasonForeign},
	{name: "attack: downgrade to no qop", client: client{without: "qop"}, mac: alice, state: Bad, reason: reasonNoQOP},
	{name: "attack: auth-int", edit: replacer("qop=auth", "qop=auth-int"), mac: alice, state: Bad, reason: reasonQOP},
	{name: "attack: -sess", edit: replacer("SHA-256", "SHA-256-sess"), mac: alice, state: Bad, reason: reasonAlgorithm},
	{name: "attack: SHA-512-256", edit: replacer("SHA-256", "SHA-512-256"), mac: alice, state: Bad, reason: reasonAlgorithm},
	{name: "attack: MD5 answer called SHA-256", client: client{scheme: digestMD5}, edit: replacer("=MD5", "=SHA-256"), mac: alice,
		state: Bad, reason: reasonMalformed},
	{name: "attack: userhash", client: client{more: ", userhash=true"}, mac: alice, state: Bad, reason: reasonUserHash},
	{name: "attack: user name twice", client: client{more: `, username="bob"`}, mac: alice, state: Bad, reason: reasonMalformed},
	{name: "attack: user name twice, in another case", client: client{more: `, USERNAME="bob"`}, mac: alice, state: Bad, reason: reasonMalformed},
	{name: "no hash for SHA-256", client: client{user: "md5only", password: allPass}, mac: carol, state: Bad, reason: reasonNoHash},
	{name: "hash in upper case", client: client{user: "md5only", password: allPass, scheme: digestMD5}, mac: carol, state: OK, of: carol},
	{name: "nc of 0", client: client{nc: "00000000"}, mac: alice, state: Bad, reason: reasonNC},
	{name: "nc of 7 digits", client: client{nc: "0000001"}, mac: alice, state: Bad, reason: reasonNC},
	{name: "nc of 9 digits", client: client{nc: "000000001"}, mac: alice, state: Bad, reason: reasonNC},
	{name: "nc with a sign", client: client{nc: "+0000001"}, mac: alice, state: Bad, reason: reasonNC},
	{name: "no nc", client: client{without: "nc"}, mac: alice, state: Bad, reason: reasonNC},
	{name: "no cnonce", client: client{without: "cnonce"}, mac: alice, state: Bad, reason: reasonMalformed},
	{name: "no uri", client: client{without: "uri"}, mac: alice, state: Bad, reason: reasonMalformed},
	{name: "no user", client: client{without: "username"}, mac: alice, state: Bad, reason: reasonMalformed},
	{name: "no nonce", client: client{without: "nonce"}, mac: alice, state: Bad, reason: reasonMalformed},
	{name: "no response", client: client{without: "response"}, mac: alice, state: Bad, reason: reasonMalformed},
	{name: "too long", client: client{more: `, x="` + strings.Repeat("x", maxHeader) + `"`}, mac: alice, state: Bad, reason: reasonLong},
}

func replacer(oldnew ...string) func(string) string { return strings.NewReplacer(oldnew...).Replace }

func upperResponse(header string) string {
	before, response, _ := strings.Cut(header, `response="`)
	return before + `response="` + strings.ToUpper(response)
}

// zeroHA1 makes the response that belongs to what stands in for an unknown user.
func zeroHA1(header string) string {
	p, _ := parseParams(strings.TrimPrefix(header, "Digest "))
	forged := digestSHA256.response(strings.Repeat("0", 64), "GET", p["uri"], p["nonce"], p["nc"], p["cnonce"])
	return strings.Replace(header, p["response"], forged, 1)
}

func TestDigest(t *testing.T) {
	a := authenticator(t, credentials(t)) // each row has a nonce of its own
	for _, tt := range digestTests {
		t.Run(tt.name, func(t *testing.T) {
			nonce := nonceOf(t, a)
			if tt.before != nil {
				tt.before.nonce = nonce
				if got := check(a, request("GET", testURI, tt.before.header()), noMAC); got.State != OK {
					t.Fatalf("the request before: got %+v", got)
				}
			}
			c := tt.client
			if c.nonce = nonce; tt.nonce != nil {
				c.nonce = tt.nonce(nonce)
			}
			header := c.header()
			if tt.edit != nil {
				header = tt.edit(header)
			}
			got := check(a, request(cmp.Or(tt.method, c.method, "GET"), cmp.Or(tt.target, c.uri, testURI), header), tt.mac)
			want := Result{State: tt.state, Reason: tt.reason, MAC: tt.of}
			if tt.state == OK {
				want.Scheme, want.User = "Digest", cmp.Or(c.user, "alice")
			}
			if got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// A nonce is good for its life and not longer, the client learns that it need not ask anyone, and a wrong password does
// not become stale.
func TestNonceExpires(t *testing.T) {
	text := credentials(t)
	synctest.Test(t, func(t *testing.T) {
		a := authenticator(t, text)
		nonce := nonceOf(t, a)
		check := func(c client) Result {
			c.nonce = nonce
			return check(a, request("GET", testURI, c.header()), alice)
		}
		time.Sleep(nonceLife)
		if got := check(client{}); got.State != OK {
			t.Errorf("at the end of its life: got %+v", got)
		}
		time.Sleep(time.Nanosecond)
		if got, want := check(client{nc: "00000002"}), (Result{State: Stale, Reason: reasonExpired}); got != want {
			t.Errorf("after its life: got %+v, want %+v", got, want)
		}
		if got, want := check(client{nc: "00000003", password: "guess"}), (Result{State: Bad, Reason: reasonWrong}); got != want {
			t.Errorf("after its life, with a wrong password: got %+v, want %+v", got, want)
		}
	})
}

// What an attacker without the password sends uses up nothing.
func TestWrongResponseTakesNoCount(t *testing.T) {
	a := authenticator(t, credentials(t))
	nonce := nonceOf(t, a)
	if got := check(a, request("GET", testURI, client{nonce: nonce, password: "guess", nc: "ffffffff"}.header()), alice); got.State != Bad {
		t.Fatalf("got %+v", got)
	}
	if got := check(a, request("GET", testURI, client{nonce: nonce}.header()), alice); got.State != OK {
		t.Errorf("got %+v", got)
	}
}
