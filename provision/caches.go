package provision

import (
	"bytes"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/dialplan"
	"github.com/phoneprov/phoneprov/provision/memo"
)

// Bounds of what a Renderer remembers of one snapshot, in bytes.
const (
	// maxFiles holds 4,000 files of 6 kB. Rendering a file again is cheap, and memory is not.
	maxFiles = 32 << 20
	// maxFile keeps a few large directories from displacing all other files.
	maxFile = 1 << 20
	// maxUserLists holds the directories of four profiles with 100,000 users.
	maxUserLists = 32 << 20
	maxUserList  = 8 << 20
	// maxPlans holds 800 plans of a template of 6 kB.
	maxPlans = 8 << 20
	maxPlan  = 256 << 10
)

// caches is what a Renderer remembers of one content. Rendering it again would give the same. A content never changes,
// and each content has caches of its own, so no entry is outdated because the configuration changed.
type caches struct {
	content *content
	files   *memo.Memo[int, *Document] // rendered files, by the number of the route
	lists   *memo.Memo[userListKey, *userList]
	plans   *memo.Memo[planKey, *plan]
	zones   *zoneFactsMemo
}

// maxRoom bounds all of these together.
const maxRoom = maxFiles + maxUserLists + maxPlans

// newCaches makes empty caches that take at most room bytes together; zero: maxRoom.
func newCaches(c *content, room int64) *caches {
	if room <= 0 {
		room = maxRoom
	}
	share := func(most int) int { return int(int64(most) * min(room, maxRoom) / maxRoom) }
	return &caches{
		content: c,
		files:   memo.New[int, *Document](share(maxFiles), maxFile),
		lists:   memo.New[userListKey, *userList](share(maxUserLists), maxUserList),
		plans:   memo.New[planKey, *plan](share(maxPlans), maxPlan),
		zones:   newZoneFacts(),
	}
}

// cachesOf returns the caches of a snapshot's content. They replace the caches of another content, because only the
// snapshot that is being served is worth memory. A request that began before a swap has the older snapshot and makes
// new caches for it.
func (r *Renderer) cachesOf(s *Snapshot) *caches {
	had := r.caches.Load()
	if had != nil && had.content == s.content {
		return had
	}
	c := newCaches(s.content, r.options.Room)
	r.caches.CompareAndSwap(had, c) // if another request was first, these caches are for this request only
	return c
}

// The parts of a Request that a value can depend on, in addition to dialplan's.
const (
	byServer    = dialplan.FirstOwn << iota // Server
	byURL                                   // Scheme, Host and Prefix
	byUserAgent                             // UserAgent
	// bySecretAnswer marks an answer of Asterisk that may be a password. Explain hides it by default.
	bySecretAnswer
)

// partOf returns the parts of a request that a value depends on.
func partOf(q Request, with dialplan.With) Request {
	part := Request{Now: q.Now}
	if with&byServer != 0 {
		part.Server = q.Server
	}
	if with&byURL != 0 {
		part.Scheme, part.Host, part.Prefix = q.Scheme, q.Host, q.Prefix
	}
	if with&byUserAgent != 0 {
		part.UserAgent = q.UserAgent
	}
	return part
}

// inputs are what a text was made of, besides the content and the phone.
type inputs struct {
	varies    dialplan.Varies
	templates []*datadir.Template // the templates that were read
	request   Request             // the parts that the text depends on
}

// cacheable reports whether we can tell when the text would change.
func (in *inputs) cacheable() bool { return in.varies.With&dialplan.Unpredictable == 0 }

// same reports whether the same text would be made for a request.
func (in *inputs) same(data *datadir.Dir, q Request) bool {
	part := partOf(q, in.varies.With)
	part.Now = in.request.Now
	return part == in.request && holdsAt(in.varies.Until, in.request.Now, q.Now) &&
		!slices.ContainsFunc(in.templates, func(t *datadir.Template) bool { return !data.Current(t) })
}

// cached returns the remembered document of a route, or nil if there is none or it is not the right one for the
// request.
func (c *caches) cached(data *datadir.Dir, rt *Route, q Request) *Document {
	had, ok := c.files.Get(rt.number)
	if !ok || !had.inputs.same(data, q) {
		return nil
	}
	doc := *had
	doc.read()
	return &doc
}

// documentBytes is about how many bytes a remembered Document takes besides its text.
const documentBytes = 700

// remember stores a copy of a new document. The copy does not refer to the document's buffer.
func (c *caches) remember(rt *Route, doc *Document) {
	if !doc.inputs.cacheable() || doc.Size > maxFile || !c.files.Wants(rt.number) {
		return
	}
	c.files.Put(rt.number, &Document{
		MIME: doc.MIME, Size: doc.Size, ETag: doc.ETag, Diagnostics: doc.Diagnostics, text: bytes.Clone(doc.text), inputs: doc.inputs,
	}, len(doc.text)+documentBytes)
}

// planKey is everything that a plan depends on, besides the content, its template and the time.
type planKey struct {
	file   *file // implies the profile
	shape  *shape
	zone   *time.Location
	escape Escape // together with the template it says whether values are escaped
}

// plan is a template for all lines of one shape, time zone and profile. The parts that are the same for all of them
// have been evaluated.
type plan struct {
	*dialplan.Plan
	template *datadir.Template
	from     time.Time // when the plan was made
}

// planFor returns the plan of a template, or nil if there is none that is valid at the time.
func (c *caches) planFor(key planKey, t *datadir.Template, now time.Time) *plan {
	p, ok := c.plans.Get(key)
	if !ok || p.template != t || !holdsAt(p.Until(), p.from, now) {
		return nil
	}
	return p
}

// planBytes is about how many bytes a plan takes besides its Size.
const planBytes = 256

func (c *caches) rememberPlan(key planKey, p *plan) { c.plans.Put(key, p, p.Size()+planBytes) }

// holdsAt reports whether something that was made at from and holds until until is valid now. A zero until means for
// ever.
func holdsAt(until, from, now time.Time) bool {
	return until.IsZero() || !now.Before(from) && now.Before(until)
}
