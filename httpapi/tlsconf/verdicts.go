package tlsconf

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision/device"
)

// maxVerdicts is how many chains are remembered, at about 150 bytes each: all of the largest site's that ask at one time. Where
// there are more, all are forgotten.
const maxVerdicts = 1 << 12

// verdicts remembers what chains of certificates are worth: a phone asks for several files, and to verify a chain takes 0.1
// ms or more.
type verdicts struct {
	mu    sync.Mutex
	known map[[sha256.Size]byte]verdict
}

// verdict is what ClientMAC said.
type verdict struct {
	bundle *Bundle   // it is worth nothing with another
	until  time.Time // when a certificate begins or ends to be valid; zero: never
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

// hashOf stands for a chain.
func hashOf(chain []*x509.Certificate) (sum [sha256.Size]byte) {
	h := sha256.New()
	for _, cert := range chain {
		h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(cert.Raw))))
		h.Write(cert.Raw)
	}
	h.Sum(sum[:0])
	return sum
}
