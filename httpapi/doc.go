// Package httpapi answers the phones, and the probes of whoever watches the service.
//
// A request takes one way: its path is read as Asterisk reads it (path.go), the snapshot is loaded once and asked for
// the route, the renderer makes the document or has it still, and it is sent: a rendered one with its header in one call of
// the system (joined.go), a static one or what has conditions by http.ServeContent. Handlers return an error; handle (respond.go)
// alone turns it into a status, writes the one log line of the request, and makes a panic a 500. What a phone is told
// is one line that says nothing of the request or of us.
//
// Whatever a client does, a connection of it lives at the cost of its own others (connections.go), and each part of a request
// has its bound: serve.go has those of time and headers, uploads those of bodies, access those of tries.
//
// What net/http answers by itself reaches no handler: a watch on each connection (watch.go) sees it, and unserved.go writes its line.
// Lines of requests that get nothing are bounded (volume.go): beyond, a source has a count a second.
//
// Phones and Admin build the two handlers, both safe for concurrent use; Serve runs one of them on a listener until its
// context ends. A handler keeps no state of its own but which diagnostics of templates it has logged (findings.go): each is
// logged once, and again when it had gone; and what User-Agents are of (devices.go). The package starts no goroutine that outlives Serve.
//
// A rendering has renderTimeout; its other limits are the packages' that do it (see dialplan and provision).
package httpapi
