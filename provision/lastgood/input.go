package lastgood

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Input is what Build is given to make the same snapshot again. What is of phoneprov's own settings comes from own: the zone, and
// the interfaces, whose present addresses come before those that were kept. Where own.Ask is nil and nothing was answered it
// stays nil. Asterisk is not asked.
func (s *State) Input(own provision.Input) provision.Input {
	in := provision.Input{Config: s.Config, Major: s.Major, Live: s.Live, Zone: own.Zone}
	if own.Ask != nil || len(s.Answers) > 0 {
		in.Ask = s.answer
	}
	in.Interfaces = func(name string) (netip.Addr, error) {
		err := errors.New("it is not known")
		if own.Interfaces != nil {
			var address netip.Addr
			if address, err = own.Interfaces(name); err == nil {
				return address, nil
			}
		}
		if kept, ok := s.Addresses[name]; ok {
			return kept, nil
		}
		return netip.Addr{}, err
	}
	return in
}

// answer gives what Asterisk said. A call that is not known costs the file that makes it, and not the whole Build.
func (s *State) answer(_ context.Context, call string) (string, error) {
	value, ok := s.Answers[call]
	if !ok {
		return "", fmt.Errorf("%w: %s was not asked for when this was kept", dialplan.ErrPending, call)
	}
	return value, nil
}

// Heard notes what Build is told of the world, for the State that will be kept.
type Heard struct {
	Addresses map[string]netip.Addr
	Answers   map[string]string
}

// Listen gives an Input that tells the same as in, and what Build will have been told. Build asks one thing at a time.
func Listen(in provision.Input) (provision.Input, *Heard) {
	h := &Heard{Addresses: map[string]netip.Addr{}, Answers: map[string]string{}}
	if interfaces := in.Interfaces; interfaces != nil {
		in.Interfaces = func(name string) (netip.Addr, error) {
			address, err := interfaces(name)
			if err == nil {
				h.Addresses[name] = address
			}
			return address, err
		}
	}
	if ask := in.Ask; ask != nil {
		in.Ask = func(ctx context.Context, call string) (string, error) {
			value, err := ask(ctx, call)
			if err == nil { // with an error no snapshot is built
				h.Answers[call] = value
			}
			return value, err
		}
	}
	return in, h
}
