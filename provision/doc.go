// Package provision turns Asterisk's configuration into the files that phones fetch.
//
// Build makes an immutable Snapshot of everything that phoneprov.conf, the users file, pjsip.conf and the running
// endpoints say: profiles, phones with their lines, and a route for every file. A Store holds the one that is served;
// Lookup finds the route of a URI, and a Renderer makes its document: a static file, or a template expanded with the
// variables of the phone's lowest line.
//
//	Config, Live ─> Build ─> Snapshot ─> Store ─> Lookup ─> Renderer.Render ─> Document
//
// Behaviour is that of Asterisk's res_phoneprov but where the README lists a difference. What Asterisk would only log is
// a Diagnostic; errors are for limits and I/O.
//
// In a file that is XML what comes from the configuration is escaped, unless its profile says otherwise: then it is not
// as in Asterisk to the byte where a value has a special character. A file is XML when its template begins with "<", and
// what the template includes follows it.
//
// What a file needs of Asterisk is asked while it is rendered, calls that do not need each other's answers side by side
// (asking). Each call is made once a rendering, so a file never has two answers to one. Explain and Check tell what was
// asked. A file is made with all its answers or not at all: ErrUnavailable.
//
// Limits of a rendering: those of dialplan, which also hold for the text of each PP_EACH function; maxAsked calls and
// maxAskedBytes of answers; maxTemplate bytes of a template. Its time is the context's.
//
// A file that is asked for again is not made again where it would come out the same: a rendering takes note of all that it
// looks at besides the snapshot (depends), and the snapshot keeps what it made (kept; the text of PP_EACH_USER: lists) as long
// as that holds. Templates are looked at for each request, and their last good state stands in for one that is empty, gone or being
// written (DataDir.template): a template is what it is made of, by pointer. What is made of the time itself, of chance, of an answer of
// Asterisk or of STAT is made each time. What a rendering newly looks at must be noted there, and be a row of
// TestKeptFileFollowsEveryInput.
//
// A file that is made anew is made by a plan where there is one (plan): its template, of which what is the same for all phones
// with the same options, zone and profile was evaluated for the first of them, and what is a value of the line's own is taken from
// where it is. Whatever looks at something of the phone, of the request, of the time or of a place in the template must say so
// (rendering.differs), and be a row of TestPlannedFileIsTheSame.
//
// Where nothing has changed nothing is built: Snapshot.Again compares a fingerprint of all that Build reads, and gives a snapshot
// of the new time with the content of the old one, kept files and plans too. Of 100,000 phones a snapshot has few pointers
// (index, routes, slab, record), for the collector looks at each of them beside whoever is served.
//
// A Snapshot never changes once it is stored: a request loads it once and passes it down. What differs between requests
// (SERVER, the time, RequestVariables) is an overlay of the rendering, never written to it. Everything exported is safe for concurrent
// use unless it says otherwise. The package knows no network, no log, and for what a phone gets no clock but the one it is
// given; the files it reads are those under the DataDir.
package provision
