package httpapi

import (
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/memo"
)

// maxDevices bounds the remembered User-Agents in bytes. More than 1,000 fit; a site has tens of them, or as many as phones
// if they contain a MAC.
const maxDevices = 512 << 10

// userAgentCache remembers what User-Agents mean. Phones send the same ones again and again, and parsing one takes 0.1
// to 0.7 µs (measured), a tenth of the handler's time for a cached file.
type userAgentCache struct {
	known *memo.Memo[string, device.Device]
}

func newUserAgentCache() userAgentCache {
	return userAgentCache{memo.New[string, device.Device](maxDevices, 2*device.MaxUserAgent)}
}

func (c userAgentCache) of(userAgent string) device.Device {
	if userAgent == "" || len(userAgent) > device.MaxUserAgent {
		return device.Device{}
	}
	if device, ok := c.known.Get(userAgent); ok {
		return device
	}
	userAgent = strings.Clone(userAgent) // it is a part of the whole header, which must not stay in memory
	device := device.ParseUserAgent(userAgent)
	c.known.Put(userAgent, device, len(userAgent))
	return device
}
