package dialplan

import (
	"context"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"github.com/phoneprov/phoneprov/provision/dialplan/ctime"
	"github.com/phoneprov/phoneprov/provision/zone"
)

// bytesOfVerb is how many bytes of work one conversion of a time or of SPRINTF counts.
const bytesOfVerb = 256

// strftime is STRFTIME([epoch[,zone[,format]]]).
func strftime(ctx context.Context, c *Call) (string, error) {
	parts := c.Split(3)
	server, zone := c.zones(arg(parts, 1))
	format := "%c"
	if len(parts) == 3 {
		format = parts[2]
	}
	whole, micros, ok := parseEpoch(arg(parts, 0))
	at := time.Unix(whole, 0)
	if !ok {
		at = c.Env.Now
		micros = at.Nanosecond() / 1000
	}
	return ctime.Format(at.In(zone), micros, server, format, func(length int) error {
		if err := c.ex.run.spend(ctx, bytesOfVerb); err != nil {
			return err
		}
		if length > c.ex.run.Output {
			return ErrTooLong
		}
		return nil
	})
}

// The first and the last second whose year C can represent.
const (
	firstSecond = -67768040609740800
	lastSecond  = 67767976233532799
)

// parseEpoch reads seconds as C does, 1e9 and 0x10 too. It ignores the text after the number. micros are the
// microseconds after the whole seconds, with their sign.
func parseEpoch(s string) (whole int64, micros int, ok bool) {
	n, ok := cnum.ScanLongDouble(s)
	if !ok || n.Cmp(cnum.New(firstSecond)) < 0 || n.Cmp(cnum.New(lastSecond)) > 0 {
		return 0, 0, false
	}
	whole, _ = n.Int64()
	fraction := cnum.Mul(cnum.Sub(n, cnum.New(whole)), cnum.New(1e6))
	us, _ := fraction.Int64()
	return whole, int(us), true
}

// zones returns the server's time zone and the zone of that name. An empty name is the server's zone, and an unknown
// one is UTC.
func (c *Call) zones(name string) (server, zone *time.Location) {
	server = c.Env.Zone
	if server == nil {
		server = time.UTC
	}
	if name == "" {
		return server, server
	}
	zone, ok := c.Env.loadZone(name)
	if !ok {
		c.fault("unknown time zone")
		zone = time.UTC
	}
	return server, zone
}

func (e *Env) loadZone(name string) (*time.Location, bool) {
	if e.LoadZone != nil {
		return e.LoadZone(name)
	}
	return zone.Load(name)
}
