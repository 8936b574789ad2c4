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
	PBX      string // the name of this Asterisk, for PP_PBX
	Address  string // host:port of Asterisk's manager interface; empty: none, with SourceFiles only
	Username string
	Secret   provision.Secret

	Source    string        // empty: SourceAMI
	ConfigDir string        // for SourceFiles; with SourceAMI, to find what is wrong with a file that Asterisk cannot parse
	Resync    time.Duration // from one sync to the next without a trigger; 0: never

	Connections int           // for functions, at most; 0: 4
	FunctionTTL time.Duration // for how long an answer is given again; 0: it is not

	Store *provision.Store // gets the snapshots; nil: the Service is for Once only
	Zone  *time.Location   // of users without a timezone; nil: UTC
	Log   zerolog.Logger   // the zero Logger discards everything
	// Synced is called with the served counts after a sync has stored a snapshot, by one goroutine. It may be nil.
	Synced func(provision.Counts)
	// Failed is called after a sync that failed, by one goroutine. It may be nil.
	Failed func(trigger string, took time.Duration, err error)
	// Ended is called after each sync, also after one that failed or is held, with its triggers: "SIGHUP, connect". It
	// may be nil.
	Ended func(trigger string)
	// PeerChanged is called with a peer that registered, registered again or unregistered. It may be nil.
	PeerChanged func(Peer)
	// PeersRead is called once Peer knows the peers. PeerChanged is not called for what is in that first list. It may be
	// nil.
	PeersRead func()
	// NotifyWord is called with each argument of "phoneprov notify" at the Asterisk CLI: twelve digits of a MAC,
	// WordStale or WordConfirm. It must not block. If nil, the arguments are ignored.
	NotifyWord func(word string)
	// Read is called with each configuration that was read. It may be nil.
	Read func(provision.Config)

	// Kept stores the served configuration over restarts. If nil, nothing is stored.
	Kept Kept
	// MaxLoss is the percentage of the phones that a sync may remove. A sync that removes more, and at least minLoss
	// phones, is held. Zero means no bound.
	MaxLoss int

	// Show returns the content for Asterisk's database, which the Asterisk CLI shows. One goroutine calls it every
	// Timing.Show. If nil, nothing is written.
	Show func() Shown

	// Interfaces returns the address of a network interface, for serveriface. Nil: of this host.
	Interfaces func(name string) (netip.Addr, error)
	// Dial connects to Address. Nil: plain TCP.
	Dial   func(ctx context.Context, network, address string) (net.Conn, error)
	Timing Timing
}

// Timing has the deadlines and pauses of a Service. A zero field stands for its default.
type Timing struct {
	Connect      time.Duration // for connecting and logging in; 10 s
	Boot         time.Duration // for a connected Asterisk to say that it is booted, while a snapshot is served; 1 min
	FirstBoot    time.Duration // the same while no snapshot is served; 5 s
	Contacts     time.Duration // between readings of PJSIP's contacts, at most, because no event tells of a renewed registration; 1 min
	Ping         time.Duration // between checks of an idle connection; 15 s
	Action       time.Duration // for the answer to such a check; 5 s
	Sync         time.Duration // for one sync; 30 s
	Ask          time.Duration // for one function call; 2 s
	Restore      time.Duration // for the first sync, before the stored configuration is served; 300 ms: phones may wait a second
	Show         time.Duration // from one update of Asterisk's database to the next; 2 s
	Debounce     time.Duration // from a trigger to its sync; 20 ms: `pjsip reload` sends eight events within some ms
	Watch        time.Duration // without changes of files, before they are read; 100 ms
	Settle       time.Duration // that a file must be unchanged before it counts; 250 ms, more than the resolution of any file system's clock
	ReconnectMin time.Duration // the first pause before connecting again; 200 ms
	ReconnectMax time.Duration // the longest such pause; 15 s
	LoginRetry   time.Duration // the shortest pause after a refused login; 10 s
	RetryMin     time.Duration // the first pause after a failed sync; 1 s
	RetryMax     time.Duration // the longest such pause; 1 min
}

func (t Timing) withDefaults() Timing {
	for _, f := range []struct {
		field *time.Duration
		value time.Duration
	}{
		{&t.Connect, 10 * time.Second}, {&t.Boot, time.Minute}, {&t.FirstBoot, 5 * time.Second}, {&t.Ping, 15 * time.Second}, {&t.Action, 5 * time.Second},
		{&t.Sync, 30 * time.Second}, {&t.Contacts, time.Minute}, {&t.Ask, 2 * time.Second},
		{&t.Restore, 300 * time.Millisecond}, {&t.Show, 2 * time.Second}, {&t.Debounce, 20 * time.Millisecond}, {&t.Watch, 100 * time.Millisecond}, {&t.Settle, 250 * time.Millisecond},
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
		o.Interfaces = InterfaceAddr
	}
	o.Timing = o.Timing.withDefaults()
	return o, nil
}

// InterfaceAddr returns the first address of an interface of this host: an IPv4 address if there is one, as in
// Asterisk.
func InterfaceAddr(name string) (netip.Addr, error) {
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
