package provision

import (
	"strings"
	"testing"
)

// The tag of a text is the same on every machine and in every version, so that an update of phoneprov does not make
// phones load their files again. The tags here come from the xxHash library itself.
func TestETagOfText(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", `"99aa06d3014798d86001c324468d497f"`},
		{"<phone/>\n", `"bd32fcffd3a49e0a1a626cbee7fb87c9"`},
		{strings.Repeat("0123456789", 1000), `"26b9e8677f17f17f2da683cfe7106d98"`},
	} {
		if got := textETag([]byte(tt.text)); got != tt.want {
			t.Errorf("%.20q: got %s, want %s", tt.text, got, tt.want)
		}
	}
}
