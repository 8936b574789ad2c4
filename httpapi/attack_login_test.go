package httpapi

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
)

const (
	digestUser     = "phone"
	digestPassword = "right-phone"
)

// withDigest gives the site credentials of the phone, for Digest with MD5.
func withDigest(t *testing.T, s *site) {
	t.Helper()
	path := filepath.Join(s.dir, "credentials")
	testkit.Write(t, path, "0011223344aa:"+digestUser+":MD5:"+digestHash(digestUser+":phoneprov:"+digestPassword)+"\n")
	file, err := httpauth.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	login, err := httpauth.New(file, "phoneprov")
	if err != nil {
		t.Fatal(err)
	}
	s.Access.Login = login
}

func digestHash(text string) string {
	sum := md5.Sum([]byte(text))
	return hex.EncodeToString(sum[:])
}

// digestHeader is what a phone sends for a method and URI.
func digestHeader(method, uri, nonce, nc string) string {
	response := digestHash(digestHash(digestUser+":phoneprov:"+digestPassword) + ":" + nonce + ":" + nc + ":c:auth:" + digestHash(method+":"+uri))
	return fmt.Sprintf("Authorization: Digest username=%q, realm=\"phoneprov\", nonce=%q, uri=%q, qop=auth, nc=%s, cnonce=\"c\", response=%q\r\n",
		digestUser, nonce, uri, nc, response)
}

var nonceOf = regexp.MustCompile(`nonce="([^"]+)"`)

// Whoever has seen a phone's request on the wire can do nothing with it.
func TestDigestAttacks(t *testing.T) {
	t.Parallel()
	const other = "/phoneprov/0011223344aa-boot.log"
	for _, tt := range []struct {
		name        string
		first       int // of the phone's own request; 0: there is none
		method      string
		target      string
		header      func(nonce string) string
		want        int
		stale       bool
		wantRefused bool // a line for fail2ban
	}{
		{"the phone itself", 200, "GET", phoneTarget, func(n string) string { return digestHeader("GET", phoneTarget, n, "00000002") }, 200, false, false},
		{"sent again", 200, "GET", phoneTarget, func(n string) string { return digestHeader("GET", phoneTarget, n, "00000001") }, 401, true, false},
		{"another file with the phone's header", 200, "GET", other, func(n string) string { return digestHeader("GET", phoneTarget, n, "00000002") }, 401, false, true},
		{"another file, the header changed", 200, "GET", other, func(n string) string {
			return strings.Replace(digestHeader("GET", phoneTarget, n, "00000002"), phoneTarget, other, 1)
		}, 401, false, true},
		{"another query", 200, "GET", phoneTarget + "?x", func(n string) string { return digestHeader("GET", phoneTarget, n, "00000002") }, 401, false, true},
		{"another method", 200, "PUT", other, func(n string) string { return digestHeader("GET", other, n, "00000002") }, 401, false, true},
		{"another count", 200, "GET", phoneTarget, func(n string) string {
			return strings.Replace(digestHeader("GET", phoneTarget, n, "00000002"), "00000002", "00000003", 1)
		}, 401, false, true},
		{"nonce of the attacker's own", 0, "GET", phoneTarget, func(string) string { return digestHeader("GET", phoneTarget, "AAAAAAAAAAAAAAAAAAAAAAAA", "00000001") }, 401, true, false},
		{"no count", 0, "GET", phoneTarget, func(n string) string {
			return strings.Replace(digestHeader("GET", phoneTarget, n, "0"), "nc=0, ", "", 1)
		}, 401, false, true},
		{"old digest", 0, "GET", phoneTarget, func(n string) string {
			return strings.Replace(digestHeader("GET", phoneTarget, n, "00000001"), "qop=auth, ", "", 1)
		}, 401, false, true},
		{"two headers", 0, "GET", phoneTarget, func(n string) string {
			return digestHeader("GET", phoneTarget, n, "00000001") + digestHeader("GET", phoneTarget, n, "00000002")
		}, 401, false, true},
		{"markup", 0, "GET", phoneTarget, func(string) string { return `Authorization: Digest username="` + marker + `<script>"` + "\r\n" }, 401, false, true},
		{"huge", 0, "GET", phoneTarget, func(string) string { return "Authorization: Basic " + strings.Repeat("QUFB", 2000) + "\r\n" }, 401, false, true},
		{"another scheme", 0, "GET", phoneTarget, func(string) string { return "Authorization: Bearer " + marker + "\r\n" }, 401, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, "", nil)
			s.strangers()
			withDigest(t, s)
			replies, _ := s.attack(t, get(phoneTarget), 1)
			nonce := nonceOf.FindStringSubmatch(fmt.Sprint(replies[0].header["Www-Authenticate"]))
			if nonce == nil {
				t.Fatalf("got %v", replies)
			}
			all := replies
			if tt.first != 0 {
				replies, _ = s.attack(t, request("GET", phoneTarget, digestHeader("GET", phoneTarget, nonce[1], "00000001")), 1)
				if replies[0].status != tt.first {
					t.Fatalf("the phone got %v", replies)
				}
				all = append(all, replies...)
			}
			replies, _ = s.attack(t, request(tt.method, tt.target, tt.header(nonce[1])), 1)
			all = append(all, replies...)
			if replies[0].status != tt.want {
				t.Errorf("got %v, want %d", replies, tt.want)
			}
			if stale := strings.Contains(fmt.Sprint(replies[0].header), "stale=true"); stale != tt.stale {
				t.Errorf("stale is %v: %v", stale, replies[0].header)
			}
			if refused := strings.Contains(s.bench.log.String(), `"message":"refused"`); refused != tt.wantRefused {
				t.Errorf("refused is %v: %s", refused, &s.bench.log)
			}
			for _, r := range all {
				checkReply(t, r, []string{attackFile})
			}
			s.checkLog(t, all)
		})
	}
}
