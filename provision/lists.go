package provision

import (
	"context"
	"sync"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Bounds of the lists that a snapshot keeps.
const (
	maxLists     = 4       // the directories of as many profiles
	maxListBytes = 8 << 20 // of one: 100,000 users
)

// lists are texts of PP_EACH_USER for all phones of a snapshot: each phone's directory is one of them but for its own part.
// The oldest makes room. The zero lists is empty.
type lists struct {
	mu   sync.Mutex
	kept []*list
}

// list is such a text, and what must be so for it to be used.
type list struct {
	by      *Renderer
	source  string
	marking bool
	made    Request // for which it was
	depends depends
	text    string
	ends    []int    // of each phone's part, in the order of the configuration
	used    []string // the templates that were read
}

// list is the text for every phone: one that is kept, or a new one.
func (rd *rendering) list(ctx context.Context, c *dialplan.Call, t *dialplan.Template, source string) (*list, error) {
	l := rd.lists.find(rd, source, c.Marking())
	if l == nil {
		var err error
		if l, err = rd.newList(ctx, c, t, source); err != nil {
			return nil, err
		}
	}
	rd.differs(dialplan.ByPlace)
	rd.depends.add(&l.depends)
	rd.used = append(rd.used, l.used...)
	return l, nil
}

// newList makes a list in a rendering of its own, which takes note of all that it depends on, and keeps it if it may be.
func (rd *rendering) newList(ctx context.Context, c *dialplan.Call, t *dialplan.Template, source string) (*list, error) {
	part := &rendering{by: rd.by, snap: rd.snap, data: rd.data, server: rd.server, now: rd.now, zone: rd.zone, ask: rd.ask,
		asking: rd.asking, lists: rd.lists, zones: rd.zones, request: rd.request, open: rd.open}
	l := &list{by: rd.by, source: source, marking: c.Marking(), ends: make([]int, len(rd.snap.phoneList))}
	var out joined
	for i, p := range rd.snap.phoneList {
		if err := out.add(ctx, c.Expand, t, part.scope(p, p.Lines[0])); err != nil {
			return nil, err
		}
		l.ends[i] = out.text.Len()
	}
	rd.diags = append(rd.diags, part.diags...)
	var err error
	if l.text, err = out.whole(); err != nil {
		rd.depends.add(&part.depends)
		return nil, err
	}
	l.depends, l.used, l.made = part.depends, part.used, part.depends.part(rd.request)
	if l.depends.settled() && len(part.diags) == 0 && len(l.text) <= rd.by.share(maxListBytes) {
		rd.lists.put(l)
	}
	return l, nil
}

func (k *lists) find(rd *rendering, source string, marking bool) *list {
	k.mu.Lock()
	kept := k.kept
	k.mu.Unlock()
	for _, l := range kept {
		if l.source == source && l.marking == marking && l.by == rd.by && l.depends.holds(rd.by, l.made, rd.request) {
			return l
		}
	}
	return nil
}

// put keeps a list. The slice is another one each time, for whoever is looking at it.
func (k *lists) put(l *list) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.kept = append([]*list{l}, k.kept[:min(len(k.kept), maxLists-1)]...)
}

// without is the text but for the part of one phone; a negative number is none.
func (l *list) without(phone int) string {
	if phone < 0 {
		return l.text
	}
	begin := 0
	if phone > 0 {
		begin = l.ends[phone-1]
	}
	return l.text[:begin] + l.text[l.ends[phone]:]
}
