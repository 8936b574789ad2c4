package provision

import (
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/zeebo/xxh3"
)

// textETag returns the strong entity tag (RFC 9110, 8.8.3) of a text. It depends on the text only, so it is the same
// after a restart and on another machine. The hash need not be cryptographic, which would take as long as the rest of a
// rendering: a tag is compared only with tags of the same URL, and only the admin decides what the texts are. Whoever
// could make two texts with the same tag would deceive himself.
func textETag(text []byte) string {
	sum := xxh3.Hash128(text).Bytes()
	return datadir.FormatETag(sum[:])
}
