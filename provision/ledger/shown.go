package ledger

import "time"

// Phone is all that is known of a phone, as it is shown. Its names in JSON are those of the API.
type Phone struct {
	MAC        string     `json:"mac"` // empty: what stands for one in the configuration is none
	ID         string     `json:"id"`  // the MAC's twelve digits, or what stands for it in the configuration
	Name       string     `json:"name"`
	Profile    string     `json:"profile"`
	State      State      `json:"state"`
	Since      *time.Time `json:"since"`  // when State began; null: before anything was known
	Reason     string     `json:"reason"` // why it is in State; empty: there is nothing to say
	Vendor     string     `json:"vendor"` // vendor, model and firmware are by the User-Agent of its last request
	Model      string     `json:"model"`
	Firmware   string     `json:"firmware"`
	Address    string     `json:"address"`    // of its last fetch
	LastFetch  *time.Time `json:"last_fetch"` // null: never
	Gone       *time.Time `json:"gone,omitempty"`
	Lines      []Line     `json:"lines"`
	Files      []File     `json:"files"`
	Evidence   Evidence   `json:"evidence"`
	Told       *Notice    `json:"told,omitempty"`
	Untold     string     `json:"untold,omitempty"`  // why it is not told of the change that waits, or not told again; empty: nothing stands in the way
	Refusal    *Refusal   `json:"refusal,omitempty"` // the last one, also where it does not count for State
	PeersKnown bool       `json:"peers_known"`       // false: Asterisk was not asked for its peers
}

// Line is a line of a phone and what Asterisk sees of it.
type Line struct {
	Name            string     `json:"name"`
	DisplayName     string     `json:"display_name"`
	Endpoint        string     `json:"endpoint"` // its name in Asterisk
	Registered      bool       `json:"registered"`
	RegisteredSince *time.Time `json:"registered_since"` // when it registered first without a break, as far as seen; null: not registered, or not known
	RegisteredAt    *time.Time `json:"registered_at"`    // when it registered last
	Contact         string     `json:"contact"`          // its URI; empty: none
	Address         string     `json:"address"`          // host of the contact
	RoundTripMS     *float64   `json:"round_trip_ms"`    // null: not measured
	UserAgent       string     `json:"user_agent"`       // of SIP
	Detail          string     `json:"detail"`           // Asterisk's own word for its state
}

// Evidence is what Asterisk sees of a phone. It is no part of its state: to have fetched a file is not to have applied it.
type Evidence struct {
	Registered           bool     `json:"registered"`             // all of its lines that Asterisk knows are
	RegisteredSinceFetch *bool    `json:"registered_since_fetch"` // one of them registered after the last fetch; null: not known
	Model                string   `json:"model"`                  // by the SIP User-Agent
	Firmware             string   `json:"firmware"`
	Vendor               string   `json:"vendor"`
	Oddities             []string `json:"oddities"` // what does not fit together, a sentence each
}

// File is one file of a phone.
type File struct {
	Name        string     `json:"name"` // the URI without the prefix
	State       State      `json:"state"`
	Since       *time.Time `json:"since"`
	Reason      string     `json:"reason"`
	WantedETag  string     `json:"wanted_etag"`  // as the header ETag, with quotes; empty: not known
	FetchedETag string     `json:"fetched_etag"` // empty: never fetched
	FetchedAt   *time.Time `json:"fetched_at"`
	Status      int        `json:"status"` // of the last request; 0: there was none
	Bytes       int64      `json:"bytes"`  // of the last answer that was fetched
	RequestedAt *time.Time `json:"requested_at"`
	Address     string     `json:"address"` // that the last request came from
	Scheme      string     `json:"scheme"`  // of the last request
	TLS         string     `json:"tls"`     // its version, "1.3"; empty: plain, or a proxy's
	Host        string     `json:"host"`
	UserAgent   string     `json:"user_agent"`
	Refusal     *Refusal   `json:"refusal,omitempty"` // since the last fetch
	Failure     *Failure   `json:"failure,omitempty"` // since the last fetch
}

// Refusal are requests in a row that were refused.
type Refusal struct {
	Reason    string    `json:"reason"`
	Count     int       `json:"count"`
	Since     time.Time `json:"since"`
	Last      time.Time `json:"last"`
	Address   string    `json:"address"` // of the last one
	UserAgent string    `json:"user_agent"`
	Counts    bool      `json:"counts"` // for the state; false: it came from elsewhere than the phone's fetches, with another User-Agent
}

// Failure are requests in a row that ended with 5xx.
type Failure struct {
	Cause string    `json:"cause"`
	Count int       `json:"count"`
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"`
}

// Notice is that a phone was told to fetch its files.
type Notice struct {
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"`            // it should have fetched by then
	How    string    `json:"how"`              // "NOTIFY check-sync to sip:6001@192.0.2.7"
	Tries  int       `json:"tries"`            // how often, for this change
	Answer string    `json:"answer"`           // what Asterisk said
	Change string    `json:"change,omitempty"` // tells this change of the phone from the next one
}

