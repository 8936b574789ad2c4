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
	// nonceLife covers a phone's boot, so that the phone is challenged once for all its files.
	nonceLife = 5 * time.Minute
	// nonceSlots is the number of remembered nonces in use, with 16 bytes each: twice as many as phones may boot within
	// nonceLife. A nonce whose slot another one took over is stale.
	nonceSlots = 1 << 18
)

// nonces issues nonces, and makes sure that each of their counts is used once.
//
// A nonce contains its time, its number and a signature. So only nonces that were used with the right password need
// memory. A number has one slot, which a higher number takes over. A nonce with a lower number than its slot is stale:
// it was used and forgotten, or was never used.
type nonces struct {
	key    [32]byte // of this process
	issued atomic.Uint64

	mu   sync.Mutex
	used []nonceUse
	seed maphash.Seed // of nonceUse.by
}

type nonceUse struct {
	number uint64 // counted from 1
	nc     uint32 // the highest count that was used
	by     uint32 // a hash of the owner whose password was right; it fits into the 16 bytes
}

func newNonces(slots int) *nonces {
	n := &nonces{used: make([]nonceUse, slots), seed: maphash.MakeSeed()}
	rand.Read(n.key[:]) // never fails
	return n
}

const (
	nonceText = 16 // bytes of time and number
	nonceSign = 16 // bytes of the HMAC; nobody can guess them
)

// issue returns a new nonce.
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

// read returns the time and the number of a nonce. ok is false if the nonce is not ours.
func (n *nonces) read(nonce string) (text []byte, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(nonce)
	if err != nil || len(nonce) != base64.RawURLEncoding.EncodedLen(nonceText+nonceSign) || len(b) != nonceText+nonceSign ||
		!hmac.Equal(n.sign(b[:nonceText]), b[nonceText:]) {
		return nil, false
	}
	return b[:nonceText], true
}

func (n *nonces) hash(by owner) uint32 { return uint32(maphash.Comparable(n.seed, by)) }

// answeredBy reports a nonce that the owner, and nobody else since, has answered with the right password.
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

// use marks a count of a nonce as used. The response must be right, because otherwise anybody could use up the counts
// of others. It returns why the client must ask again with a new nonce, or "".
func (n *nonces) use(nonce string, nc uint32, by owner, now time.Time) string {
	b, ok := n.read(nonce)
	if !ok {
		return reasonForeign
	}
	age := now.UnixNano() - int64(binary.BigEndian.Uint64(b))
	if age < 0 || age > int64(nonceLife) { // negative: the clock was set back
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
