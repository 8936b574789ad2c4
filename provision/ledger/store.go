package ledger

import (
	"errors"
	"time"

	"github.com/phoneprov/phoneprov/provision/filediff"
)

// Store saves the ledger over restarts. One goroutine calls Commit; the other methods may run at the same time.
type Store interface {
	// Load calls yield for every record.
	Load(yield func(Record)) (Kept, error)
	// Commit writes all of a batch or nothing.
	Commit(Batch) error
	// History returns at most MaxHistory events of a phone, the newest first.
	History(phone string) ([]Event, error)
	// Text returns the text of a phone's file, or a zero Text if there is none.
	Text(phone, file string) (Text, error)
	// Size returns the number of bytes on disk.
	Size() int64
	Close() error
}

// Kept is the content of a Store apart from the records of phones.
type Kept struct {
	Strangers []Stranger
	Syncs     []Sync
	Day       []DayPart
	Key       filediff.Key // of all texts; nil: none was saved
}

// Batch is the content of one commit.
type Batch struct {
	Now       time.Time // the commit deletes events older than MaxHistoryAge at this time
	Records   []Record
	Forgotten []string   // IDs of phones
	Events    []Event    // in the order in which they happened
	Strangers []Stranger // new or changed
	Left      []string   // MACs that are no strangers any more
	Syncs     []Sync
	Day       []DayPart // empty parts are left out; nil: as before
	Texts     []Text
	Key       filediff.Key // of all texts; nil: as before
}

// Record is the stored form of a phone.
type Record struct {
	ID            string       `json:"id"`
	State         State        `json:"state"`
	Since         time.Time    `json:"since,omitzero"`
	Gone          time.Time    `json:"gone,omitzero"`
	SecretChanged time.Time    `json:"secret_changed,omitzero"` // time of the last change of one of its secrets
	RegisteredAt  time.Time    `json:"registered_at,omitzero"`
	Contact       string       `json:"contact,omitempty"` // of each registered endpoint a line: its name, a tab, its contact
	Told          *Notice      `json:"told,omitempty"`
	Refusal       *Refusal     `json:"refusal,omitempty"`
	Files         []FileRecord `json:"files"`
}

// FileRecord is the stored form of a phone's file. Times have millisecond precision.
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
	Over        string    `json:"over,omitempty"`
	Scheme      string    `json:"scheme,omitempty"`
	Host        string    `json:"host,omitempty"`
	Server      string    `json:"server,omitempty"`
	UserAgent   string    `json:"user_agent,omitempty"`
	Refusal     *Refusal  `json:"refusal,omitempty"`
	Failure     *Failure  `json:"failure,omitempty"`
}

// Text is the text of a file that a phone got last, without its secrets.
type Text struct {
	Phone, File string
	ETag        string
	Like        string // texts with the same Like differ little; a Store may use this to save space
	Kept        filediff.Kept
}

// ErrLost means that the Store lost its content and began an empty file. The caller must commit everything again.
var ErrLost = errors.New("the store was damaged and begins anew")
