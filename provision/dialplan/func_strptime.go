package dialplan

import (
	"context"
	"strconv"

	"github.com/phoneprov/phoneprov/provision/dialplan/ctime"
)

// strptime is STRPTIME(time,[zone],format): seconds since 1970. Asterisk writes their low 32 bits.
func strptime(_ context.Context, c *Call) (string, error) {
	parts := c.Split(3)
	if len(parts) < 3 || parts[2] == "" {
		c.fault("want time,[zone],format")
		return "", nil
	}
	server, zone := c.zones(parts[1])
	wall, ok := ctime.Parse(parts[0], parts[2], server)
	if !ok {
		c.fault("the time does not match the format")
		return "", nil
	}
	seconds, ok := ctime.Epoch(wall, zone)
	if !ok {
		c.fault("there is no such time in the zone")
		return "0", nil
	}
	return strconv.Itoa(int(int32(seconds))), nil
}
