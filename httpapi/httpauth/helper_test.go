package httpauth

import (
	"cmp"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/device"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(secrets.Guard(m)) }

// secrets are those of the tests: nothing but the file of credentials tells them.
var secrets = secrettest.New(alicePass, bobPass, allPass, quotePass, hash2b, hashMD5[len("MD5:"):], hashSHA[len("SHA-256:"):])

const (
	testRealm = "phoneprov"
	alicePass = "pa55 for:alice"
	bobPass   = "b0b's pass"
	allPass   = "for-all"
	quotePass = "qu0te-pass"
)

var (
	alice = device.MAC{0x00, 0x04, 0xf2, 0, 0, 1}
	bob   = device.MAC{0x00, 0x04, 0xf2, 0, 0, 2}
	carol = device.MAC{0x00, 0x04, 0xf2, 0, 0, 3} // has no line of her own
	noMAC = device.MAC{}
)

// credentials is the file of most tests. User "desk" is of two phones with a password each.
func credentials(t testing.TB) string {
	t.Helper()
	return "# phones\n\n" +
		entryOf(t, "00:04:f2:00:00:01", "alice", alicePass) +
		entryOf(t, "0004f2000002", "bob", bobPass) +
		entryOf(t, "0004f2000001", "desk", alicePass) +
		entryOf(t, "0004f2000002", "desk", bobPass) +
		entryOf(t, "*", "all", allPass) +
		entryOf(t, "*", `o,"\ x`, quotePass) +
		"0004F2000003:md5only:MD5:" + strings.ToUpper(digestMD5.hash("md5only", testRealm, allPass)) + "\n"
}

// entryOf are the lines of a user, with the cheapest bcrypt.
func entryOf(t testing.TB, mac, user, password string) string {
	t.Helper()
	slow, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	inMD5, inSHA := digestMD5.hash(user, testRealm, password), digestSHA256.hash(user, testRealm, password)
	secrets.Add(string(slow), inMD5, inSHA)
	return fmt.Sprintf("%s:%s:%s\n%[1]s:%[2]s:MD5:%[4]s\n%[1]s:%[2]s:SHA-256:%[5]s\n", mac, user, slow, inMD5, inSHA)
}

func write(t testing.TB, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "credentials")
	testkit.Write(t, path, text)
	return path
}

func authenticator(t testing.TB, text string) *Authenticator {
	t.Helper()
	f, err := Open(write(t, text), nil)
	if err != nil {
		t.Fatal(err)
	}
	a, err := New(f, testRealm)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

const testURI = "/phoneprov/0004f2000001.cfg"

// request is one with the Authorization headers.
func request(method, target string, headers ...string) *http.Request {
	r := httptest.NewRequest(method, target, nil)
	r.Header["Authorization"] = headers
	return r
}

// check is a.Check, whose result is searched for what the request came with.
func check(a *Authenticator, r *http.Request, of device.MAC) Result {
	for _, value := range r.Header["Authorization"] {
		secrets.AddHeader(value)
	}
	got := a.Check(r, of, Client{Source: r.RemoteAddr})
	secrets.Text("a result", fmt.Sprintf("%+v", got))
	return got
}

func basicHeader(user, password string) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
}

// client is a phone that does Digest; what is empty has a good default.
type client struct {
	user, password, realm, method, uri, nonce, nc, cnonce string
	scheme                                                scheme
	signed                                                string // the uri that the response is of, where it is another
	without                                               string // a parameter that is not sent
	more                                                  string // parameters
}

func (c client) header() string {
	c.user, c.password, c.realm = cmp.Or(c.user, "alice"), cmp.Or(c.password, alicePass), cmp.Or(c.realm, testRealm)
	c.method, c.uri, c.nc, c.cnonce = cmp.Or(c.method, "GET"), cmp.Or(c.uri, testURI), cmp.Or(c.nc, "00000001"), cmp.Or(c.cnonce, "0a4f113b")
	c.scheme = cmp.Or(c.scheme, digestSHA256)
	response := c.scheme.response(c.scheme.hash(c.user, c.realm, c.password), c.method, cmp.Or(c.signed, c.uri), c.nonce, c.nc, c.cnonce)
	quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(c.user)
	var params []string
	for _, p := range []string{`username="` + quoted + `"`, `realm="` + c.realm + `"`, `nonce="` + c.nonce + `"`, `uri="` + c.uri + `"`,
		`algorithm=` + c.scheme.name(), `qop=auth`, `nc=` + c.nc, `cnonce="` + c.cnonce + `"`, `response="` + response + `"`} {
		if name, _, _ := strings.Cut(p, "="); name != c.without {
			params = append(params, p)
		}
	}
	return "Digest " + strings.Join(params, ", ") + c.more
}

// nonceOf is that of a challenge.
func nonceOf(t testing.TB, a *Authenticator) string {
	t.Helper()
	h := http.Header{}
	a.Challenge(h, "", false)
	secrets.Text("a challenge", fmt.Sprint(h))
	_, rest, _ := strings.Cut(h.Get("WWW-Authenticate"), `nonce="`)
	nonce, _, ok := strings.Cut(rest, `"`)
	if !ok || nonce == "" {
		t.Fatalf("no nonce in %q", h)
	}
	return nonce
}
