package ledger

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/filediff"
)

// Renderer computes what a phone would get. provision.Renderer implements it.
type Renderer interface {
	// Digest returns the entity tag of the file that the request would get, and what the file depends on. It never asks
	// Asterisk: if the file needs an answer, the error is provision.ErrUnavailable.
	Digest(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (etag string, basis provision.Basis, err error)
	// TemplatesPrint returns Basis.TemplatesPrint of the templates as they are now. The argument is Basis.Templates.
	TemplatesPrint(templates string) uint64
	// Both renders a file as the phone gets it and masked, and returns its entity tag. It never asks Asterisk.
	Both(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (filediff.File, string, error)
}

// Options are the options of New.
type Options struct {
	Snapshots *provision.Store // has the snapshot that phoneprov serves
	Renderer  Renderer         // if nil, the Ledger compares files at fetches only
	Store     Store            // if nil, the Ledger holds everything in memory only
	// StoreFault says why there is no Store. It is empty if there is one, or if the admin wants none. Stats shows it.
	StoreFault string
	Prefix     string // prefix of the phones' URLs, as in provision.Request
	// Peer returns what an Asterisk sees of an endpoint, or false if it has no such endpoint. pbx is Phone.PBX. It is nil
	// if phoneprov does not ask Asterisk for peers.
	Peer func(pbx, endpoint string) (Peer, bool)
	// Fault gets the error when the Store begins to fail, and nil when the Store works again. It may be nil.
	Fault func(error)
	// Compared is called when the Ledger has compared the phones that a sync changed. It gets the time since the sync and
	// the number of phones with a waiting change. One goroutine calls it. It may be nil.
	Compared func(took time.Duration, waiting int)
	Now      func() time.Time // if nil, New sets time.Now
}

// Ledger records, for each phone, which files it should have and which it got.
type Ledger struct {
	o     Options
	queue queue
	subs  subscribers

	mu         sync.RWMutex
	served     *provision.Snapshot // the snapshot that look saw last; nil before the first
	phones     map[string]*phone
	order      []*phone              // sorted by ID, unless unordered
	unordered  bool                  // order is not sorted
	endpoints  map[string]*phone     // by endpointKey
	counts     [len(definitions)]int // number of served phones, by the rank of the shown state
	templates  map[string]*templates
	retried    map[string]bool   // why files could not be made of which lookAtTemplates queued one
	told       map[*phone]bool   // phones with a Notice that has not ended
	untold     map[*phone]string // why a phone in change waiting is not told; see PhoneUntold
	next       moment            // the earliest until of all files; zero: no file has one
	strangers  strangers
	requests   ring
	day        day
	key        filediff.Key // of all texts
	profile    string       // the last result of interned
	syncs      []Sync       // the newest last
	lanes      lanes
	unsaved    unsaved
	stats      Stats
	faulty     bool      // the last commit failed
	keyUnsaved bool      // the Store does not have key
	peersRead  []string  // the Asterisks whose peers comparePeers has to compare
	retryAt    time.Time // no commit is tried before this time
	forgetAt   time.Time // forget does nothing before this time
	syncedAt   time.Time // time of the last sync whose changes are not compared yet; zero: none
	store      Store
}

// New returns a Ledger with the content of its Store. It starts no goroutine. The error means that Snapshots is nil.
func New(o Options) (*Ledger, error) {
	if o.Snapshots == nil {
		return nil, errors.New("ledger: no store of snapshots")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Ledger{
		o: o, phones: map[string]*phone{}, endpoints: map[string]*phone{}, templates: map[string]*templates{}, retried: map[string]bool{}, told: map[*phone]bool{}, untold: map[*phone]string{},
		strangers: newStrangers(), store: o.Store,
	}
	l.queue.wake = make(chan struct{}, 1)
	l.lanes.wake = make(chan struct{}, 1)
	l.stats.StoreFault = o.StoreFault
	if l.store == nil {
		l.store = newMemory()
	}
	l.load()
	return l, nil
}

func (l *Ledger) now() time.Time { return l.o.Now() }

// Run applies the queued items, compares in the background, and commits. When the context ends, it commits once more and
// closes the Store. The error is the Store's.
func (l *Ledger) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { l.takeInto(ctx) })
	all.Go(func() { l.compareAll(ctx) })
	l.commitAll(ctx)
	all.Wait()
	l.drain()
	l.mu.Lock()
	l.retryAt, l.day.changed = time.Time{}, true
	l.mu.Unlock()
	l.commit()
	return l.Close()
}

// Close closes the Store. Run calls it; a caller that never runs the Ledger calls it after use.
func (l *Ledger) Close() error { return l.store.Close() }
