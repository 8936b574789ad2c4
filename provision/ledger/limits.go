package ledger

import "time"

// Limits of what is kept. Documented in deploy/doc/LEDGER.md.
const (
	// maxQueued is how many requests wait to be taken into account: a quarter of a second at 50,000/s. Those beyond are counted.
	maxQueued = 16_384
	// maxRequests is how many of the last requests of all phones are shown.
	maxRequests = 1000
	// maxSyncs is how many of the last syncs are shown.
	maxSyncs = 100
	// maxSyncPhones is how many phones a sync names: at 100 syncs some 2 MB.
	maxSyncPhones = 1000
	// maxStrangers is how many MACs without a phone are remembered. The one that was seen the longest ago goes first.
	maxStrangers = 1000
	// MaxHistory is how many events a phone has.
	MaxHistory = 100
	// MaxHistoryAge is how old an event may be, and how long a phone that is gone from the configuration is remembered.
	MaxHistoryAge = 30 * 24 * time.Hour
	// maxFiles is how many files of a phone are followed: profiles have fewer than ten.
	maxFiles = 32
	// maxText is how many bytes of a User-Agent, a reason or a name are kept.
	maxText = 256
	// gatherTime is how long requests are gathered before they are taken into account together.
	gatherTime = 20 * time.Millisecond
	// commitEvery is how late the Store is at most.
	commitEvery = time.Second
	// maxCommit is how many phones one transaction of the Store writes.
	maxCommit = 4096
	// templatesEvery is how often the files of the templates are looked at.
	templatesEvery = 2 * time.Second
	// maxSubscribed is how many updates wait for a subscriber. One that is slower loses some, and is told how many.
	maxSubscribed = 256
)
