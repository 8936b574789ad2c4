package amisync

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision"
)

// Where the configuration is read from.
const (
	SourceAMI   = "ami"   // asked of Asterisk with GetConfig
	SourceFiles = "files" // read from ConfigDir
)

// Options configure a Service.
type Options struct {
	Address  string // host:port of Asterisk's manager interface; empty: none, for SourceFiles only
	Username string
	Secret   provision.Secret

	Source    string        // SourceAMI where empty
	ConfigDir string        // for SourceFiles; with SourceAMI only to find what is wrong with a file that Asterisk cannot parse
	Resync    time.Duration // from one sync to the next without a trigger; zero: never

	Connections int           // for function calls, at most; 4 where zero
	FunctionTTL time.Duration // that an answer to one is given again; zero: it is not

	Store *provision.Store // where snapshots go; nil: a Service for Once only
	Zone  *time.Location   // of users without a timezone; nil: UTC
	Log   zerolog.Logger   // the zero Logger logs to nowhere
	// Synced is told what is served when a sync has stored a snapshot. It is called by one goroutine; nil: nobody is told.
	Synced func(provision.Counts)
	// Failed is told of a sync that failed. It is called by one goroutine; nil: nobody is told.
	Failed func(trigger string, took time.Duration, err error)
	// PeerChanged is told of a peer that registered, registered again, or is registered no more. Nil: nobody is told.
	PeerChanged func(Peer)
	// NotifyWord is told each argument of "phoneprov notify" at the Asterisk CLI: twelve digits of a MAC, WordStale or WordConfirm. It must not
	// wait; nil: nobody is told.
	NotifyWord func(word string)
	// Read is told of each configuration that was read. Nil: nobody is told.
	Read func(provision.Config)

	// Interfaces finds the address of a network interface, for serveriface. Nil: those of this host.
	Interfaces func(name string) (netip.Addr, error)
	// Dial connects to Address. Nil: plain TCP.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Timing Timing
}

// Timing are the service's deadlines and pauses. A zero field is its default.
type Timing struct {
	Connect      time.Duration // to reach Asterisk and log in; 10 s
	Boot         time.Duration // for a connected Asterisk to say that it is booted, while a snapshot is served; 1 min
	FirstBoot    time.Duration // the same while none is; 5 s
	Contacts     time.Duration // between readings of the contacts of PJSIP, as no event tells of a registration that is renewed; 1 min
	Ping         time.Duration // between checks that an idle connection lives; 15 s
	Action       time.Duration // for the answer to such a check; 5 s
	Sync         time.Duration // for one sync; 30 s
	Ask          time.Duration // for one function call; 2 s
	Debounce     time.Duration // from a trigger to its sync; 20 ms: `pjsip reload` sends eight events within some ms
	Watch        time.Duration // that changed files must be at rest; 100 ms
	Settle       time.Duration // that a file must be unchanged before what was read of it counts; 250 ms, more than any file system's clock
	ReconnectMin time.Duration // the first pause before connecting again; 200 ms
	ReconnectMax time.Duration // the longest; 15 s
	LoginRetry   time.Duration // the least after a refused login; 10 s
	RetryMin     time.Duration // the first pause after a sync that failed; 1 s
	RetryMax     time.Duration // the longest; 1 min
}

func (t Timing) withDefaults() Timing {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Connect, 10 * time.Second}, {&t.Boot, time.Minute}, {&t.FirstBoot, 5 * time.Second}, {&t.Ping, 15 * time.Second}, {&t.Action, 5 * time.Second},
		{&t.Sync, 30 * time.Second}, {&t.Contacts, time.Minute}, {&t.Ask, 2 * time.Second},
		{&t.Debounce, 20 * time.Millisecond}, {&t.Watch, 100 * time.Millisecond}, {&t.Settle, 250 * time.Millisecond},
		{&t.ReconnectMin, 200 * time.Millisecond}, {&t.ReconnectMax, 15 * time.Second}, {&t.LoginRetry, 10 * time.Second},
		{&t.RetryMin, time.Second}, {&t.RetryMax, time.Minute},
	} {
		if *f.field == 0 {
			*f.field = f.value
		}
	}
	return t
}

func (o Options) withDefaults() (Options, error) {
	if o.Source == "" {
		o.Source = SourceAMI
	}
	switch {
	case o.Source != SourceAMI && o.Source != SourceFiles:
		return o, fmt.Errorf("source %q is neither %q nor %q", o.Source, SourceAMI, SourceFiles)
	case o.Source == SourceAMI && o.Address == "":
		return o, errors.New("no address of asterisk's manager interface, which the configuration is to be read from")
	case o.Source == SourceFiles && o.ConfigDir == "":
		return o, errors.New("no directory to read asterisk's configuration from")
	}
	if o.Address != "" {
		if _, _, err := net.SplitHostPort(o.Address); err != nil {
			return o, fmt.Errorf("address of asterisk's manager interface: %w", err)
		}
		if o.Username == "" || o.Secret == "" {
			return o, errors.New("no username or no secret for asterisk's manager interface")
		}
		if err := ami.CheckFields(ami.Message{"Username": o.Username, "Secret": o.Secret.Reveal()}); err != nil {
			return o, err
		}
	}
	if o.Connections <= 0 {
		o.Connections = 4
	}
	if o.Dial == nil {
		o.Dial = new(net.Dialer).DialContext
	}
	if o.Interfaces == nil {
		o.Interfaces = interfaceAddr
	}
	o.Timing = o.Timing.withDefaults()
	return o, nil
}

// interfaceAddr is the first address of an interface of this host: an IPv4 one if there is any, as Asterisk takes.
func interfaceAddr(name string) (netip.Addr, error) {
	i, err := net.InterfaceByName(name)
	if err != nil {
		return netip.Addr{}, err
	}
	addrs, err := i.Addrs()
	if err != nil {
		return netip.Addr{}, err
	}
	var found netip.Addr
	for _, a := range addrs {
		prefix, err := netip.ParsePrefix(a.String())
		switch {
		case err != nil:
		case prefix.Addr().Is4():
			return prefix.Addr(), nil
		case !found.IsValid() && !prefix.Addr().IsLinkLocalUnicast():
			found = prefix.Addr()
		}
	}
	if !found.IsValid() {
		return found, errors.New("it has no address")
	}
	return found, nil
}
