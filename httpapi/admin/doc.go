// Package admin answers admins and their programs at the admin address: the read API under /api/v1, its two actions, and
// /metrics. httpapi decides who may ask (Host, origin, login, budget) and writes the log; this package only answers.
//
// # How it answers
//
// routes.go is the table of all paths; each endpoint has a file. A handler returns an error; one adapter (respond.go) makes
// it a problem of RFC 9457. An answer is JSON with snake_case names and times of RFC 3339, has an ETag, and answers HEAD and
// If-None-Match. openapi.json describes all of it and is written by hand; a test holds every live answer against it.
//
// # Where it has it from
//
// Phones, history, strangers, syncs, requests and events are those of provision/ledger, whose types carry the names of the
// API. What only other packages know (Asterisk, settings, what is held) comes through the functions of Options.
//
// # Secrets
//
// A file is rendered with its secrets taken out (provision.Renderer.RenderMasked), unless ?secrets=true asks for them, which
// httpapi logs. Nothing else here has a secret.
//
// # Concurrency
//
// The handler may be called by many goroutines. It starts none. A stream of events ends with its request, or with
// Options.Ending.
package admin
