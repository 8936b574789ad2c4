// Package provision turns Asterisk's configuration into the files that phones fetch.
//
//	Config, Live ─> Build ─> Snapshot ─> Store ─> Lookup ─> Renderer.Render ─> Document
//
// Build reads phoneprov.conf, the users file, pjsip.conf and the running endpoints, and makes a Snapshot: profiles, phones
// with their lines, and a route for every file. A Store holds the snapshot that is served. Lookup finds the route of a URI.
// A Renderer makes the route's Document: a static file, or a template expanded with the variables of the phone's lowest
// line.
//
// Behaviour is that of Asterisk's res_phoneprov, except for the differences that the documentation lists. What Asterisk
// would log is a Diagnostic. Errors are for limits and I/O.
//
// In a file that is XML the values of variables and functions are escaped, unless the profile says otherwise. A file is XML
// when its template begins with "<"; what the template includes follows it.
//
// # A variable
//
// A template sees variables through a view of one line. The table sources is the order in which a name is looked up;
// Explain lists the same table. Each source returns a dialplan.Value: the text, and in Value.Varies when the text can be
// another one (on another line, for another request, after a moment, at any time). The expansion adds the Varies of all
// values up. A new source or function says how long its values hold, and everything else follows.
//
// # What is remembered
//
// A Snapshot never changes. A Renderer remembers, in its caches, what it made of one content: rendered files, the texts of
// PP_EACH_USER (userList), plans, and the facts of time zones. A remembered text comes with its inputs: what it varies
// with, the part of the request that counts, and the templates that were read. It is used again while all inputs are the
// same. A text that is Unpredictable is never used again. TestCachedFileFollowsEveryInput has a row for each input.
//
// A plan is a template whose parts that never vary have been evaluated: phones with the same options, zone and profile share
// it. TestPlannedFileIsTheSame compares it with the template.
//
// A template that is empty, gone or being written is replaced by its last good state (DataDir.template). Each state of a
// template's file is another *templateFile, so comparing pointers is enough.
//
// Snapshot.Again returns a snapshot with the same content when nothing that Build reads has changed: then all that is
// remembered stays.
//
// # What is asked of Asterisk
//
// A rendering asks all independent calls side by side, each once (asking). A file has all its answers, or the error is
// ErrUnavailable.
//
// # Limits
//
// A rendering has the limits of dialplan, which also hold for the text of each PP_EACH function; maxAsked calls and
// maxAskedBytes of answers; maxTemplate bytes of a template. Its time is that of its context.
//
// # Concurrency
//
// Everything exported is safe for concurrent use unless it says otherwise. A request loads one Snapshot and passes it down.
// The package knows no network and no log, and for what a phone gets no clock but the one it is given. The files that it
// reads are those under the DataDir.
package provision
