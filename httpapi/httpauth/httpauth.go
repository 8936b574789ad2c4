package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// maxHeader is in bytes: a Digest header has some 400, and a path of the longest sort 1,000 more.
const maxHeader = 4 << 10

// State is what the credentials of a request are worth.
type State int

// The states. None, Bad and Stale lead to a Challenge.
const (
	None  State = iota // none were sent
	OK                 // they are right
	Bad                // they are wrong, or not as they should be
	Stale              // the password is right, but the nonce or its count is not good any more
	Busy               // too many passwords are being checked: 503, try again
)

func (s State) String() string {
	switch s {
	case None:
		return "none"
	case OK:
		return "ok"
	case Bad:
		return "bad"
	case Stale:
		return "stale"
	case Busy:
		return "busy"
	}
	return fmt.Sprintf("State(%d)", int(s))
}

// Result is what Check found.
type Result struct {
	State  State
	Reason string     // why it is Bad, Stale or Busy: for the log, one of a few fixed texts
	Scheme string     // "Basic" or "Digest", where it is OK
	User   string     // whose credentials they are, where it is OK
	MAC    device.MAC // the phone that they belong to; the zero MAC: all phones share them
}

// The reasons. None has anything of the request in it.
const (
	reasonHeaders   = "more than one Authorization header"
	reasonLong      = "Authorization header is too long"
	reasonScheme    = "neither Basic nor Digest"
	reasonMalformed = "malformed Authorization header"
	reasonUnknown   = "unknown user"
	reasonOther     = "user of another phone"
	reasonSeveral   = "user of several phones, and the file is of none"
	reasonNoHash    = "user has no hash for this scheme"
	reasonWrong     = "wrong password"
	reasonBusy      = "too many passwords to check"

	reasonRealm     = "digest: other realm"
	reasonQOP       = "digest: qop is not auth"
	reasonNoQOP     = "digest: no qop"
	reasonNC        = "digest: nc is not a count of 8 hexadecimal digits"
	reasonAlgorithm = "digest: algorithm is neither MD5 nor SHA-256"
	reasonUserHash  = "digest: user name is hashed"
	reasonURI       = "digest: uri is not the request's"
	reasonForeign   = "digest: nonce is not of this process"
	reasonExpired   = "digest: nonce expired"
	reasonForgotten = "digest: nonce was forgotten"
	reasonReplay    = "digest: nc was used before"
)

// Authenticator checks credentials.
type Authenticator struct {
	// NoQOP are the makes, as in Client.Vendor, whose phones may do the Digest of RFC 2069, which has no qop.
	NoQOP []string

	file   *File
	realm  string
	nonces *nonces
	turns  *turns // one for each password that is being checked
}

// Client is who sent a request, as far as the caller knows.
type Client struct {
	Source any    // of the request: those of one source wait behind each other. It must be comparable
	Vendor string // of the phone, by its User-Agent; empty: no phone that is known
}

// New makes an Authenticator of a file whose digests are of the realm.
func New(file *File, realm string) (*Authenticator, error) {
	if err := CheckRealm(realm); err != nil {
		return nil, err
	}
	return &Authenticator{file: file, realm: realm, nonces: newNonces(nonceSlots), turns: newTurns(atATime())}, nil
}

const maxRealm = 128 // bytes: phones show it to nobody

// CheckRealm refuses a realm that phones could read in more than one way.
func CheckRealm(realm string) error {
	odd := func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }
	if realm == "" || len(realm) > maxRealm || strings.ContainsFunc(realm, odd) {
		return errors.New("not a realm: want printable ASCII without quotes and backslashes")
	}
	return nil
}

// Check says what the credentials of a request are worth for a file of the phone. For a file that is no phone's own, give
// the zero MAC: the shared user may have it, and every phone whose user name is its alone. Nothing of the request's body
// is read. Bad passwords cost time: who sent many of them is best refused before, but not before Verified was asked.
func (a *Authenticator) Check(r *http.Request, mac device.MAC, c Client) Result {
	result, _ := a.check(r, mac, c, false)
	return result
}

// Verified is Check for credentials that were found right before: the password that bcrypt accepted last for that user, or
// a nonce that the same user answered rightly. It costs little, waits for nobody, and ok is false for all other
// credentials, whether they are right or not.
func (a *Authenticator) Verified(r *http.Request, mac device.MAC, c Client) (result Result, ok bool) {
	return a.check(r, mac, c, true)
}

// check is Check, or with known set Verified.
func (a *Authenticator) check(r *http.Request, mac device.MAC, c Client, known bool) (Result, bool) {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) == 0:
		return Result{State: None}, false
	case len(headers) > 1:
		return bad(reasonHeaders), false
	case len(headers[0]) > maxHeader:
		return bad(reasonLong), false
	}
	scheme, rest, _ := strings.Cut(headers[0], " ")
	switch {
	case strings.EqualFold(scheme, "Basic"):
		return a.checkBasic(r, mac, c, known)
	case strings.EqualFold(scheme, "Digest"):
		return a.checkDigest(r, rest, mac, c, known)
	}
	return bad(reasonScheme), false
}

// User is the user name that a request for a file of the phone brings, unchecked; empty: none that can be read. Shared
// tells that all phones share it.
func (a *Authenticator) User(r *http.Request, mac device.MAC) (name string, shared bool) {
	name = userOf(r)
	e, _ := a.file.table().find(name, mac)
	return name, e != nil && e.mac == device.MAC{}
}

func userOf(r *http.Request) string {
	if user, _, ok := r.BasicAuth(); ok {
		return user
	}
	scheme, rest, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if len(rest) > maxHeader || !strings.EqualFold(scheme, "Digest") {
		return ""
	}
	p, _ := parseParams(rest)
	return p["username"]
}

func bad(reason string) Result { return Result{State: Bad, Reason: reason} }
