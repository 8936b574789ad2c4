// Package httpapi answers the phones, and the health checks of whoever watches the service.
//
// # A request
//
// Phones and Admin build the two handlers. Connections.Serve runs one of them on a listener until its context ends.
//
//	asWritten (filename.go)     reads the path as Asterisk reads it
//	handle (errorstatus.go)     runs a handler: maps its error to a status, logs the request, makes a panic a 500
//	phoneFile (phonefile.go)    loads the snapshot once, and passes it down
//	admit (admit.go)            decides with access.Rules whether the request may have the file
//	Renderer.Render             makes the document, or has it cached
//	send (phonefile.go)         answers; http.ServeContent serves static files and conditional requests
//
// A phone that gets an error gets one line, which says nothing about the request or about us. Uploads go through upload.go
// instead of phoneFile, and probes through healthz.go and readyz.go.
//
// # Limits
//
// serve.go bounds time and headers, connections.go open connections, uploads bodies, access failed tries, and
// provision.RenderTimeout the rendering. When there are too many connections or uploads, the source with the most of them loses one
// (sourceshares.go). refusalcount.go bounds the log lines about requests that get nothing: beyond the bound, a source gets
// one line with a count per second.
//
// # What net/http answers itself
//
// net/http answers some requests without a handler, for example malformed ones. A requestWatch on each connection
// (unservedwatch.go) sees them, and unservedlog.go logs them.
//
// # Concurrency
//
// Both handlers are safe for concurrent use. They keep two things between requests: which diagnostics of templates have
// been logged (templatefindings.go), and what User-Agents mean (useragentcache.go). No goroutine outlives Serve.
package httpapi
