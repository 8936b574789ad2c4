package tlsconf

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

// maxVerdicts bounds the remembered chains, of about 150 bytes each: more than the largest site's phones have that ask
// at a time. Beyond it, all are forgotten.
const maxVerdicts = 1 << 12

// verdicts remembers the results of ClientMAC by chain, because a phone asks for several files, and verifying a chain
// takes 0.1 ms or more.
type verdicts struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]verdict
}

// verdict is a result of ClientMAC.
type verdict struct {
	bundle *Bundle   // it counts only with this bundle
	until  time.Time // when the validity of a certificate begins or ends; zero: never
	mac    device.MAC
	reason string
}

func (v *verdicts) get(chain [sha256.Size]byte, bundle *Bundle, now time.Time) (verdict, bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	known, ok := v.known[chain]
	return known, ok && known.bundle == bundle && (known.until.IsZero() || now.Before(known.until))
}

func (v *verdicts) put(chain [sha256.Size]byte, known verdict) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known == nil || len(v.known) >= maxVerdicts {
		v.known = map[[sha256.Size]byte]verdict{}
	}
	v.known[chain] = known
}

// hashOf identifies a chain.
func hashOf(chain []*x509.Certificate) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, cert := range chain {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(cert.Raw))))
		h.Write(cert.Raw)
	}
	h.Sum(sum[:0])
	return sum
}
