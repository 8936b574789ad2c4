package provision

import (
	"bytes"
	"slices"
	"sync"
	"sync/atomic"
)

// Bounds of what a snapshot keeps, in bytes.
const (
	// maxKept is for all files together: 4,000 of 6 kB. To make one anew is cheap, and memory is not.
	maxKept = 32 << 20
	// maxKeptFile is for one: of a directory for each phone a few must not drive out all else.
	maxKeptFile = 1 << 20
	// keptOverhead is what one costs besides its text.
	keptOverhead = 1 << 10
)

// maxOnce is how many files are remembered to have been asked for once: as many as are kept. Of two with one remainder it is
// the last.
const maxOnce = 4096

// kept are the files made of a snapshot that would be the same if they were made now: one for each route, that of the
// last request, for a phone asks by one name and as one device. They go with the snapshot; of too many the one goes that
// was not asked for again since the last time that room was wanted (second chance). A file is kept when it is made for the
// second time of late: where phones are too many for all to be kept, most would be copied in vain. The zero kept is empty.
type kept struct {
	mu    sync.RWMutex
	once  *[maxOnce]uint32 // the last that were made, from 1, each at its number's remainder
	files map[int]*keptFile
	ring  []*keptFile
	hand  int // of the ring: where room is looked for next
	bytes int
}

// keptFile is a document, and what must be so for it to be the answer.
type keptFile struct {
	by     *Renderer
	route  *Route
	escape Escape
	made   Request // for which it was
	doc    Document
	place  int // in the ring
	again  atomic.Bool
}

// get finds the document of a request; nil: it must be made.
func (k *kept) get(r *Renderer, rt *Route, q Request) *Document {
	k.mu.RLock()
	f := k.files[rt.number]
	k.mu.RUnlock()
	if f == nil || !f.answers(r, q) {
		return nil
	}
	if !f.again.Load() {
		f.again.Store(true)
	}
	doc := f.doc
	doc.Content = bytes.NewReader(f.doc.text)
	return &doc
}

// answers says whether the document is what would be made for a request.
func (f *keptFile) answers(r *Renderer, q Request) bool {
	return f.by == r && f.escape == r.escape(f.route) && f.doc.depends.holds(r, f.made, q)
}

// put keeps a document that was just made for a request, if it may be.
func (k *kept) put(r *Renderer, rt *Route, q Request, doc *Document) {
	if !doc.depends.settled() || doc.Size > min(maxKeptFile, int64(r.share(maxKept))-keptOverhead) {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if !k.wants(rt) {
		return
	}
	f := &keptFile{by: r, route: rt, escape: r.escape(rt), made: doc.depends.part(q), doc: *doc}
	d := *doc.depends
	d.templates = slices.Clone(d.templates)
	f.doc.text, f.doc.depends, f.doc.Templates = bytes.Clone(doc.text), &d, slices.Clone(doc.Templates) // nothing leads to doc's buffer
	f.doc.Content, f.doc.buffers, f.doc.setvars = nil, nil, nil
	if old := k.files[rt.number]; old != nil {
		k.remove(old)
	}
	for k.bytes+f.size() > r.share(maxKept) {
		k.makeRoom()
	}
	if k.files == nil {
		k.files = map[int]*keptFile{}
	}
	f.place = len(k.ring)
	k.ring = append(k.ring, f)
	k.files[rt.number] = f
	k.bytes += f.size()
}

// wants says whether the file of a route is to be kept: not where it is made for the first time.
func (k *kept) wants(rt *Route) bool {
	if k.once == nil {
		k.once = new([maxOnce]uint32)
	}
	last := &k.once[rt.number%maxOnce]
	again := *last == uint32(rt.number+1)
	*last = uint32(rt.number + 1)
	return again || k.files[rt.number] != nil
}

// makeRoom removes a file that was not asked for again. There is one at least.
func (k *kept) makeRoom() {
	for {
		k.hand %= len(k.ring)
		f := k.ring[k.hand]
		if !f.again.Swap(false) {
			k.remove(f)
			return
		}
		k.hand++
	}
}

// remove takes a file out; the last of the ring takes its place.
func (k *kept) remove(f *keptFile) {
	last := k.ring[len(k.ring)-1]
	k.ring[f.place], last.place = last, f.place
	k.ring[len(k.ring)-1] = nil
	k.ring = k.ring[:len(k.ring)-1]
	delete(k.files, f.route.number)
	k.bytes -= f.size()
}

func (f *keptFile) size() int { return len(f.doc.text) + keptOverhead }