// Stranger is a MAC that was asked for and is no phone's.
type Stranger struct {
	MAC       string    `json:"mac"`
	Vendor    string    `json:"vendor"` // by its User-Agent, else by the first three bytes of the MAC; empty: not known
	Model     string    `json:"model"`
	Address   string    `json:"address"` // of the last request
	UserAgent string    `json:"user_agent"`
	File      string    `json:"file"`
	Reason    string    `json:"reason"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Count     int       `json:"count"`
}

// EventKind says what an Event is about.
type EventKind string

// The kinds of events of a phone.
const (
	FetchedEvent      EventKind = "fetched"      // it got a file that it did not have
	RefusedEvent      EventKind = "refused"      // it was refused, for another reason or from another address than before
	FailedEvent       EventKind = "failed"       // it got a 5xx, with another cause than before
	StateEvent        EventKind = "state"        // its state is another one
	RegisteredEvent   EventKind = "registered"   // a line registered: first, from another contact, or after a fetch
	UnregisteredEvent EventKind = "unregistered" // a line is not registered any more
	ToldEvent         EventKind = "told"         // it was told to fetch
	AddedEvent        EventKind = "added"        // it is in the configuration, and was not
	RemovedEvent      EventKind = "removed"      // it is not in the configuration any more
	ChangedEvent      EventKind = "changed"      // the configuration says something else of it
)

// Event is one that changed something of a phone: its history is made of them.
type Event struct {
	At      time.Time `json:"at"`
	Phone   string    `json:"id"` // Phone.ID
	Kind    EventKind `json:"kind"`
	File    string    `json:"file,omitempty"`
	ETag    string    `json:"etag,omitempty"`
	From    State     `json:"from,omitempty"` // of StateEvent
	To      State     `json:"to,omitempty"`
	Address string    `json:"address,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// Sync is one read of Asterisk's configuration.
type Sync struct {
	At         time.Time    `json:"at"`
	Trigger    string       `json:"trigger"`
	DurationMS float64      `json:"duration_ms"`
	Error      string       `json:"error,omitempty"` // why it failed; empty: it did not
	Generation uint64       `json:"generation,omitempty"`
	Phones     int          `json:"phones"`
	Lines      int          `json:"lines"`
	Added      int          `json:"added"`
	Removed    int          `json:"removed"`
	Changed    int          `json:"changed"`
	Warnings   int          `json:"warnings"`
	Changes    []SyncChange `json:"changes"`        // the first of them
	More       int          `json:"more,omitempty"` // how many Changes leaves out
}

// SyncChange is what a sync did to a phone: "added", "removed" or "changed".
type SyncChange struct {
	Phone  string    `json:"id"`
	Name   string    `json:"name"`
	Change EventKind `json:"change"`
}

// Request is one request of a phone or of a stranger.
type Request struct {
	At         time.Time `json:"at"`
	Method     string    `json:"method"`
	File       string    `json:"file"` // as it was asked for, without the prefix
	Status     int       `json:"status"`
	Bytes      int64     `json:"bytes"`
	DurationMS float64   `json:"duration_ms"`
	Address    string    `json:"address"`
	Scheme     string    `json:"scheme"`
	TLS        string    `json:"tls,omitempty"`
	UserAgent  string    `json:"user_agent"`
	MAC        string    `json:"mac,omitempty"`   // in the name, or of the phone
	Phone      string    `json:"phone,omitempty"` // Phone.ID of whose file it is
	Profile    string    `json:"profile,omitempty"`
	Reason     string    `json:"reason,omitempty"` // why it was given or refused
	Refused    bool      `json:"refused,omitempty"`
	Error      string    `json:"error,omitempty"`
}

// Update is what a subscriber is told. One field is set besides Seq.
type Update struct {
	Seq     uint64   `json:"seq"` // counts updates, from 1; a gap: some were lost, as the subscriber was too slow
	Event   *Event   `json:"event,omitempty"`
	Request *Request `json:"request,omitempty"`
	Sync    *Sync    `json:"sync,omitempty"`
}

// Query selects phones.
type Query struct {
	States  []State // any of them; none: all
	Profile string  // empty: any
	Vendor  string  // by the User-Agent, in any case; empty: any
	Text    string  // is in the ID, a name, a display name, an address; a MAC in any spelling; empty: any
	Sort    string  // one of Sorts; empty: "id"
	Desc    bool
	After   string // Page.Next of the page before; empty: the first page
	Limit   int    // of a page; 0: DefaultLimit
}

// Limits of Query.Limit.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
)

// Sorts are the orders that Query.Sort takes. "state" is worst first. Phones that are equal are in the order of their IDs.
func Sorts() []string {
	return []string{"id", "state", "since", "name", "profile", "vendor", "model", "address", "last_fetch"}
}

// Page is a part of the phones that a Query selects.
type Page struct {
	Items  []Phone       `json:"items"`
	Next   string        `json:"next"`   // for Query.After; empty: this is the last page
	Total  int           `json:"total"`  // of all pages
	Counts map[State]int `json:"counts"` // of all phones, whatever the Query; every state has a number
}

// Stats is how the Ledger itself is.
type Stats struct {
	Phones       int     `json:"phones"`
	Queued       int     `json:"queued"`        // requests that are not taken into account yet
	Dropped      uint64  `json:"dropped"`       // requests that the queue had no room for, since the start
	Comparing    int     `json:"comparing"`     // phones whose files are to be compared
	Compared     uint64  `json:"compared"`      // files, since the start
	Commits      uint64  `json:"commits"`       // of the store, since the start
	CommitErrors uint64  `json:"commit_errors"` // since the start
	CommitMS     float64 `json:"commit_ms"`     // how long the last one took
	Unsaved      int     `json:"unsaved"`       // phones that the store does not have yet
	StoreBytes   int64   `json:"store_bytes"`   // on disk
	StoreFault   string  `json:"store_fault"`   // why all is kept in memory only; empty: it is not
	Lost         uint64  `json:"lost"`          // events that were not committed, since the start
}

// EventKinds are all kinds. A Store may know a kind by its place: new ones come last.
func EventKinds() []EventKind {
	return []EventKind{FetchedEvent, RefusedEvent, FailedEvent, StateEvent, RegisteredEvent, UnregisteredEvent, ToldEvent, AddedEvent, RemovedEvent, ChangedEvent}
}
