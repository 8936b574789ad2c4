package ledger

import "time"

// Limits of the ledger. deploy/doc/LEDGER.md documents them.
const (
	// maxQueued bounds the requests that wait in the queue: a third of a second at 50,000/s. The queue drops and counts
	// further requests.
	maxQueued = 16_384
	// maxSpare is the size up to which the memory of a queue is used again, in items: 3 MB. Growing it anew for each group
	// of requests would take longer than all else that a request costs here.
	maxSpare = 8192
	// maxRequests is the number of last requests that are shown.
	maxRequests = 1000
	// maxSyncs is the number of last syncs that are shown.
	maxSyncs = 100
	// maxSyncPhones is the number of phones that a sync names: 100 syncs take some 2 MB.
	maxSyncPhones = 1000
	// maxStrangers bounds the MACs without a phone. A new one replaces the one whose last request is the oldest.
	maxStrangers = 1000
	// MaxHistory is the largest number of events in a phone's history.
	MaxHistory = 100
	// MaxHistoryAge is the age at which the Store deletes an event. The Ledger forgets a phone at that time after it left
	// the configuration.
	MaxHistoryAge = 30 * 24 * time.Hour
	// maxFiles bounds the recorded files of a phone. Profiles have fewer than ten.
	maxFiles = 32
	// maxText bounds a stored User-Agent, reason or name in bytes.
	maxText = 256
	// MaxKept bounds a file whose text is kept, in bytes.
	MaxKept = 64 << 10
	// MaxKeptLines bounds filediff.Kept.Lines in bytes: lines with secrets have hashes too.
	MaxKeptLines = 4 * MaxKept
	// maxUnsavedTexts bounds, in bytes, the texts that wait for the Store. The background makes some 5 MB a second.
	maxUnsavedTexts = 16 << 20
	// gatherTime is the time in which requests gather before the Ledger applies them together.
	gatherTime = 20 * time.Millisecond
	// commitEvery is the time between two commits. A crash loses at most the changes of that time.
	commitEvery = time.Second
	// maxCommit is the number of phones that one transaction of the Store writes.
	maxCommit = 4096
	// templatesEvery is the time between two looks at the templates' files.
	templatesEvery = 2 * time.Second
	// maxSubscribed bounds the updates that wait for a subscriber. A slower subscriber loses updates, and Update.Seq
	// shows how many.
	maxSubscribed = 256
)
