package httpauth

import (
	"net/http/httptest"
	"testing"
)

func TestUser(t *testing.T) {
	for _, tt := range []struct{ header, want string }{
		{"", ""},
		{"Basic YWxpY2U6eA==", "alice"},
		{"Basic rubbish", ""},
		{`Digest username="al\"ice", realm="x"`, `al"ice`},
		{`digest username=bob`, "bob"},
		{"Digest realm=x", ""},
		{"Digest =", ""},
		{"Bearer username=bob", ""},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		if tt.header != "" {
			r.Header.Set("Authorization", tt.header)
		}
		if got := userOf(r); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.header, got, tt.want)
		}
	}
}
