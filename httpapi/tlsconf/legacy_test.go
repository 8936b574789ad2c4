package tlsconf

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// What an old phone speaks, and whether it is served without and with legacy.
func TestLegacy(t *testing.T) {
	modern, legacy := newBench(t, Options{}), newBench(t, Options{Legacy: true})
	if strings.Contains(modern.log.String(), "legacy") || !strings.Contains(legacy.log.String(), `"level":"warn","message":"https.legacy is on`) {
		t.Errorf("got %s and %s", modern.log, legacy.log)
	}
	for _, tt := range []struct {
		name           string
		version        uint16
		cipher         uint16 // 0: those of Go's client
		modern, legacy bool
	}{
		{"TLS 1.3", tls.VersionTLS13, 0, true, true},
		{"TLS 1.2", tls.VersionTLS12, 0, true, true},
		{"TLS 1.1", tls.VersionTLS11, 0, false, true},
		{"TLS 1.0", tls.VersionTLS10, 0, false, true},
		{"TLS 1.2, RSA key exchange", tls.VersionTLS12, tls.TLS_RSA_WITH_AES_128_GCM_SHA256, false, true},
		{"TLS 1.2, CBC with SHA-256", tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256, false, true},
		{"TLS 1.2, RC4", tls.VersionTLS12, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, false, false},
		{"TLS 1.0, RSA key exchange, as Linksys SPA", tls.VersionTLS10, tls.TLS_RSA_WITH_AES_256_CBC_SHA, false, true},
		{"TLS 1.0, 3DES", tls.VersionTLS10, tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA, false, true},
		{"TLS 1.0, ECDHE", tls.VersionTLS10, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, false, true},
		{"TLS 1.0, RC4", tls.VersionTLS10, tls.TLS_RSA_WITH_RC4_128_SHA, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var ciphers []uint16
			if tt.cipher != 0 {
				ciphers = []uint16{tt.cipher}
			}
			if _, _, err := modern.get(modern.plainClient(tt.version, ciphers...)); (err == nil) != tt.modern {
				t.Errorf("modern: got %v", err)
			}
			if _, _, err := legacy.get(legacy.plainClient(tt.version, ciphers...)); (err == nil) != tt.legacy {
				t.Errorf("legacy: got %v", err)
			}
		})
	}
	if !strings.Contains(modern.log.String(), "client offered only unsupported versions: [301]") {
		t.Errorf("the log does not say why: %s", modern.log)
	}
}

// OpenSSL's client does what old phones do, and what Go's cannot.
func TestLegacyOpenSSL(t *testing.T) {
	t.Parallel()
	modern, legacy := newBench(t, Options{}), newBench(t, Options{Legacy: true})
	for _, tt := range skips.Some(t, 3, []struct { // openssl takes 50 ms to start
		name, args string
		want       string // the cipher with legacy; empty: refused. Without it all are refused.
	}{
		{"TLS 1.0", "-tls1 -cipher DEFAULT@SECLEVEL=0", "ECDHE-RSA-AES128-SHA"},
		{"TLS 1.1", "-tls1_1 -cipher DEFAULT@SECLEVEL=0", "ECDHE-RSA-AES128-SHA"},
		{"TLS 1.0, RSA key exchange", "-tls1 -cipher AES256-SHA@SECLEVEL=0", "AES256-SHA"},
		{"TLS 1.2, SHA-1 signatures, RSA key exchange", "-tls1_2 -sigalgs RSA+SHA1 -cipher AES128-SHA@SECLEVEL=0", "AES128-SHA"},
		{"TLS 1.2, SHA-1 signatures, ECDHE", "-tls1_2 -sigalgs RSA+SHA1 -cipher ECDHE-RSA-AES128-SHA@SECLEVEL=0", ""},
		{"DHE", "-tls1_2 -cipher DHE-RSA-AES128-SHA@SECLEVEL=0", ""},
	}) {
		t.Run(tt.name, func(t *testing.T) {
			for b, want := range map[*bench]string{modern: "", legacy: tt.want} {
				out := run(t, "", "openssl", append([]string{"s_client", "-connect", b.addr}, strings.Fields(tt.args)...)...)
				_, got, _ := strings.Cut(out, "\nNew, ")
				_, got, _ = strings.Cut(got, "Cipher is ")
				got, _, _ = strings.Cut(got, "\n")
				if got = strings.TrimPrefix(got, "(NONE)"); got != want {
					t.Errorf("legacy %v: got %q, want %q", b == legacy, got, want)
				}
			}
		})
	}
}
