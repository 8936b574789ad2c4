package lastgood

import (
	"context"
	"errors"
	"fmt"
	"net/netip"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Input returns the input with which Build makes the same snapshot again. It never asks Asterisk. The time zone and the name come
// from own. The interfaces' present addresses from own come before the saved ones. If own.Ask is nil and the State has
// no answers, Ask stays nil.
func (s *State) Input(own provision.Input) provision.Input {
	in := provision.Input{PBX: own.PBX, Config: s.Config, Major: s.Major, Live: s.Live, Zone: own.Zone}
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

// answer returns Asterisk's saved answer to a call. An unknown call is an error that drops only the file that makes the
// call, not the whole Build.
func (s *State) answer(_ context.Context, call string) (string, error) {
	value, ok := s.Answers[call]
	if !ok {
		return "", fmt.Errorf("%w: %s was not asked for when this was kept", dialplan.ErrPending, call)
	}
	return value, nil
}

// Heard records what Build asks for, for the State to save.
type Heard struct {
	Addresses map[string]netip.Addr
	Answers   map[string]string
}

// Listen returns an Input that gives the same answers as in, and the Heard that records them. It needs no lock: Build
// asks one thing at a time.
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
