package httpauth

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// maxHeader bounds an Authorization header, in bytes: Digest has some 400, and the longest paths 1,000 more.
const maxHeader = 4 << 10

// State is the result of checking credentials.
type State int

// The states. None, Bad and Stale lead to a Challenge.
const (
	None  State = iota // there are no credentials
	OK                 // right
	Bad                // wrong, or malformed
	Stale              // the password is right, but the nonce or its count is outdated
	Busy               // too many passwords are being checked: answer 503
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

// Result is what Check and Verified return.
type Result struct {
	State  State
	Reason string     // why the State is Bad, Stale or Busy: one of a few fixed texts, for the log
	Scheme string     // if OK: "Basic" or "Digest"
	User   string     // if OK: the user name
	MAC    device.MAC // if OK: the phone of the credentials; the zero MAC: all phones share them
}

// The reasons. They contain nothing of the request.
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
	// NoQOP are the vendors, as in Client.Vendor, whose phones may use the Digest of RFC 2069, which has no qop.
	NoQOP []string

	file   *File
	realm  string
	nonces *nonces
	turns  *turns // of the passwords that are being checked
}

// Client is what the caller knows of the client.
type Client struct {
	Source any    // Source groups requests that wait behind each other. It must be comparable
	Vendor string // of the phone, by its User-Agent; empty: unknown
}

// New returns an Authenticator for a file whose digests have that realm.
func New(file *File, realm string) (*Authenticator, error) {
	if err := CheckRealm(realm); err != nil {
		return nil, err
	}
	return &Authenticator{file: file, realm: realm, nonces: newNonces(nonceSlots), turns: newTurns(atATime())}, nil
}

const maxRealm = 128 // in bytes; no phone shows a realm to its user

// CheckRealm refuses a realm that phones could parse in more than one way.
func CheckRealm(realm string) error {
	odd := func(c rune) bool { return c < ' ' || c > '~' || c == '"' || c == '\\' }
	if realm == "" || len(realm) > maxRealm || strings.ContainsFunc(realm, odd) {
		return errors.New("not a realm: want printable ASCII without quotes and backslashes")
	}
	return nil
}

// Check checks the credentials of a request for a file of the phone. The zero MAC stands for a file that belongs to no
// phone: the shared user may have it, and every phone with a user name of its own. Check does not read the body. Bad
// passwords cost time, so the caller should refuse sources that sent many of them, but after a call of Verified.
func (a *Authenticator) Check(r *http.Request, mac device.MAC, c Client) Result {
	result, _ := a.check(r, mac, c, false)
	return result
}

// Verified is Check for credentials that were right before: the password that bcrypt accepted last for the user, or a
// nonce that the same user has answered. It is cheap and never waits. ok is false for all other credentials, right or
// wrong.
func (a *Authenticator) Verified(r *http.Request, mac device.MAC, c Client) (result Result, ok bool) {
	return a.check(r, mac, c, true)
}

// check is Verified if known is true, and Check otherwise.
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

// User returns the user name in a request, unchecked; "" if there is none. shared says that all phones share the user.
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
