// Package amisync keeps a provision.Store current with what Asterisk says. It is the only package that knows amigo.
//
// # Flow
//
//	link ── connect ──> "connect" ──┐
//	events ── queue ──> Reload ... ─┼─> triggers ─> loop ─> sync: config ─> live endpoints ─> Build ─> Store.Swap ─> peers
//	watcher ──> changed file ───────┤
//	Trigger, the resync period ─────┘
//
// A sync either ends in a new snapshot in the store, or leaves the last good one and says why: in the log when the reason
// changes, and in Status. It is tried again after a pause. Triggers are coalesced: a burst is one sync, and what comes
// during a sync causes exactly one more.
//
// # Sources
//
// SourceAMI asks GetConfig for each of provision.Config.Files, which are also those that sorcery.conf names. Of the users file
// that Asterisk's version does not read only whether it is there. Asterisk reads them from its disk at that moment, through its
// own parser and with extconfig applied. Positions have no line. Without a connection no sync succeeds.
//
// SourceFiles reads them from a directory. Without an address their directories are watched. With one, as in Asterisk
// itself, a change counts when Asterisk is told to reload, on SIGHUP, or after the resync period: phones and Asterisk then
// change together. While Asterisk is away the files are still served: the live endpoints are those of the last time it was
// there, or where it never was those that the files tell, and a diagnostic says so. The first sync waits for the first
// attempt to connect, so that no phone gets a file made without live endpoints that were only a moment away.
//
// # The connection
//
// amigo does the AMI, on a connection to a bridge of ours on loopback that dials Asterisk (see bridge, framer and
// conn.reap). What the bridge is for: amigo tries again for ever on its own, and says "error" for everything; it loses what
// follows the login's answer; cuts values at an LF, drops their leading blanks, and takes lines of about 8192 bytes for two;
// hangs in Action when its writer is gone, leaks its reader and prints to stderr when it is closed; and knows no TLS and no
// IPv6. So there is one amigo for one connection; each action has its caller's deadline, and one that passes ends the
// connection, as its answer could still come. What reaches amigo are whole messages, escaped; what goes out is checked, so
// that no value becomes a header or an action of its own. Only the bridge knows the secret: amigo gets a token.
//
// Of an endpoint all options are read, for PP_ENDPOINT, by the names and in the words of Asterisk's answer: DtmfMode, true for
// yes, "1, 3, 4" for call_group=1,3-4. What changes from moment to moment, as DeviceState does, is none of them.
//
// A sync waits until Asterisk has said FullyBooted on its connection: one that is starting answers as if what it has not
// loaded yet did not exist. Where it ever said so to this account, and a snapshot is served, it is waited for without limit.
// Where it says nothing for Timing.Boot (FirstBoot where nothing is served yet), the user lacks read=system: a warning tells,
// and syncs go on.
//
// # Functions
//
// Ask has connections of its own, up to Options.Connections, opened when needed. On each it waits for FullyBooted in the same
// way, as every function of a starting Asterisk has an empty value: not yet heard is ErrCannotAsk. Only an account that never
// heard it is answered a second after the login, and then only while syncs go on.
//
// Identical calls at one time are one. A call goes on when who asked for it goes away: others may have joined it, and an answer
// that is not waited for would end the connection. An answer is given again for Options.FunctionTTL (kept: bounded, and never
// an error). A sync begins with forgetting all of them, and lets nobody join a call from before: what a reload changed shows in
// the next request. Whether Asterisk has a function (Knows) is remembered until then too, also that it may not be asked.
//
// What Asterisk answers is whole or an error (evaluate): Getvar cuts a value at 1,022 bytes, and an empty line in it ends its
// message. So EVAL expands the call with a mark behind it, which the framer waits for; a longer value is read in slices, twice,
// where the function only reads. DB and DB_EXISTS are asked with DBGet. EVAL has a channel of its own for each evaluation:
// what SET sets there is how functions see variables of a phone (provision.guardedFunctions), safe with many at once.
//
// What a peer sends is bounded by message and by list, in bytes and in number (maxMessage, maxConfig, maxListItems, maxEvents):
// beyond that the connection ends, and the last good is served.
//
// A call has Timing.Ask in all, of which it may wait three quarters for a connection; one that is late ends its connection. So
// that a function that hangs, a database's say, does not take all connections from the others (turns): a function has all but
// one at most; when it did not answer in time it has a single one, until it answers; and those that did not answer leave
// together one to the others. Who waits longer than that is told ErrCannotAsk, a 503. What this does not help against: two
// functions of one database that begin to hang in the same moment can take all connections for the length of one timeout.
//
// With TLS as its Dial the same goes over TLS 1.2 and up, and nothing is sent before Asterisk's certificate is known to be
// right. Measured on 16 and 22: with enabled=no in manager.conf, which closes the plain port, the TLS port takes logins and
// actions, but no event follows FullyBooted, so that reloads are not seen; bindaddr=127.0.0.1 is the way to close it.
//
// # What is kept
//
// A configuration without phoneprov.conf is a failed sync while phones are served: a volume that is gone looks like that, and
// Asterisk says the same of it ("Config file not found") as of a file that was deleted. To serve no phones, leave it empty.
//
// Of an endpoint in a database that is away Asterisk says what it says of one that was deleted ("Unable to retrieve
// endpoint"), and where only the auths are away it leaves out the AuthDetail (measured on 16 and 22). So an endpoint or auth
// that was there the last time, is not any more, and was in neither pjsip.conf nor pjsip_wizard.conf since, is served as it
// was, with a warning, for as long as a phoneprov section names it: that section is what a phone is deleted by. One that was
// in a file was deleted there, and is gone. Nothing is kept over a restart of ours. An endpoint whose auth Asterisk does not
// have counts as missing, as in Asterisk itself: without secret its phone's file would have a hole.
//
// # CPU
//
// From manyPhones on a sync runs on a thread of low priority (see lowly): the phones that are served meanwhile, and the calls of
// an Asterisk on the same machine, come first. Measured on 2 CPUs that also run what asks, with syncs of 100,000 phones one
// after the other and without the collector: p99 of 1.4 ms in place of 4.4, 1.3 at rest.
//
// Asterisk sends an answer of many lines in as many writes, each of which wakes who waits for it: to let some come first (see
// patient) makes GetConfig of 5,000 users up to three times as fast.
//
// # Rights
//
// Measured on Asterisk 16 and 22, in manager.conf: read = system,call (call is for DeviceStateChange; without it peers are as
// of the last sync) and write = system,reporting (reporting is for Getvar; the rest is system's). A login that lacks one is
// accepted; the action that needs it is refused, and the error says so. DBGet needs system or reporting, Getvar of EVAL both:
// without system it answers "GetVar Access Forbidden", and calls are then asked as they stand.
//
// # Registrations
//
// Asterisk 16 and 22 send a ContactStatus when a contact of PJSIP comes or goes, and nothing when its registration is renewed (measured);
// chan_sip sends a PeerStatus each time. So followContacts reads the contacts again each minute, and goes by their ExpirationTime
// (Contact.follow). Options.PeerChanged is told of each registration. This needs no right besides those above.
//
// # Concurrency
//
// Run owns: link.run, which owns a connection's goroutines and joins them; handleEvents; followContacts; the watcher; and the loop, in which
// syncs run one at a time. amigo's goroutine calls conn.handle and must not wait: events go into a queue that never blocks,
// and where they are too many, all are dropped for one more sync. All methods of Service may be called from any goroutine;
// Status, Peers and Trigger take short locks only.
package amisync
