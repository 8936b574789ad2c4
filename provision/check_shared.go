package provision

import (
	"bytes"
	"context"
	"fmt"
	"io"
)

// shared reports a file that several phones share if it would differ for the second phone.
//
// If the name has something of a phone in it, each phone was meant to get its own file: the names collide, and all get
// the first phone's file. If the name has nothing of a phone in it, the file is meant for all. It may differ on
// purpose, in a list that leaves its phone out, so only a password in it is reported.
func (c *checker) shared(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request, doc *Document) {
	sharing, ok := s.shared[rt.number]
	if !ok {
		return
	}
	second := *rt
	second.Phone = s.phoneList[sharing.second]
	b := r.newCalls(ctx)
	defer b.end()
	other, err := r.render(ctx, s, nil, &second, q, b)
	if err != nil {
		return // the first rendering reports it, or Asterisk is gone
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

// has reports whether a document contains a text that is not empty. The document must be at its beginning, and is there
// afterwards.
func has(doc *Document, text string) bool {
	content, err := io.ReadAll(doc.Content)
	if _, seekErr := doc.Content.Seek(0, io.SeekStart); err != nil || seekErr != nil {
		return false
	}
	return text != "" && bytes.Contains(content, []byte(text))
}
