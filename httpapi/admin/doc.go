// Package admin answers admins and their programs at the admin address: the read API under /api/v1, its two actions,
// and /metrics. httpapi decides who may ask (Host, origin, login, budget) and writes the log.
//
// # How it answers
//
// routes.go is the table of all paths. Each endpoint has a file. A handler returns an error, and one adapter
// (respond.go) answers with a problem of RFC 9457. An answer is JSON with snake_case names and times of RFC 3339. It
// has an ETag, and supports HEAD and If-None-Match. openapi.json, written by hand, describes all answers; a test
// compares every live answer with it.
//
// # Where the data comes from
//
// Phones, history, strangers, syncs, requests and events come from provision/ledger. Its types carry the API's names.
// The functions of Options supply what only other packages know: Asterisk, settings, the held change.
//
// # Secrets
//
// A file is rendered with masked secrets (provision.Renderer.RenderMasked). With ?secrets=true the secrets show, and
// httpapi logs the request. No other answer contains a secret.
//
// # Concurrency
//
// The handler is safe for concurrent use. It starts no goroutine. A stream of events ends with its request, or when
// Options.Ending is closed.
package admin
