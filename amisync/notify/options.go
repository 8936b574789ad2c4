package notify

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Mode says what is done when files of phones have changed.
type Mode string

// The modes.
const (
	Off  Mode = "off"    // nothing; a person can tell phones
	Log  Mode = "log"    // the log says who would be told, and how
	Auto Mode = "notify" // they are told
)

// Ledger is what the Notifier asks and tells. *ledger.Ledger is one.
type Ledger interface {
	Phones(ledger.Query) (ledger.Page, error)
	Phone(id string) (ledger.Phone, bool)
	PhoneTold(id string, n ledger.Notice) bool
	PhoneUntold(id, why string)
	Stats() ledger.Stats
	Subscribe(what ...ledger.Kind) (<-chan ledger.Update, func())
}

// Asterisk is what the Notifier asks of Asterisk.
type Asterisk interface {
	// Known is what was heard of an endpoint last. It asks nothing.
	Known(endpoint string) (Endpoint, bool)
	// Reach asks what there is to an endpoint at this moment; false: there is no such endpoint.
	Reach(ctx context.Context, endpoint string) (Endpoint, bool, error)
	// Notify has NOTIFY sent, and returns what Asterisk said. With an error that is ErrUnreachable, ErrDenied or ErrRefused nothing was sent;
	// with another one that is not known.
	Notify(ctx context.Context, to Target, event string) (answer string, err error)
	// Outbound is the endpoint through which Asterisk can send NOTIFY to a URI; empty: there is none.
	Outbound() string
}

// Errors of an Asterisk.
var (
	ErrUnreachable = errors.New("asterisk cannot be asked now")
	ErrDenied      = errors.New("asterisk does not permit it")
	ErrRefused     = errors.New("asterisk refused")
)

// Options configure a Notifier.
type Options struct {
	Mode      Mode
	Spread    time.Duration // phones of one change are told within this time
	Rate      int           // phones told in a second, at most
	BusyLimit time.Duration // a phone in a call is told after this time all the same
	Limit     int           // phones that a change may touch without a person; 0: any number
	Table     Table
	Ledger    Ledger
	Asterisk  Asterisk
	// Shared reports whether an endpoint is a line of several phones. Nil: none is.
	Shared func(endpoint string) bool
	Log    zerolog.Logger
	Jitter func(time.Duration) time.Duration // a random time below the given one; nil: rand.N
}
