// Package page is the page of the admin address, for people: what the API of httpapi/admin answers to programs, it
// shows. httpapi decides who may ask (Host, origin, login) and writes the log.
//
// # How a page is made
//
// routes.go has the table of all paths. A handler collects the data of one page, from the same functions as the API,
// and Site.show executes a template of templates/ with it. The templates are parsed once for each language
// (provision/words), because the words are functions of the template. html/template escapes everything that comes from
// a phone or from the configuration.
//
// # Without and with JavaScript
//
// Every page is whole without JavaScript, links and forms do everything. assets/page.js makes it live: on an event of
// /api/v1/events it fetches the page again with the header Phoneprov-Fragment, which leaves the layout out, and
// replaces the parts that are marked data-live and differ. It shows times in the browser's zone.
//
// # What a page may do
//
// The Content-Security-Policy allows this address's own style sheet and module only: no inline code, no frames, no
// other origin. Each action is a POST that http.CrossOriginProtection has let pass, and answers with a redirect to the
// page it came from. A cookie brings the outcome (note.go). Secrets show only in the answer to a second, confirmed
// POST, and httpapi logs it.
//
// # Concurrency
//
// A Site is safe for concurrent use, and starts no goroutine.
package page
