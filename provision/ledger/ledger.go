package ledger

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

// Renderer makes what a phone would get. provision.Renderer is one.
type Renderer interface {
	// Digest returns the entity tag of the file that the request would get, and what it depends on. It asks Asterisk nothing:
	// where an answer is needed the error is provision.ErrUnavailable.
	Digest(context.Context, *provision.Snapshot, *provision.Route, provision.Request) (etag string, basis provision.Basis, err error)
	// TemplatesPrint is Basis.TemplatesPrint of templates as they are now, by their Basis.Templates.
	TemplatesPrint(templates string) uint64
}

// Options are what a Ledger needs.
type Options struct {
	Snapshots *provision.Store // what is served
	Renderer  Renderer         // nil: files are compared at fetches only
	Store     Store            // nil: all is in memory only
	// StoreFault says why there is no Store; empty: there is one, or none was wanted. It is shown in Stats.
	StoreFault string
	Prefix     string // of the phones' URLs, as in provision.Request
	// Peer returns what Asterisk sees of an endpoint; false: it does not know it. Nil: Asterisk is not asked for peers.
	Peer func(endpoint string) (Peer, bool)
	// Fault is told when the Store begins to fail, and with nil when it works again. Nil: nobody is told.
	Fault func(error)
	// Compared is told when the phones that a sync changed have been compared: how long after the sync, and how many phones have a change
	// waiting. It is called by one goroutine; nil: nobody is told.
	Compared func(took time.Duration, waiting int)
	Now      func() time.Time // nil: time.Now
}

// Ledger knows of every phone what it should have and what it got.
type Ledger struct {
	o     Options
	queue queue
	subs  subscribers

	mu        sync.RWMutex
	served    *provision.Snapshot // that was looked at last; nil: none yet
	phones    map[string]*phone
	order     []*phone // by ID
	unordered bool     // order lacks some of phones
	endpoints map[string]*phone
	counts    [len(definitions)]int // of served phones, by the rank of what is shown
	templates map[string]*templates
	told      map[*phone]bool   // whose Notice is not over
	untold    map[*phone]string // why a phone for which a change waits is not told; see PhoneUntold
	next      moment            // when the first of the files' until passes; zero: none does
	strangers strangers
	requests  ring
	profile   string // see interned
	syncs     []Sync // the newest last
	lanes     lanes
	unsaved   unsaved
	stats     Stats
	faulty    bool      // the last commit failed
	retryAt   time.Time // it is not tried again before
	forgetAt  time.Time // see forget
	syncedAt  time.Time // when the last sync was told of, until what it changed is compared; zero: it is
	store     Store
}

// New makes a Ledger of what its Store has. It starts nothing.
func New(o Options) (*Ledger, error) {
	if o.Snapshots == nil {
		return nil, errors.New("ledger: no store of snapshots")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	l := &Ledger{
		o: o, phones: map[string]*phone{}, endpoints: map[string]*phone{}, templates: map[string]*templates{}, told: map[*phone]bool{}, untold: map[*phone]string{},
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

// Run takes into account what the Ledger is told, compares in the background, and commits, until the context ends; then it commits once
// more and closes the Store.
func (l *Ledger) Run(ctx context.Context) error {
	var all sync.WaitGroup
	all.Go(func() { l.takeInto(ctx) })
	all.Go(func() { l.compareAll(ctx) })
	l.commitAll(ctx)
	all.Wait()
	l.drain()
	l.retryAt = time.Time{}
	l.commit()
	return l.Close()
}

// Close closes the Store. Run does so itself; a Ledger that was never run is closed after use.
func (l *Ledger) Close() error { return l.store.Close() }
