package provision

import (
	"context"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// userListKey is the text of a PP_EACH_USER, and whether values get marks for escaping.
type userListKey struct {
	source  string
	marking bool
}

// userList is the text of a PP_EACH_USER for all phones of a content. Each phone's directory is that text without the
// phone's own part, so one list serves all phones.
type userList struct {
	inputs inputs
	text   string
	ends   []int // where each phone's part ends, in the order of the configuration
}

// userList returns the list of a call. It is remembered.
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

// newUserList makes a list in a rendering of its own, which records what the list depends on, and remembers it. It does
// not remember a list with diagnostics, because every file with the list must have them.
func (rd *rendering) newUserList(ctx context.Context, c *dialplan.Call, t *dialplan.Template, key userListKey) (*userList, error) {
	part := &rendering{renderingInput: rd.renderingInput, zones: rd.zones, open: rd.open}
	defer func() { rd.diags = append(rd.diags, part.diags...) }()
	l := &userList{ends: make([]int, len(rd.snap.phoneList))}
	var out eachText
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

// without returns the text without the part of one phone. A negative number is no phone.
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
