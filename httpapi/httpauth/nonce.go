package httpauth

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// nonceLife covers a phone's boot, so that it is asked once for all of its files.
	nonceLife = 5 * time.Minute
	// nonceSlots is how many nonces in use are remembered, 16 bytes each: as many phones as may boot within nonceLife,
	// twice over. A nonce that had to make room is stale.
	nonceSlots = 1 << 18
)

// nonces issues nonces and sees that each of their counts is used once.
//
// A nonce has its time, its number and a signature, so that only those in use with the right password cost memory:
// a number has one slot, which a higher number takes over. A nonce lower than what its slot has was used and forgotten,
// or was not used at all; either way it is stale.
type nonces struct {
	key    [32]byte // of this process
	issued atomic.Uint64

	mu   sync.Mutex
	used []nonceUse
	seed maphash.Seed // of nonceUse.by
}

type nonceUse struct {
	number uint64 // from 1
	nc     uint32 // the highest count
	by     uint32 // a hash of the owner whose password was right: it makes the 16 bytes full
}

func newNonces(slots int) *nonces {
	n := &nonces{used: make([]nonceUse, slots), seed: maphash.MakeSeed()}
	rand.Read(n.key[:]) // never fails
	return n
}

const (
	nonceText = 16 // bytes: time and number
	nonceSign = 16 // bytes of the HMAC: enough that nobody makes one
)

// issue makes a nonce.
func (n *nonces) issue(now time.Time) string {
	b := binary.BigEndian.AppendUint64(nil, uint64(now.UnixNano()))
	b = binary.BigEndian.AppendUint64(b, n.issued.Add(1))
	return base64.RawURLEncoding.EncodeToString(append(b, n.sign(b)...))
}

func (n *nonces) sign(text []byte) []byte {
	mac := hmac.New(sha256.New, n.key[:])
	mac.Write(text)
	return mac.Sum(nil)[:nonceSign]
}

// read gives the time and the number of a nonce that is ours.
func (n *nonces) read(nonce string) (text []byte, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(nonce) != base64.RawURLEncoding.EncodedLen(nonceText+nonceSign) || len(b) != nonceText+nonceSign ||
		!hmac.Equal(n.sign(b[:nonceText]), b[nonceText:]) {
		return nil, false
	}
	return b[:nonceText], true
}

func (n *nonces) hash(by owner) uint32 { return uint32(maphash.Comparable(n.seed, by)) }

// answeredBy reports a nonce that the owner's right password has answered before, and nobody else's since.
func (n *nonces) answeredBy(nonce string, by owner) bool {
	b, ok := n.read(nonce)
	if !ok {
		return false
	}
	number := binary.BigEndian.Uint64(b[8:])
	n.mu.Lock()
	defer n.mu.Unlock()
	u := n.used[number%uint64(len(n.used))]
	return u.number == number && u.by == n.hash(by)
}

// use takes a count of a nonce, once the owner's response was found right: else anyone could use up another's. It returns
// why the client must ask again with a new nonce, or "".
func (n *nonces) use(nonce string, nc uint32, by owner, now time.Time) string {
	b, ok := n.read(nonce)
	if !ok {
		return reasonForeign
	}
	age := now.UnixNano() - int64(binary.BigEndian.Uint64(b))
	if age < 0 || age > int64(nonceLife) { // below 0: the clock was set back
		return reasonExpired
	}
	number := binary.BigEndian.Uint64(b[8:])
	n.mu.Lock()
	defer n.mu.Unlock()
	switch u := &n.used[number%uint64(len(n.used))]; {
	case u.number > number:
		return reasonForgotten
	case u.number == number && nc <= u.nc:
		return reasonReplay
	default:
		*u = nonceUse{number, nc, n.hash(by)}
	}
	return ""
}
