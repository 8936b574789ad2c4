package ledger

import "time"

// Limits of the ledger. deploy/doc/LEDGER.md documents them.
const (
	// maxQueued bounds the requests that wait in the queue: a third of a second at 50,000/s. The queue counts those
	// that do not fit.
	maxQueued = 16_384
	// maxRequests is the number of last requests that are shown.
	maxRequests = 1000
	// maxSyncs is the number of last syncs that are shown.
	maxSyncs = 100
	// maxSyncPhones is the number of phones that a sync names: 100 syncs take some 2 MB.
	maxSyncPhones = 1000
	// maxStrangers bounds the MACs without a phone. A new one replaces the one that was seen the longest ago.
	maxStrangers = 1000
	// MaxHistory is the number of events that a phone's history has.
	MaxHistory = 100
	// MaxHistoryAge is the age at which an event is deleted. A phone that left the configuration is forgotten at that
	// age too.
	MaxHistoryAge = 30 * 24 * time.Hour
	// maxFiles bounds the files that are recorded of a phone. Profiles have fewer than ten.
	maxFiles = 32
	// maxText bounds a stored User-Agent, reason or name in bytes.
	maxText = 256
	// MaxKept bounds a file whose last fetched text is kept, in bytes.
	MaxKept = 64 << 10
	// MaxKeptLines bounds the kept form of a text in bytes: it has hashes in lines with secrets.
	MaxKeptLines = 4 * MaxKept
	// maxUnsavedTexts bounds, in bytes, the texts that wait for the Store. The background makes some 5 MB a second.
	maxUnsavedTexts = 16 << 20
	// gatherTime is how long requests are collected before they are applied together.
	gatherTime = 20 * time.Millisecond
	// commitEvery is the time between two commits: a crash loses at most that much.
	commitEvery = time.Second
	// maxCommit is the number of phones that one transaction of the Store writes.
	maxCommit = 4096
	// templatesEvery is the time between two looks at the templates' files.
	templatesEvery = 2 * time.Second
	// maxSubscribed bounds the updates that wait for a subscriber. A slower subscriber loses updates, and Update.Seq
	// shows how many.
	maxSubscribed = 256
)
