package provision

import (
	"context"
	"errors"
	"fmt"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// names expands the names of files, all in one rendering and one scope, as there are hundreds of thousands.
type names struct {
	scope *scope
	env   *dialplan.Env
	text  []byte
}

func (b *builder) newNames() names {
	rd := &rendering{snap: b.snap, now: b.now, zone: b.in.Zone, zones: b.zones}
	if b.in.Ask != nil {
		rd.ask = func(ctx context.Context, call string) (string, error) {
			rd.changes()
			return b.in.Ask(ctx, call)
		}
	}
	s := &scope{rd: rd}
	return names{scope: s, env: s.env()}
}

// volatile says whether names may be others when they are made of the same another time.
func (n *names) volatile() bool {
	d := &n.scope.rd.depends
	return d.changing || !d.until.IsZero()
}

// fileName expands the name of a phone's file with the variables of the first of its sections. It is empty, with a
// diagnostic, where the file cannot be served.
func (b *builder) fileName(ctx context.Context, p *Phone, f *file) (string, error) {
	s := b.names.scope
	s.phone, s.line, s.profile, s.setvars = p, p.first, p.Profile, nil
	text, err := f.uri.AppendTo(ctx, b.names.text[:0], b.names.env)
	b.names.text = text
	b.diags = append(b.diags, s.rd.diags...)
	s.rd.diags = nil
	reason := ""
	switch {
	case errors.Is(err, dialplan.ErrCannotAsk) && b.in.Ask == nil:
		reason = "needs a function of Asterisk, and there is no AMI to ask"
	case errors.Is(err, dialplan.ErrCannotAsk), ctx.Err() != nil:
		return "", err
	case err != nil:
		reason = fmt.Sprintf("cannot be made (%v)", err)
	case len(text) == 0:
		reason = "is empty"
	default:
		return string(text), nil
	}
	b.diags.add(Error, f.pos, "profile %q: file name %q of phone %s %s: it is not served", f.profile.Name, f.name, p.ID, reason)
	return "", nil
}
