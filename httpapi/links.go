package httpapi

import (
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Limits of one-time links.
const (
	LinkAge   = 10 * time.Minute // a phone fetches its file seconds after it got the link
	maxLinks  = 1000             // phones that a site installs within LinkAge
	tokenSize = 16               // random bytes
)

// linkPrefix begins the part of a path that is a one-time link. The token follows, in hexadecimal digits.
const linkPrefix = "once-"

// Links are one-time links. A link is a directory: /phoneprov/once-TOKEN/. It counts as the password of one phone, for
// the address that it was made for. It ends when the phone has fetched one of its own files by it, and after LinkAge.
// Files that are nobody's in particular do not end it, because a phone may ask for them first.
type Links struct {
	now func() time.Time

	mu    sync.Mutex
	links map[string]*link      // by token
	of    map[device.MAC]string // the token of each phone
}

type link struct {
	mac   device.MAC
	addr  netip.Addr
	until time.Time
	busy  bool // it is being used
}

// NewLinks returns Links without a link.
func NewLinks() *Links {
	return &Links{now: time.Now, links: map[string]*link{}, of: map[device.MAC]string{}}
}

// New returns the path of a new link for a phone at an address, with a slash at its end and none at its beginning. An
// older link of the phone ends. A zero MAC, or too many links, give a path that opens nothing and looks alike.
func (l *Links) New(mac device.MAC, addr netip.Addr) string {
	random := make([]byte, tokenSize)
	_, _ = rand.Read(random) // never fails
	token := hex.EncodeToString(random)
	l.mu.Lock()
	defer l.mu.Unlock()
	if mac != (device.MAC{}) {
		l.add(token, &link{mac: mac, addr: addr.Unmap().WithZone(""), until: l.now().Add(LinkAge)})
	}
	return linkPrefix + token + "/"
}

func (l *Links) add(token string, of *link) {
	l.remove(l.of[of.mac])
	if len(l.links) >= maxLinks {
		for old, o := range l.links {
			if !l.now().Before(o.until) {
				l.remove(old)
			}
		}
	}
	if len(l.links) < maxLinks {
		l.links[token], l.of[of.mac] = of, token
	}
}

func (l *Links) remove(token string) {
	if of := l.links[token]; of != nil {
		delete(l.links, token)
		delete(l.of, of.mac)
	}
}

// phone returns the phone whose link a token is, from an address. It returns the zero MAC if the link does not count.
func (l *Links) phone(token string, addr netip.Addr) device.MAC {
	if l == nil || token == "" {
		return device.MAC{}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.links[token]
	if of == nil || of.busy || of.addr != addr || !l.now().Before(of.until) {
		return device.MAC{}
	}
	return of.mac
}

// take begins to use a link. It reports whether nobody else does. If so, done must follow.
func (l *Links) take(token string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	of := l.links[token]
	if of == nil || of.busy {
		return false
	}
	of.busy = true
	return true
}

// done ends the use of a link. If the phone got its file, the link ends too.
func (l *Links) done(token string, got bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if got {
		l.remove(token)
	} else if of := l.links[token]; of != nil {
		of.busy = false
	}
}

// cutLink cuts the link off a name, whether it is valid or not: the log must not show it.
func cutLink(name string) (token, rest string) {
	first, rest, _ := strings.Cut(name, "/")
	if n := len(linkPrefix); len(first) != n+2*tokenSize || !strings.EqualFold(first[:n], linkPrefix) {
		return "", name
	}
	token = strings.ToLower(first[len(linkPrefix):])
	if _, err := hex.DecodeString(token); err != nil {
		return "", name
	}
	return token, rest
}

// withoutLink returns a path without the one-time links in it, for the log.
func withoutLink(path string) string {
	if len(path) < len(linkPrefix)+2*tokenSize {
		return path
	}
	var kept strings.Builder
	for part := range strings.SplitAfterSeq(path, "/") {
		if token, _ := cutLink(part); token == "" {
			kept.WriteString(part)
		}
	}
	return kept.String()
}

// linkOf returns the phone whose link a request has. A link counts for fetching only, and not for a name with the MAC of
// another phone.
func (a *api) linkOf(r *http.Request, e *entry) device.MAC {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return device.MAC{}
	}
	return a.Access.Links.phone(e.link, e.client.addr)
}

// useLink takes the link of a request that gets a phone's own file by it. It reports whether the decision holds.
func (a *api) useLink(r *http.Request, e *entry, f wanted, d access.Decision) bool {
	if d.Reason != access.ByLink || !f.own || r.Method != http.MethodGet {
		return true
	}
	e.linkTaken = a.Access.Links.take(e.link)
	return e.linkTaken
}

// linkUsed ends the use of a link, after the answer.
func (a *api) linkUsed(e *entry, res *responseWriter) {
	if e.linkTaken {
		got := e.err == nil && res.err == nil && (res.status == http.StatusOK || res.status == http.StatusNotModified)
		a.Access.Links.done(e.link, got)
	}
}
