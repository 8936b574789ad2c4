package httpauth

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// scheme is a way to prove that one knows a password. An entry has a hash for each that its user may use.
type scheme int

const (
	basic scheme = iota
	digestMD5
	digestSHA256
	schemes // how many there are
)

// name is that of the algorithm, for headers and the file.
func (s scheme) name() string { return [schemes]string{"Basic", "MD5", "SHA-256"}[s] }

// digestNamed finds the digest with an algorithm's name, which RFC 7616 compares without regard to case.
func digestNamed(name string) (scheme, bool) {
	for _, s := range []scheme{digestMD5, digestSHA256} {
		if strings.EqualFold(name, s.name()) {
			return s, true
		}
	}
	return 0, false
}

// hash is H(a:b:...) of a digest, in lower-case hexadecimal.
func (s scheme) hash(parts ...string) string {
	text := []byte(strings.Join(parts, ":"))
	if s == digestMD5 {
		sum := md5.Sum(text)
		return hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// hexDigits is the length of hash.
func (s scheme) hexDigits() int {
	if s == digestMD5 {
		return 2 * md5.Size
	}
	return 2 * sha256.Size
}

// oldResponse is what a client with HA1 answers that knows no qop: RFC 2069, 2.1.2.
func (s scheme) oldResponse(ha1, method, uri, nonce string) string {
	return s.hash(ha1, nonce, s.hash(method, uri))
}

// response is what a client with HA1 answers: RFC 7616, 3.4.1, with qop=auth.
func (s scheme) response(ha1, method, uri, nonce, nc, cnonce string) string {
	return s.hash(ha1, nonce, nc, cnonce, "auth", s.hash(method, uri))
}
