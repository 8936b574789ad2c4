package notify

import (
	"context"
	"errors"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// Mode says what Notifier does when files of phones have changed.
type Mode string

// The modes.
const (
	Off  Mode = "off"    // it does nothing by itself; a person can tell phones
	Log  Mode = "log"    // it logs which phone would be told, and how
	Auto Mode = "notify" // it tells the phones
)

// Ledger has the methods of *ledger.Ledger that Notifier uses.
type Ledger interface {
	Phones(ledger.Query) (ledger.Page, error)
	Phone(id string) (ledger.Phone, bool)
	PhoneTold(id string, n ledger.Notice) bool
	PhoneUntold(id, why string)
	Stats() ledger.Stats
	Subscribe(what ...ledger.Kind) (<-chan ledger.Update, func())
}

// Asterisk has the questions and commands of Notifier to Asterisk.
type Asterisk interface {
	// Known returns what Asterisk last said of an endpoint, without asking it. The bool is false if the endpoint is
	// unknown.
	Known(endpoint string) (Endpoint, bool)
	// Reach asks Asterisk for an endpoint. The bool is false if there is no such endpoint.
	Reach(ctx context.Context, endpoint string) (Endpoint, bool, error)
	// Notify makes Asterisk send a NOTIFY, and returns Asterisk's answer. If the error is ErrUnreachable, ErrDenied or
	// ErrRefused, Asterisk sent nothing. After any other error, it may have sent the NOTIFY.
	Notify(ctx context.Context, to Target, event string) (answer string, err error)
	// Outbound returns the name of the endpoint that Asterisk uses to send NOTIFY to a URI; empty: there is none.
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
	Spread    time.Duration // the time over which the phones of one change are spread
	Rate      int           // the most phones to tell in a second
	BusyLimit time.Duration // after this time, a phone is told although it is in a call
	Limit     int           // the most phones that a change may touch without a confirmation; 0: no limit
	Table     Table
	Ledger    Ledger
	Asterisk  Asterisk // of all phones, unless PBXs has that of a phone
	// PBXs are several Asterisks, by ledger.Phone.PBX. If nil, there is one.
	PBXs map[string]Asterisk
	// Shared reports whether several phones of an Asterisk have the endpoint as a line. If nil, no endpoint is shared.
	Shared func(pbx, endpoint string) bool
	Log    zerolog.Logger
	Jitter func(time.Duration) time.Duration // returns a random time below its argument; nil: rand.N
}
