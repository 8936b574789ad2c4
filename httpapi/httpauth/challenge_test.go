package httpauth

import (
	"net/http"
	"regexp"
	"slices"
	"testing"
)

func TestChallenge(t *testing.T) {
	const (
		askSHA   = `Digest realm="phoneprov", qop="auth", algorithm=SHA-256, nonce="N"`
		askMD5   = `Digest realm="phoneprov", qop="auth", algorithm=MD5, nonce="N"`
		askBasic = `Basic realm="phoneprov"`
	)
	all := credentials(t)
	for _, tt := range []struct {
		name, file, vendor string
		stale              bool
		want               []string
	}{
		{"unknown", all, "", false, []string{askMD5, askSHA, askBasic}},
		{"Yealink", all, "Yealink", false, []string{askMD5, askSHA, askBasic}},
		{"stale", all, "", true, []string{askMD5 + ", stale=true", askSHA + ", stale=true", askBasic}},
		{"Snom", all, "Snom", false, []string{askBasic}},
		{"Snom, stale", all, "snom", true, []string{askBasic}},
		{"Mitel", all, "Mitel", false, []string{askMD5, askSHA, askBasic}},
		{"Aastra", all, "Aastra", false, []string{askMD5, askSHA, askBasic}},
		{"Panasonic", credentials(t), "Panasonic", false, []string{askBasic}},
		{"bcrypt only", "*:all:" + hash2b, "", false, []string{askBasic}},
		{"MD5 only", "*:all:" + hashMD5, "", false, []string{askMD5}},
		{"digests only", "*:all:" + hashMD5 + "\n*:all:" + hashSHA, "", false, []string{askMD5, askSHA}},
		{"digests only, Yealink", "*:all:" + hashSHA, "Yealink", false, []string{askSHA}},
		{"digests only, Snom", "*:all:" + hashMD5, "Snom", false, []string{askBasic}},
		{"empty file", "# nobody yet\n", "", false, []string{askMD5, askSHA, askBasic}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			authenticator(t, tt.file).Challenge(h, tt.vendor, tt.stale)
			got := h.Values("WWW-Authenticate")
			nonce := regexp.MustCompile(`nonce="[\w-]{43}"`)
			for i := range got {
				got[i] = nonce.ReplaceAllString(got[i], `nonce="N"`)
			}
			if !slices.Equal(got, tt.want) {
				t.Errorf("got  %q\nwant %q", got, tt.want)
			}
		})
	}
}

func TestCheckRealm(t *testing.T) {
	for realm, want := range map[string]bool{"phoneprov": true, "Phones of PBX 1": true, "": false, `a"b`: false, `a\b`: false, "a\nb": false, "é": false} {
		_, err := New(nil, realm)
		if got := err == nil; got != want {
			t.Errorf("%q: got %v, want %v", realm, err, want)
		}
	}
}
