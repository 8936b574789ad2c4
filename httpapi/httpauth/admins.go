package httpauth

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/httpapi/reload"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/regularfile"
)

// Limits of an admin's token.
const (
	minToken  = 20 // characters: a random token of this length cannot be guessed over the network
	maxToken  = 256
	maxTokens = 16 // each request is compared with all of them
)

// The reasons of Admins. They contain nothing from the request.
const (
	reasonToken      = "wrong token"
	reasonNotAllowed = "neither Bearer nor Basic, as the settings want it"
)

// Admins checks who may use the admin address: those with a token (Authorization: Bearer), and those with a name and a
// password (Basic). It reads both files again when they change.
type Admins struct {
	tokens *reload.Files[tokens] // nil: no tokens
	people *Authenticator        // nil: no passwords
}

// OpenAdmins reads the file of tokens and the file of names and passwords. An empty path means no such file. told is
// called after each later reading, as by Open.
func OpenAdmins(tokenFile, passwordFile string, told func(error)) (a *Admins, err error) {
	a = &Admins{}
	if tokenFile != "" {
		a.tokens, err = reload.New(reload.Options[tokens]{
			Paths: []string{tokenFile}, MaxBytes: maxAdmins, Told: told,
			Parse: func(texts [][]byte, _ *tokens) (*tokens, error) { return parseTokens(tokenFile, texts[0]) },
		})
		if err != nil {
			return nil, fmt.Errorf("admin.token_file: %w", err)
		}
	}
	if passwordFile != "" {
		files, err := reload.New(reload.Options[table]{
			Paths: []string{passwordFile}, MaxBytes: maxAdmins, Told: told,
			Parse: func(texts [][]byte, last *table) (*table, error) { return parseAdmins(passwordFile, texts[0], last) },
		})
		if err != nil {
			return nil, fmt.Errorf("admin.password_file: %w", err)
		}
		if a.people, err = New(&File{files}, AdminRealm); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// maxAdmins bounds a file of tokens or of admins in bytes: it fits some hundreds.
const maxAdmins = 64 << 10

// AdminRealm is the realm of the admin address.
const AdminRealm = "phoneprov admin"

// Challenge sets the header that says how an admin signs in.
func (a *Admins) Challenge(h http.Header) {
	if a.tokens != nil {
		h.Add("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q", AdminRealm))
	}
	if a.people != nil {
		h.Add("WWW-Authenticate", fmt.Sprintf("Basic realm=%q, charset=\"UTF-8\"", AdminRealm))
	}
}

// Check verifies the credentials of a request. Every wrong token takes the same time, and so does every wrong password.
// The result's User is the admin's name; for a token it is "token".
func (a *Admins) Check(r *http.Request, c Client) Result {
	headers := r.Header.Values("Authorization")
	switch {
	case len(headers) == 0:
		return Result{State: None}
	case len(headers) > 1:
		return bad(reasonHeaders)
	case len(headers[0]) > maxHeader:
		return bad(reasonLong)
	}
	scheme, rest, _ := strings.Cut(headers[0], " ")
	switch {
	case a.tokens != nil && strings.EqualFold(scheme, "Bearer"):
		if !a.tokens.Get().has(strings.TrimSpace(rest)) {
			return bad(reasonToken)
		}
		return Result{State: OK, Scheme: "Bearer", User: "token"}
	case a.people != nil && strings.EqualFold(scheme, "Basic"):
		return a.people.Check(r, device.MAC{}, c)
	}
	return bad(reasonNotAllowed)
}

// Ways reports how admins sign in: with a name and a password, and with a token.
func (a *Admins) Ways() (names, tokens bool) { return a.people != nil, a.tokens != nil }

// SetCredentials sets the header Authorization of a request: Basic with a name, and Bearer without one.
func SetCredentials(r *http.Request, name, password string) {
	if name == "" {
		r.Header.Set("Authorization", "Bearer "+password)
		return
	}
	r.SetBasicAuth(name, password)
}

// Stamp returns a text that stands for the credentials of a request, which Check has accepted. It changes when the
// token or the user's hash in the file does. It holds no secret that a password could be found from without the file.
func (a *Admins) Stamp(r *http.Request) string {
	if name, _, ok := r.BasicAuth(); ok {
		return a.stampOf(name)
	}
	_, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	sum := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return tokenStamp + hex.EncodeToString(sum[:])
}

// tokenStamp begins the stamp of a token.
const tokenStamp = "token "

// stampOf returns the stamp of a user; "" if there is none.
func (a *Admins) stampOf(name string) string {
	if a.people == nil {
		return ""
	}
	e, _ := a.people.file.table().find(name, device.MAC{})
	if e == nil {
		return ""
	}
	sum := sha256.Sum256([]byte(name + "\x00" + e.hash[basic]))
	return hex.EncodeToString(sum[:])
}

// Holds reports whether credentials with that stamp would still be accepted.
func (a *Admins) Holds(user, stamp string) bool {
	sum, isToken := strings.CutPrefix(stamp, tokenStamp)
	if !isToken {
		return stamp != "" && stamp == a.stampOf(user)
	}
	return a.tokens != nil && slices.ContainsFunc(a.tokens.Get().sums, func(known [sha256.Size]byte) bool { return hex.EncodeToString(known[:]) == sum })
}

// Token returns the first token of a file. Client programs use it.
func Token(path string) (provision.Secret, error) {
	data, _, err := regularfile.Read(path, maxAdmins)
	if err != nil {
		return "", err
	}
	if _, err := parseTokens(path, data); err != nil {
		return "", err
	}
	for text := range bytes.Lines(data) {
		if token, ok := content(text); ok {
			return provision.Secret(token), nil
		}
	}
	return "", errors.New("unreachable: parseTokens wants a token")
}

// tokens are the hashes of a file's tokens.
type tokens struct{ sums [][sha256.Size]byte }

// parseTokens reads a file with one token per line. Its errors never quote a token.
func parseTokens(path string, data []byte) (*tokens, error) {
	t := &tokens{}
	n := 0
	for raw := range bytes.Lines(data) {
		n++
		text, ok := content(raw)
		switch {
		case !ok:
		case len(text) < minToken || len(text) > maxToken:
			return nil, fmt.Errorf("%s:%d: want a token of %d to %d characters: openssl rand -hex 32 makes one", path, n, minToken, maxToken)
		case strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c > '~' }):
			return nil, fmt.Errorf("%s:%d: a token is letters, digits and signs of ASCII, without blanks", path, n)
		case len(t.sums) == maxTokens:
			return nil, fmt.Errorf("%s:%d: more than %d tokens", path, n, maxTokens)
		default:
			t.sums = append(t.sums, sha256.Sum256([]byte(text)))
		}
	}
	if len(t.sums) == 0 {
		return nil, fmt.Errorf("%s: there is no token in it: openssl rand -hex 32 makes one", path)
	}
	return t, nil
}

