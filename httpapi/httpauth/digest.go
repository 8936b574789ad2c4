package httpauth

import (
	"crypto/subtle"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

// digest is an Authorization header of that scheme.
type digest struct {
	user, uri, nonce, nc, cnonce, response string
	scheme                                 scheme
	count                                  uint32 // nc as a number
}

func (a *Authenticator) checkDigest(r *http.Request, text string, mac provision.MAC) Result {
	d, reason := a.parseDigest(text)
	if reason != "" {
		return bad(reason)
	}
	if target(d.uri) != target(r.RequestURI) {
		return bad(reasonURI)
	}
	e, reason := a.file.table().find(d.user, mac)
	ha1 := ""
	if e != nil {
		if ha1 = e.hash[d.scheme]; ha1 == "" {
			reason = reasonNoHash
		}
	}
	if ha1 == "" {
		ha1 = strings.Repeat("0", d.scheme.hexDigits()) // the same work; reason refuses it whatever comes out
	}
	want := d.scheme.response(ha1, r.Method, d.uri, d.nonce, d.nc, d.cnonce)
	if subtle.ConstantTimeCompare([]byte(want), []byte(d.response)) != 1 && reason == "" {
		reason = reasonWrong
	}
	if reason != "" {
		return bad(reason)
	}
	if reason := a.nonces.use(d.nonce, d.count, time.Now()); reason != "" {
		return Result{State: Stale, Reason: reason}
	}
	return Result{State: OK, Scheme: "Digest", User: e.user, MAC: e.mac}
}

// parseDigest reads a header and checks all that needs no password. RFC 7616 wants some values in quotes and some
// without; phones mix them up.
func (a *Authenticator) parseDigest(text string) (digest, string) {
	p, ok := parseParams(text)
	if !ok {
		return digest{}, reasonMalformed
	}
	d := digest{user: p["username"], uri: p["uri"], nonce: p["nonce"], nc: p["nc"], cnonce: p["cnonce"],
		response: strings.ToLower(p["response"]), scheme: digestMD5}
	if algorithm, has := p["algorithm"]; has {
		if d.scheme, ok = digestNamed(algorithm); !ok {
			return d, reasonAlgorithm
		}
	}
	switch {
	case p["realm"] != a.realm:
		return d, reasonRealm
	case p["qop"] != "auth":
		return d, reasonQOP
	case strings.EqualFold(p["userhash"], "true"):
		return d, reasonUserHash
	}
	count, err := strconv.ParseUint(d.nc, 16, 32)
	if d.count = uint32(count); err != nil || count == 0 || len(d.nc) != 8 || !isHex(d.nc) {
		return d, reasonMalformed
	}
	if d.user == "" || d.uri == "" || d.nonce == "" || d.cnonce == "" || len(d.response) != d.scheme.hexDigits() {
		return d, reasonMalformed
	}
	return d, ""
}

// target is what of a request target names the file: its path and query, as they were sent. A client may put the whole
// URL in the header where the request line has the path, and behind a proxy the other way round; the host is no part of
// what is protected here. Other spellings of a path are other targets: curl, wget and what is built on libcurl hash the
// bytes of their request line.
func target(uri string) string {
	scheme, rest, ok := strings.Cut(uri, "://")
	if !ok || !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
		return uri
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		return rest[i:]
	}
	return "/"
}
