package httpapi

import (
	"strings"
	"sync"

	"github.com/phoneprov/phoneprov/provision"
)

// Bounds of what is remembered of User-Agents.
const (
	maxDevices   = 1000 // a site has tens of them, or of those with a MAC as many as phones
	maxUserAgent = 256  // bytes; a longer one is no phone's
)

// devices remembers what User-Agents are of, as phones come with the same again and again: to read one takes 0.1 to 0.7 µs
// (measured), a tenth of the handler's time for a file that is kept. Where they are too many it forgets all. The zero devices
// is empty.
type devices struct {
	mu    sync.RWMutex
	known map[string]provision.Device
}

func (d *devices) of(userAgent string) provision.Device {
	if userAgent == "" || len(userAgent) > maxUserAgent {
		return provision.Device{}
	}
	d.mu.RLock()
	device, ok := d.known[userAgent]
	d.mu.RUnlock()
	if ok {
		return device
	}
	userAgent = strings.Clone(userAgent) // which is a part of all of the request's header
	device = provision.ParseUserAgent(userAgent)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.known == nil || len(d.known) >= maxDevices {
		d.known = map[string]provision.Device{}
	}
	d.known[userAgent] = device
	return device
}
