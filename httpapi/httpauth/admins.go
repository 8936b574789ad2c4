package httpauth

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/phoneprov/phoneprov/httpapi/reload"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/regularfile"
)

// Limits of an admin's token.
const (
	minToken  = 20 // characters: one of them that is made by chance cannot be guessed over the network
	maxToken  = 256
	maxTokens = 16 // each request is compared with all of them
)

// The reasons of Admins. None has anything of the request in it.
const (
	reasonToken      = "wrong token"
	reasonNotAllowed = "neither Bearer nor Basic, as the settings want it"
)

// Admins are who may use the admin address: those who know a token (Authorization: Bearer), and those who have a name and a
// password (Basic). Both files are read again when they change.
type Admins struct {
	tokens *reload.Files[tokens] // nil: none
	people *Authenticator        // nil: none
}

// OpenAdmins reads the file of tokens and the file of names and passwords; an empty path: there is none. Reloaded is told of
// each later reading, as by Open.
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

// maxAdmins bounds in bytes a file of tokens or of admins: some hundreds of them.
const maxAdmins = 64 << 10

// AdminRealm is the realm of the admin address.
const AdminRealm = "phoneprov admin"

// Challenge says how an admin is to sign in.
func (a *Admins) Challenge(h http.Header) {
	if a.tokens != nil {
		h.Add("WWW-Authenticate", fmt.Sprintf("Bearer realm=%q", AdminRealm))
	}
	if a.people != nil {
		h.Add("WWW-Authenticate", fmt.Sprintf("Basic realm=%q, charset=\"UTF-8\"", AdminRealm))
	}
}

// Check says what the credentials of a request are worth. It takes the same time for every wrong token, and for every wrong
// password. User of the result is the admin's name; with a token it is "token".
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

// Token is the first token of a file, for a program that asks.
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

// parseTokens reads a file with a token on each line. Its errors tell nothing of what is in it.
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

// has compares with every token, in the same time whichever it is.
func (t *tokens) has(token string) bool {
	sum := sha256.Sum256([]byte(token))
	found := 0
	for i := range t.sums {
		found |= subtle.ConstantTimeCompare(t.sums[i][:], sum[:])
	}
	return found == 1
}

// errAdminLine tells nothing of what is in the line.
var errAdminLine = errors.New("want user:hash with a hash of bcrypt, as htpasswd -B writes it")

// parseAdmins reads a file of admins, which is one of credentials without MACs: user:hash. The passwords that bcrypt accepted
// with the same hashes of the last table need not wait for it again.
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
