package ledger

import (
	"errors"
	"time"
)

// Store keeps the ledger over restarts. One goroutine calls Commit; the other methods may be called at the same time.
type Store interface {
	// Load calls yield for every record.
	Load(yield func(Record)) (Kept, error)
	// Commit writes all of a batch or nothing.
	Commit(Batch) error
	// History returns the events of a phone, the newest first, at most MaxHistory.
	History(phone string) ([]Event, error)
	// Size is how many bytes it takes on disk.
	Size() int64
	Close() error
}

// Kept is what a Store has besides the records of phones.
type Kept struct {
	Strangers []Stranger
	Syncs     []Sync
}

// Batch is what is committed together.
type Batch struct {
	Now       time.Time // events that are older than MaxHistoryAge then are forgotten
	Records   []Record
	Forgotten []string   // IDs of phones
	Events    []Event    // in the order in which they happened
	Strangers []Stranger // those that are new or changed
	Left      []string   // MACs of strangers that are none any more
	Syncs     []Sync
}

// Record is what is kept of a phone.
type Record struct {
	ID            string       `json:"id"`
	State         State        `json:"state"`
	Since         time.Time    `json:"since,omitzero"`
	Gone          time.Time    `json:"gone,omitzero"`
	SecretChanged time.Time    `json:"secret_changed,omitzero"` // when one of its secrets was changed last
	RegisteredAt  time.Time    `json:"registered_at,omitzero"`
	Contact       string       `json:"contact,omitempty"`
	Told          *Notice      `json:"told,omitempty"`
	Refusal       *Refusal     `json:"refusal,omitempty"`
	Files         []FileRecord `json:"files"`
}

// FileRecord is what is kept of a phone's file. Times have milliseconds.
type FileRecord struct {
	Name        string    `json:"name"`
	State       State     `json:"state"`
	Since       time.Time `json:"since,omitzero"`
	Fetched     string    `json:"fetched_etag,omitempty"`
	FetchedAt   time.Time `json:"fetched_at,omitzero"`
	RequestedAt time.Time `json:"requested_at,omitzero"`
	Status      int       `json:"status"`
	Bytes       int64     `json:"bytes"`
	Address     string    `json:"address,omitempty"`
	TLS         string    `json:"tls,omitempty"`
	Scheme      string    `json:"scheme,omitempty"`
	Host        string    `json:"host,omitempty"`
	Server      string    `json:"server,omitempty"`
	UserAgent   string    `json:"user_agent,omitempty"`
	Refusal     *Refusal  `json:"refusal,omitempty"`
	Failure     *Failure  `json:"failure,omitempty"`
}

// ErrLost is Store.Commit's where the store has lost what it had, and begins anew: all has to be committed again.
var ErrLost = errors.New("the store was damaged and begins anew")
