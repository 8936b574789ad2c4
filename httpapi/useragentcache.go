package httpapi

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/memo"
)

// maxDevices bounds the remembered User-Agents in bytes. 1,000 and more fit: a site has tens of them, or of those with a MAC as many as
// phones.
const maxDevices = 512 << 10

// devices remembers what User-Agents are of, because phones come with the same ones again and again: reading one takes 0.1 to
// 0.7 µs (measured), a tenth of the handler's time for a file that is remembered.
type devices struct {
	known *memo.Memo[string, device.Device]
}

func newDevices() devices {
	return devices{memo.New[string, device.Device](maxDevices, 2*device.MaxUserAgent)}
}

func (d devices) of(userAgent string) device.Device {
	if userAgent == "" || len(userAgent) > device.MaxUserAgent {
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
