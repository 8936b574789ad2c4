package httpauth

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// basicOnly are the vendors, in lower case, whose phones do not support Digest when they fetch their configuration.
var basicOnly = map[string]bool{
	"panasonic": true,
	"snom":      true,
}

// offered returns the schemes for a vendor's phones, in the order of the headers. The vendor of an unknown client is
// "".
//
// RFC 7616 wants the best scheme first, and a good client takes the best that it supports. But libcurl takes the first
// Digest, and before 7.57 it gave up if it did not know the algorithm, as do phones that are built on it. A phone may
// have an unknown User-Agent, so MD5 comes first for everybody. wget takes the last header.
func offered(vendor string) []scheme {
	if basicOnly[strings.ToLower(vendor)] {
		return []scheme{basic}
	}
	return []scheme{digestMD5, digestSHA256, basic}
}

// Challenge adds the WWW-Authenticate headers of a 401, one for each scheme that the vendor's phones support and the
// file has hashes for. stale tells the client that its nonce was Stale, so that it need not ask its user.
func (a *Authenticator) Challenge(h http.Header, vendor string, stale bool) {
	nonce := a.nonces.issue(time.Now())
	for _, s := range a.useful(offered(vendor)) {
		text := fmt.Sprintf(`Basic realm="%s"`, a.realm)
		if s != basic {
			text = fmt.Sprintf(`Digest realm="%s", qop="auth", algorithm=%s, nonce="%s"`, a.realm, s.name(), nonce)
			if stale {
				text += ", stale=true"
			}
		}
		h.Add("WWW-Authenticate", text)
	}
}

// useful leaves out the schemes for which the file has no hash, unless none would be left.
func (a *Authenticator) useful(list []scheme) []scheme {
	has := a.file.table().has
	var some []scheme
	for _, s := range list {
		if has[s] {
			some = append(some, s)
		}
	}
	if some == nil {
		return list
	}
	return some
}
