package ledger

import "time"

// Phone is a phone for display. The JSON names are those of the API.
type Phone struct {
	MAC        string     `json:"mac"` // empty: ID is no MAC
	ID         string     `json:"id"`  // twelve digits of the MAC, or the configuration's text in its place
	Name       string     `json:"name"`
	Profile    string     `json:"profile"`
	PBX        string     `json:"pbx,omitempty"` // its Asterisk, where there are several
	State      State      `json:"state"`
	Since      *time.Time `json:"since"`  // when State began; null: not known
	Reason     string     `json:"reason"` // why it is in State; empty: nothing to say
	Vendor     string     `json:"vendor"` // vendor, model and firmware are from its last User-Agent
	Model      string     `json:"model"`
	Firmware   string     `json:"firmware"`
	Address    string     `json:"address"`    // of its last fetch
	LastFetch  *time.Time `json:"last_fetch"` // null: never
	Gone       *time.Time `json:"gone,omitempty"`
	Lines      []Line     `json:"lines"`
	Files      []File     `json:"files"`
	Evidence   Evidence   `json:"evidence"`
	Told       *Notice    `json:"told,omitempty"`
	Untold     string     `json:"untold,omitempty"`  // why the phone is not told, or not told again, of the waiting change; empty: nothing prevents it
	Refusal    *Refusal   `json:"refusal,omitempty"` // the last one, even if it does not count for State
	PeersKnown bool       `json:"peers_known"`       // false: Asterisk was not asked for its peers
}

// Line is a phone's line, and what Asterisk sees of it.
type Line struct {
	Name            string     `json:"name"`
	DisplayName     string     `json:"display_name"`
	Endpoint        string     `json:"endpoint"` // its name in Asterisk
	Registered      bool       `json:"registered"`
	RegisteredSince *time.Time `json:"registered_since"` // start of the unbroken registration; null: not known
	RegisteredAt    *time.Time `json:"registered_at"`    // time of the last REGISTER
	Contact         string     `json:"contact"`          // URI; empty: none
	Address         string     `json:"address"`          // host of the contact
	RoundTripMS     *float64   `json:"round_trip_ms"`    // null: not measured
	UserAgent       string     `json:"user_agent"`       // User-Agent of its SIP requests
	Detail          string     `json:"detail"`           // Asterisk's own word for its state
}

// Evidence is what Asterisk sees of a phone. It does not affect the state: a phone that fetched a file may not have
// applied it.
type Evidence struct {
	Registered           bool     `json:"registered"`             // all its lines that Asterisk knows are registered
	RegisteredSinceFetch *bool    `json:"registered_since_fetch"` // a line registered after the last fetch; null: not known
	Model                string   `json:"model"`                  // from the SIP User-Agent
	Firmware             string   `json:"firmware"`
	Vendor               string   `json:"vendor"`
	Oddities             []string `json:"oddities"` // contradictions, a sentence each
}

// File is one file of a phone.
type File struct {
	Name        string     `json:"name"` // URI without the prefix
	State       State      `json:"state"`
	Since       *time.Time `json:"since"`
	Reason      string     `json:"reason"`
	WantedETag  string     `json:"wanted_etag"`  // as in the header ETag, with quotes; empty: not known
	FetchedETag string     `json:"fetched_etag"` // empty: never fetched
	FetchedAt   *time.Time `json:"fetched_at"`
	Status      int        `json:"status"` // of the last request; 0: no request
	Bytes       int64      `json:"bytes"`  // size of the last fetched answer
	RequestedAt *time.Time `json:"requested_at"`
	Address     string     `json:"address"`        // source of the last request
	Scheme      string     `json:"scheme"`         // of the last request
	TLS         string     `json:"tls"`            // version, "1.3"; empty: no TLS, or a proxy's
	Over        string     `json:"over,omitempty"` // the protocol of the last request, where it is not HTTP: "tftp"
	Host        string     `json:"host"`
	UserAgent   string     `json:"user_agent"`
	Refusal     *Refusal   `json:"refusal,omitempty"` // since the last fetch
	Failure     *Failure   `json:"failure,omitempty"` // since the last fetch
}

