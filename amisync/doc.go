// Package amisync keeps a provision.Store current with what Asterisk says. It decides when to read what; package ami
// has the connection, package ask the functions of templates.
//
// # Flow
//
//	link ─────── connect ─────────> "connect" ───┐
//	ami events ─ eventQueue ──────> Reload, ... ─┼─> triggers ─> syncLoop ─> sync
//	fileWatcher, Trigger, the resync period ─────┘
//
//	sync: config ─> live endpoints ─> provision.Build ─> Store.Swap ─> peers
//
// A sync ends in a new snapshot in the store, or leaves the last good snapshot and says why: in Status, and in the log
// when the reason changes. A sync that failed is tried again after a pause. Triggers are coalesced: a burst of them is
// one sync, and what comes during a sync causes exactly one more.
//
// # Sources
//
// SourceAMI asks Asterisk with GetConfig for each of provision.Config.Files. Asterisk reads the file from its disk at
// that moment, with its own parser and with extconfig applied. Positions have no line. For the users file that this
// version of Asterisk does not use, the sync only checks whether it exists. Without a connection no sync succeeds.
//
// SourceFiles reads the files from a directory. Without an address of Asterisk, changes of the files trigger syncs.
// With an address, syncs come when Asterisk is told to reload, on SIGHUP, or after the resync period, so that phones
// and Asterisk change together. While Asterisk is away the files are still served, with the last live endpoints, or else
// the endpoints in the files. A diagnostic says so. The first sync waits for the first attempt to connect, so that no
// phone gets a file without live endpoints that Asterisk could have supplied a moment later.
//
// # Booting
//
// While Asterisk starts, it answers as if the modules that it has not loaded yet did not exist. So a sync waits for
// FullyBooted on its connection. If Asterisk ever sent it to this account, and a snapshot is served, the wait has no
// limit. Otherwise the wait ends after Timing.Boot (Timing.FirstBoot while nothing is served). A warning then says that
// the account seems to lack "read = system", and syncs go on.
//
// # What is not taken at its word
//
// A configuration without phoneprov.conf is a failed sync while phones are served. A volume that is not mounted looks
// the same: Asterisk says "Config file not found" in both cases. To serve no phones, leave the file empty.
//
// Asterisk says "Unable to retrieve endpoint" both for a deleted endpoint and for one whose database is away. If only
// the database of the auths is away, it leaves AuthDetail out (measured on 16 and 22). So if a phoneprov section names
// an endpoint or auth that is gone and was in no file, phoneprov serves it as before, with a warning. An endpoint or
// auth that was in a file was deleted there, and is gone. The last good configuration keeps this knowledge over a
// restart. An endpoint whose auth Asterisk does not have counts as missing, as in Asterisk: its phone's file would have
// no secret.
//
// Files may be read while an editor writes them: see readSteady. A snapshot that would lose phones is built again a
// moment later before it counts: see confirmed.
//
// # The last good configuration
//
// restore.go stores the input of each Build (provision/lastgood), with the answers that Build got: function calls in
// names of files, and addresses of interfaces. At the start, phoneprov builds it again. It serves the result once the
// first attempt to read has failed, or has not ended within Timing.Restore. If Asterisk answers in time, no phone gets
// an old file. The first sync is compared with the stored configuration.
//
// guard.go holds a sync that removes more than Options.MaxLoss percent of the phones. The sync is repeated. It is
// applied when it no longer loses so many, or when that same loss is confirmed. The Asterisk CLI confirms with the
// Reload event of a module that does not exist.
//
// # CPU
//
// A sync reads files, builds and saves in turns with the work of the ledger (background.Turn). From manyPhones on, it also
// runs on a thread of low priority (background.AtLowPriority), so that phones, and the calls of an Asterisk on the same
// machine, come first. Measured on 2 busy CPUs, with syncs of 100,000 changed phones one after the other: p99 of a request
// is 8 to 12 ms instead of 34 to 126 ms, and 3 to 13 ms between the syncs.
//
// # Rights
//
// Measured on Asterisk 16 and 22: the account needs read = system,call and write = system,reporting in manager.conf.
// Asterisk accepts the login of an account that lacks one, and refuses the actions that need it: see neededRights.
//
// # Registrations
//
// Asterisk 16 and 22 send a ContactStatus when a contact of PJSIP comes or goes, and nothing when its registration is
// renewed (measured). chan_sip sends a PeerStatus each time. So followContacts reads the contacts each minute, and a
// second after an event of a new contact, which lacks the User-Agent. It compares their ExpirationTime
// (Contact.follow). Options.PeerChanged is called for each registration. This needs no other right than those above.
//
// # Concurrency
//
// Run owns four goroutines and joins them: the link, which owns the connection's goroutines; handleEvents; the file
// watcher; and the sync loop, which runs one sync at a time. Events go into a queue that never blocks; if there are too
// many, all of them are dropped and everything is read again. All methods of Service may be called from any goroutine.
// Status, Peers and Trigger take no longer than a short lock.
package amisync
