package httpauth

import "testing"

// The examples of the RFCs.
func TestResponse(t *testing.T) {
	const nonce, cnonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"
	const realm, password = "http-auth@example.org", "Circle of Life"
	for _, tt := range []struct {
		name                           string
		scheme                         scheme
		realm, password, nonce, cnonce string
		want                           string
	}{
		{"RFC 7616, 3.9.1, MD5", digestMD5, realm, password, nonce, cnonce, "8ca523f5e9506fed4657c9700eebdbec"},
		{"RFC 7616, 3.9.1, SHA-256", digestSHA256, realm, password, nonce, cnonce,
			"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{"RFC 2617, 3.5", digestMD5, "testrealm@host.com", "Circle Of Life", "dcd98b7102dd2f0e8b11d0f600bfb0c093", "0a4f113b",
			"6629fae49393a05397450978507c4ef1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			ha1 := tt.scheme.hash("Mufasa", tt.realm, tt.password)
			if got := tt.scheme.response(ha1, "GET", "/dir/index.html", tt.nonce, "00000001", tt.cnonce); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
