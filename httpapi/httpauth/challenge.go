package httpauth

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// basicOnly are the vendors, in lower case, of which phones do no Digest when they fetch their configuration.
var basicOnly = map[string]bool{
	"panasonic": true,
	"snom":      true,
}

// offered is what a vendor's phones are offered, in the order of the headers; "" is a client that is no known phone.
//
// A good client takes the best that it can, and RFC 7616 wants the best first. libcurl takes the first Digest there is,
// and before 7.57 it gave up on an algorithm that it did not know, as would the phones that are built on it: so everybody
// sees MD5 first, as a phone may have a User-Agent that is not known. wget takes the last header, whatever it says.
func offered(vendor string) []scheme {
	if basicOnly[strings.ToLower(vendor)] {
		return []scheme{basic}
	}
	return []scheme{digestMD5, digestSHA256, basic}
}

// Challenge asks for credentials: it adds the WWW-Authenticate headers of a 401, one for each scheme that phones of the
// vendor can do and the file has hashes for. Stale says that a Result was that, so that the client need not ask anyone.
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

// useful leaves out what no line of the file is for, unless nothing would be left to ask with.
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
