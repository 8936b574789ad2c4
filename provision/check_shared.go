package provision

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// shared reports a file that several phones share and that would be another one for the second of them. Where the name has
// something of a phone in it, each phone was to get its own: the names collide, and all get the first phone's. Where the name
// has nothing of a phone the file is meant for all, and differs too in a list that leaves its phone out: only a password in it
// is worth a word.
func (c *checker) shared(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request, doc *Document) {
	sharing, ok := s.shared[rt.number]
	if !ok {
		return
	}
	second := *rt
	second.Phone = s.phoneList[sharing.second]
	b := r.asking(ctx)
	defer b.end()
	other, err := r.render(ctx, s, nil, &second, q, b)
	if err != nil {
		return // it is said of the first, or Asterisk has gone
	}
	defer other.Close()
	switch secret, _ := rt.Phone.Lines[0].own("SECRET"); {
	case same(doc, other):
	case !sharing.common:
		c.report(Diagnostic{Pos: rt.file.pos, Severity: Error, Message: fmt.Sprintf(
			"profile %q: file name %q of phone %s is already that of phone %s, and their files differ: both get the first one's, as in Asterisk; put ${MAC} into the name",
			rt.file.profile.Name, rt.URI, second.Phone.ID, rt.Phone.ID)})
	case has(doc, secret.value) && !has(other, secret.value):
		c.report(Diagnostic{Pos: rt.file.pos, Severity: Warning, Message: fmt.Sprintf(
			"profile %q: the file %q is nobody's own, and has the secret of phone %s in it: whoever may have files gets it; put ${MAC} into the name",
			rt.file.profile.Name, rt.URI, rt.Phone.ID)})
	}
}

// has tells whether a document that is at its beginning contains a text that is not empty, and leaves it there.
func has(doc *Document, text string) bool {
	content, err := io.ReadAll(doc.Content)
	if _, seekErr := doc.Content.Seek(0, io.SeekStart); err != nil || seekErr != nil {
		return false
	}
	return text != "" && bytes.Contains(content, []byte(text))
}
