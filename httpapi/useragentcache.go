package httpapi

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/memo"
)

// Bounds of the remembered User-Agents, in bytes.
const (
	maxDevices   = 512 << 10 // 1,000 and more: a site has tens of them, or of those with a MAC as many as phones
	maxUserAgent = 256       // of one; a longer one is no phone's
)

// devices remembers what User-Agents are of, because phones come with the same ones again and again: reading one takes 0.1 to
// 0.7 µs (measured), a tenth of the handler's time for a file that is remembered.
type devices struct {
	known *memo.Memo[string, device.Device]
}

func newDevices() devices {
	return devices{memo.New[string, device.Device](maxDevices, 2*maxUserAgent)}
}

func (d devices) of(userAgent string) device.Device {
	if userAgent == "" || len(userAgent) > maxUserAgent {
		return device.Device{}
	}
	if device, ok := d.known.Get(userAgent); ok {
		return device
	}
	userAgent = strings.Clone(userAgent) // it is a part of all of the request's header
	device := device.ParseUserAgent(userAgent)
	d.known.Put(userAgent, device, len(userAgent))
	return device
}
