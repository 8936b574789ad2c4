// Package provision turns Asterisk's configuration into the files that phones fetch.
//
//	Config, Live ─> Build ─> Snapshot ─> Store ─> Lookup ─> Renderer.Render ─> Document
//
// Build reads phoneprov.conf, the users file, pjsip.conf and the running endpoints, and makes a Snapshot: profiles, phones with
// their lines, and a route for every file. A Store holds the snapshot that is served. Lookup finds the route of a URI. A
// Renderer makes the route's Document: a static file, or a template expanded with the variables of the phone's lowest line.
//
// It behaves as Asterisk's res_phoneprov does, except for the differences that the documentation lists. What Asterisk would
// log is a Diagnostic. Errors are for limits and I/O.
//
// In a file that is XML the values of variables and functions are escaped, unless the profile says otherwise. A file is XML if
// its template begins with "<". Templates that it includes are a part of it.
//
// # Packages
//
// astconf reads the .conf dialect. device knows MACs and User-Agents, zone knows time zones, datadir reads templates and static
// files, and dialplan evaluates templates. None of them imports provision.
//
// # A variable
//
// A template sees variables through a view of one line. The table sources is the order in which a name is looked up; Explain
// lists the same table. Each source returns a dialplan.Value: the text, and in Value.Varies when the text can differ (on
// another line, for another request, after a moment, at any time). The expansion adds up the Varies of all values. A new source
// or function says how long its values hold; nothing else has to know.
//
// # What is remembered
//
// A Snapshot never changes. A Renderer remembers in its caches what it made of one content: rendered files, the texts of
// PP_EACH_USER (userList), plans, and the facts of time zones. A remembered text has its inputs: what it varies with, the parts
// of the request that it depends on, and the templates that were read. It is used again while all inputs are the same. A text
// that is Unpredictable is never used again. TestCachedFileFollowsEveryInput has a row for each input.
//
// A plan is a template whose parts that never vary have been evaluated. Phones with the same options, time zone and profile
// share it. TestPlannedFileIsTheSame compares it with the template.
//
// A template that is empty, missing or being written is replaced by its last good state (datadir.Dir.Template). Each state of a
// template's file is another *datadir.Template, so comparing pointers is enough.
//
// If nothing that Build reads has changed, Snapshot.UnlessChanged returns a snapshot with the same content, and everything that
// is remembered stays.
//
// # Calls to Asterisk
//
// A rendering makes all independent calls side by side, and each call once (asteriskCalls). A file has all its answers, or the
// error is ErrUnavailable.
//
// # Several Asterisks
//
// Join makes one Snapshot of those of several Asterisks. Each Route and Phone of it is one of a part, and the first part
// wins. JoinRenderers renders each Route with the Renderer of its part, so that a part never sees what another one has.
//
// # Limits
//
// A rendering has the limits of dialplan, which also hold for the text of each PP_EACH function, maxAsked calls, maxAskedBytes
// of answers, and datadir.MaxTemplate bytes of a template. Its context bounds its time.
//
// # Concurrency
//
// Everything exported is safe for concurrent use unless its comment says otherwise. A request loads one Snapshot and passes it
// down. The package knows no network and no log. What a phone gets does not depend on any clock but Request.Now. The package
// reads no files but those in the datadir.Dir.
package provision