// Refusal is a run of refused requests.
type Refusal struct {
	Reason    string    `json:"reason"`
	Count     int       `json:"count"`
	Since     time.Time `json:"since"`
	Last      time.Time `json:"last"`
	Address   string    `json:"address"` // of the last request
	UserAgent string    `json:"user_agent"`
	Counts    bool      `json:"counts"` // it counts for the state; false: address and User-Agent are not those of the phone's fetches
}

// Failure is a run of requests that ended with 5xx.
type Failure struct {
	Cause string    `json:"cause"`
	Count int       `json:"count"`
	Since time.Time `json:"since"`
	Last  time.Time `json:"last"`
}

// Notice says that a phone was told to fetch its files.
type Notice struct {
	At     time.Time `json:"at"`
	Until  time.Time `json:"until"`            // the phone should have fetched by then
	How    string    `json:"how"`              // "NOTIFY check-sync to sip:6001@192.0.2.7"
	Tries  int       `json:"tries"`            // number of notices for this change
	Answer string    `json:"answer"`           // Asterisk's answer
	Change string    `json:"change,omitempty"` // distinguishes this change of the phone from the next one
}

// Stranger is a MAC that was requested and belongs to no phone.
type Stranger struct {
	MAC       string    `json:"mac"`
	Vendor    string    `json:"vendor"` // from its User-Agent, else from the first three bytes of the MAC; empty: not known
	Model     string    `json:"model"`
	Address   string    `json:"address"` // of the last request
	UserAgent string    `json:"user_agent"`
	File      string    `json:"file"`
	Reason    string    `json:"reason"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Count     int       `json:"count"`
}

// EventKind says what an Event reports.
type EventKind string

// Kinds of events.
const (
	FetchedEvent      EventKind = "fetched"      // the phone got a file that differs from its last one
	RefusedEvent      EventKind = "refused"      // a refusal with another reason than before
	FailedEvent       EventKind = "failed"       // a 5xx with another cause than before
	StateEvent        EventKind = "state"        // the state changed
	RegisteredEvent   EventKind = "registered"   // a line registered: first, from another contact, or after a fetch
	UnregisteredEvent EventKind = "unregistered" // a line unregistered
	ToldEvent         EventKind = "told"         // the phone was told to fetch
	AddedEvent        EventKind = "added"        // the phone joined the configuration
	RemovedEvent      EventKind = "removed"      // the phone left the configuration
	ChangedEvent      EventKind = "changed"      // the phone's configuration changed
)

// Event is a change of a phone. A phone's history is a list of events.
type Event struct {
	At      time.Time `json:"at"`
	Phone   string    `json:"id"` // Phone.ID
	Kind    EventKind `json:"kind"`
	File    string    `json:"file,omitempty"`
	ETag    string    `json:"etag,omitempty"`
	From    State     `json:"from,omitempty"` // for StateEvent
	To      State     `json:"to,omitempty"`
	Address string    `json:"address,omitempty"`
	Detail  string    `json:"detail,omitempty"`
}

// Sync is one read of Asterisk's configuration.
type Sync struct {
	At         time.Time    `json:"at"`
	PBX        string       `json:"pbx,omitempty"` // the Asterisk that was read, where there are several
	Trigger    string       `json:"trigger"`
	DurationMS float64      `json:"duration_ms"`
	Error      string       `json:"error,omitempty"` // why it failed; empty: it succeeded
	Generation uint64       `json:"generation,omitempty"`
	Phones     int          `json:"phones"`
	Lines      int          `json:"lines"`
	Added      int          `json:"added"`
	Removed    int          `json:"removed"`
	Changed    int          `json:"changed"`
	Warnings   int          `json:"warnings"`
	Changes    []SyncChange `json:"changes"`        // the first changes
	More       int          `json:"more,omitempty"` // number of changes that Changes leaves out
}

// SyncChange says what a sync did to a phone: "added", "removed" or "changed".
type SyncChange struct {
	Phone  string    `json:"id"`
	Name   string    `json:"name"`
	Change EventKind `json:"change"`
}

// Request is one request of a phone or of a stranger.
type Request struct {
	At         time.Time `json:"at"`
	Method     string    `json:"method"`
	File       string    `json:"file"` // as requested, without the prefix
	Status     int       `json:"status"`
	Bytes      int64     `json:"bytes"`
	DurationMS float64   `json:"duration_ms"`
	Address    string    `json:"address"`
	Scheme     string    `json:"scheme"`
	TLS        string    `json:"tls,omitempty"`
	Over       string    `json:"over,omitempty"` // the protocol, where it is not HTTP: "tftp"
	UserAgent  string    `json:"user_agent"`
	MAC        string    `json:"mac,omitempty"`   // from the name, or of the phone
	Phone      string    `json:"phone,omitempty"` // Phone.ID of the file's owner
	Profile    string    `json:"profile,omitempty"`
	Reason     string    `json:"reason,omitempty"` // why it was served or refused
	Refused    bool      `json:"refused,omitempty"`
	Error      string    `json:"error,omitempty"`
}

// Update is one message to a subscriber. It has Seq and one other field.
type Update struct {
	Seq     uint64   `json:"seq"` // number of the update, from 1; a gap: the subscriber was too slow, and updates were lost
	Event   *Event   `json:"event,omitempty"`
	Request *Request `json:"request,omitempty"`
	Sync    *Sync    `json:"sync,omitempty"`
}

// Query selects phones.
type Query struct {
	States  []State // any of these; none: all
	Profile string  // empty: any
	PBX     string  // Phone.PBX; empty: any
	Vendor  string  // from the User-Agent, in any case; empty: any
	Text    string  // part of the ID, a name, a display name, an address, or a MAC in any spelling; empty: any
	Sort    string  // one of Sorts; empty: "id"
	Desc    bool
	After   string // Page.Next of the previous page; empty: the first page
	Limit   int    // phones per page; 0: DefaultLimit
	Skip    int    // phones to leave out before the page, at most MaxSkip
}

// Limits of Query.Limit and Query.Skip, in phones.
const (
	DefaultLimit = 100
	MaxLimit     = 1000
	MaxSkip      = 10_000_000 // far more than there are phones; a page's number cannot overflow
)

// Sorts returns the values of Query.Sort. "state" puts the worst first. Phones with equal keys are sorted by ID.
func Sorts() []string {
	return []string{"id", "state", "since", "name", "profile", "vendor", "model", "address", "last_fetch"}
}

// Page is a part of the phones that a Query selects.
type Page struct {
	Items  []Phone       `json:"items"`
	Next   string        `json:"next"`   // value of Query.After for the next page; empty: this is the last
	Total  int           `json:"total"`  // phones on all pages
	Counts map[State]int `json:"counts"` // all phones by state, whatever the Query; every state has a number
}

// Stats describes the Ledger itself.
type Stats struct {
	Phones       int     `json:"phones"`
	Queued       int     `json:"queued"`        // requests that wait in the queue
	Dropped      uint64  `json:"dropped"`       // requests that did not fit into the queue, since the start
	Comparing    int     `json:"comparing"`     // phones that wait for their comparison
	Compared     uint64  `json:"compared"`      // compared files, since the start
	Commits      uint64  `json:"commits"`       // commits of the store, since the start
	CommitErrors uint64  `json:"commit_errors"` // failed commits, since the start
	CommitMS     float64 `json:"commit_ms"`     // duration of the last commit
	Unsaved      int     `json:"unsaved"`       // phones with changes that are not committed
	StoreBytes   int64   `json:"store_bytes"`   // size on disk
	StoreFault   string  `json:"store_fault"`   // why everything is in memory only; empty: it is not
	Lost         uint64  `json:"lost"`          // events that were dropped before a commit, since the start
}

// EventKinds returns all kinds. A Store may encode a kind by its index: a new kind is appended.
func EventKinds() []EventKind {
	return []EventKind{FetchedEvent, RefusedEvent, FailedEvent, StateEvent, RegisteredEvent, UnregisteredEvent, ToldEvent, AddedEvent, RemovedEvent, ChangedEvent}
}