// has reports whether token is in the file. It compares all tokens, so that the time does not depend on which one
// matches.
func (t *tokens) has(token string) bool {
	sum := sha256.Sum256([]byte(token))
	found := 0
	for i := range t.sums {
		found |= subtle.ConstantTimeCompare(t.sums[i][:], sum[:])
	}
	return found == 1
}

// errAdminLine never quotes the line.
var errAdminLine = errors.New("want user:hash with a hash of bcrypt, as htpasswd -B writes it")

// parseAdmins reads a file of admins: lines of user:hash, without MACs. A password that bcrypt accepted with the same
// hash in the last table need not pass bcrypt again.
func parseAdmins(path string, data []byte, last *table) (*table, error) {
	t := newTable()
	n := 0
	for raw := range bytes.Lines(data) {
		n++
		text, ok := content(raw)
		if !ok {
			continue
		}
		user, hash, _ := strings.Cut(text, ":")
		if len(text) > maxLine || strings.Count(text, ":") != 1 || !strings.HasPrefix(hash, "$") {
			return nil, fmt.Errorf("%s:%d: %w", path, n, errAdminLine)
		}
		if err := t.addLine([]byte(sharedMAC + ":" + user + ":" + hash)); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
	}
	if len(t.entries) == 0 {
		return nil, fmt.Errorf("%s: there is no user in it: htpasswd -B -c FILE NAME writes one", path)
	}
	t.finish()
	if last != nil {
		t.keepVerified(last)
	}
	return t, nil
}
