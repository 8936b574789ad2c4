package provision

import (
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/zeebo/xxh3"
)

// textETag is the strong entity tag (RFC 9110, 8.8.3) of a text: of its bytes and of nothing else, so that it is the same
// after a restart and on another machine. It is compared with tags of the same URL only, and nobody but the admin writes what
// they are made of: who could make two texts of one tag would mislead himself. So it need not be a cryptographic hash, which
// takes as long as all else of a rendering.
func textETag(text []byte) string {
	sum := xxh3.Hash128(text).Bytes()
	return datadir.FormatETag(sum[:])
}
