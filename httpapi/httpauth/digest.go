package httpauth

import (
	"crypto/subtle"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

// digest is a parsed Authorization header of the Digest scheme.
type digest struct {
	user, uri, nonce, nc, cnonce, response string
	scheme                                 scheme
	noQOP                                  bool   // of RFC 2069: it has no qop, nc and cnonce
	count                                  uint32 // nc, as a number
}

func (a *Authenticator) checkDigest(r *http.Request, text string, mac device.MAC, c Client, known bool) (Result, bool) {
	d, reason := a.parseDigest(text, a.takesNoQOP(c.Vendor))
	if reason != "" {
		return bad(reason), false
	}
	if target(d.uri) != target(r.RequestURI) {
		return bad(reasonURI), false
	}
	e, reason := a.file.table().find(d.user, mac)
	ha1 := ""
	if e != nil {
		if ha1 = e.hash[d.scheme]; ha1 == "" {
			reason = reasonNoHash
		}
	}
	if ha1 == "" {
		ha1 = strings.Repeat("0", d.scheme.hexDigits()) // the work is the same; reason refuses the result
	}
	want := d.want(ha1, r.Method)
	if subtle.ConstantTimeCompare([]byte(want), []byte(d.response)) != 1 && reason == "" {
		reason = reasonWrong
	}
	if reason != "" {
		return bad(reason), false
	}
	if known && !a.nonces.answeredBy(d.nonce, e.owner) {
		return Result{State: Stale, Reason: reasonForgotten}, false
	}
	if reason := a.nonces.use(d.nonce, d.count, e.owner, time.Now()); reason != "" {
		return Result{State: Stale, Reason: reason}, false
	}
	return Result{State: OK, Scheme: "Digest", User: e.user, MAC: e.mac}, true
}

// takesNoQOP reports a vendor whose phones may omit qop.
func (a *Authenticator) takesNoQOP(vendor string) bool {
	return vendor != "" && slices.ContainsFunc(a.NoQOP, func(v string) bool { return strings.EqualFold(v, vendor) })
}

// want returns the response of a client that knows HA1.
func (d *digest) want(ha1, method string) string {
	if d.noQOP {
		return d.scheme.oldResponse(ha1, method, d.uri, d.nonce)
	}
	return d.scheme.response(ha1, method, d.uri, d.nonce, d.nc, d.cnonce)
}

// parseDigest parses a header, and checks everything that needs no password. Phones mix up which values RFC 7616 wants
// in quotes. noQOP says that the client may omit qop.
//
// Without qop there is no count. Then the response uses all counts of the nonce, so that it is good once.
func (a *Authenticator) parseDigest(text string, noQOP bool) (digest, string) {
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
	_, hasQOP := p["qop"]
	d.noQOP = !hasQOP && noQOP
	switch {
	case p["realm"] != a.realm:
		return d, reasonRealm
	case !hasQOP && !noQOP:
		return d, reasonNoQOP
	case hasQOP && p["qop"] != "auth":
		return d, reasonQOP
	case strings.EqualFold(p["userhash"], "true"):
		return d, reasonUserHash
	}
	if d.user == "" || d.uri == "" || d.nonce == "" || len(d.response) != d.scheme.hexDigits() {
		return d, reasonMalformed
	}
	if d.noQOP {
		d.count = math.MaxUint32
		return d, ""
	}
	count, err := strconv.ParseUint(d.nc, 16, 32)
	if d.count = uint32(count); err != nil || count == 0 || len(d.nc) != 8 || !isHex(d.nc) {
		return d, reasonNC
	}
	if d.cnonce == "" {
		return d, reasonMalformed
	}
	return d, ""
}

// target returns the part of a request target that names the file: path and query, as they were sent. A client may send
// the whole URL in the header but the path in the request line, or, behind a proxy, the other way round. The host is
// not protected here. Different spellings of a path are different targets, because curl, wget and clients with libcurl
// hash the bytes of their request line.
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
