package httpauth

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// scheme is a way to prove the knowledge of a password. An entry has a hash for each scheme that its user may use.
type scheme int

const (
	basic scheme = iota
	digestMD5
	digestSHA256
	schemes // the number of schemes
)

// name returns the name of the algorithm, for headers and the file.
func (s scheme) name() string { return [schemes]string{"Basic", "MD5", "SHA-256"}[s] }

// digestNamed returns the digest with the name of an algorithm. RFC 7616 ignores the case of the name.
func digestNamed(name string) (scheme, bool) {
	for _, s := range []scheme{digestMD5, digestSHA256} {
		if strings.EqualFold(name, s.name()) {
			return s, true
		}
	}
	return 0, false
}

// hash returns H(a:b:...) of a digest, in lower-case hexadecimal.
func (s scheme) hash(parts ...string) string {
	text := []byte(strings.Join(parts, ":"))
	if s == digestMD5 {
		sum := md5.Sum(text)
		return hex.EncodeToString(sum[:])
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// hexDigits returns the length of hash.
func (s scheme) hexDigits() int {
	if s == digestMD5 {
		return 2 * md5.Size
	}
	return 2 * sha256.Size
}

// oldResponse returns the response of a client that knows HA1 but not qop: RFC 2069, 2.1.2.
func (s scheme) oldResponse(ha1, method, uri, nonce string) string {
	return s.hash(ha1, nonce, s.hash(method, uri))
}

// response returns the response of a client that knows HA1: RFC 7616, 3.4.1, with qop=auth.
func (s scheme) response(ha1, method, uri, nonce, nc, cnonce string) string {
	return s.hash(ha1, nonce, nc, cnonce, "auth", s.hash(method, uri))
}
