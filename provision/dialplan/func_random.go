package dialplan

import (
	"context"
	"crypto/rand"
	"fmt"
	"math"
	mathrand "math/rand/v2"
	"strconv"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// random is RAND([least][,most]). Both ends are possible results, and may be swapped.
func random(_ context.Context, c *Call) (string, error) {
	parts := c.Split(2)
	least, _, _ := cnum.ScanInt(arg(parts, 0))
	most, _, ok := cnum.ScanInt(arg(parts, 1))
	if !ok {
		most = math.MaxInt32
	}
	least, most = min(least, most), max(least, most)
	return strconv.FormatInt(int64(least)+mathrand.Int64N(int64(most)-int64(least)+1), 10), nil
}

// uuid returns a random UUID of version 4.
func uuid(_ context.Context, c *Call) (string, error) {
	var b [16]byte
	rand.Read(b[:]) // never fails
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:]), nil
}
