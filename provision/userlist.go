package provision

import (
	"context"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// userListKey is the text of a PP_EACH_USER, and whether its values are marked for escaping.
type userListKey struct {
	source  string
	marking bool
}

// userList is the text of a PP_EACH_USER for every phone of a content. Each phone's directory is that text without its own
// part, so one list serves all.
type userList struct {
	inputs inputs
	text   string
	ends   []int // of each phone's part, in the order of the configuration
}

// userList returns the list of a call: the one that is remembered, or a new one.
func (rd *rendering) userList(ctx context.Context, c *dialplan.Call, t *dialplan.Template, source string) (*userList, error) {
	key := userListKey{source, c.Marking()}
	l, ok := rd.caches.lists.Get(key)
	if !ok || !l.inputs.same(rd.data, rd.request) {
		var err error
		if l, err = rd.newUserList(ctx, c, t, key); err != nil {
			return nil, err
		}
	}
	for _, t := range l.inputs.templates {
		rd.read(t)
	}
	return l, nil
}

// newUserList makes a list in a rendering of its own, which knows what it depends on, and remembers it. A list with
// diagnostics is made anew each time: they belong to every file that it is in.
func (rd *rendering) newUserList(ctx context.Context, c *dialplan.Call, t *dialplan.Template, key userListKey) (*userList, error) {
	part := &rendering{renderingInput: rd.renderingInput, zones: rd.zones, open: rd.open}
	defer func() { rd.diags = append(rd.diags, part.diags...) }()
	l := &userList{ends: make([]int, len(rd.snap.phoneList))}
	var out joined
	for i, p := range rd.snap.phoneList {
		if err := out.add(ctx, c.Expand, t, part.scope(p, p.Lines[0])); err != nil {
			return nil, err
		}
		l.ends[i] = out.text.Len()
	}
	whole, err := out.value()
	if err != nil {
		return nil, err
	}
	l.text = whole.Text
	l.inputs = inputs{whole.Varies, part.templates, partOf(rd.request, whole.Varies.With)}
	if l.inputs.cacheable() && len(part.diags) == 0 {
		rd.caches.lists.Put(key, l, len(l.text)+8*len(l.ends))
	}
	return l, nil
}

// without returns the text but for the part of one phone; a negative number is none.
func (l *userList) without(phone int) string {
	if phone < 0 {
		return l.text
	}
	begin := 0
	if phone > 0 {
		begin = l.ends[phone-1]
	}
	return l.text[:begin] + l.text[l.ends[phone]:]
}
