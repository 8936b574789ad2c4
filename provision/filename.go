package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// names expands the names of files, all in one rendering and one scope, as there are hundreds of thousands.
type names struct {
	scope *scope
	env   *dialplan.Env
	text  []byte
	plans map[nameKey]*dialplan.Plan
	// common: the last name has nothing of its phone in it.
	common bool
}

// nameKey is all that the plan of a name depends on.
type nameKey struct {
	file  *file
	shape *shape
	zone  *time.Location
}

// maxNamePlans bounds what is needed for a moment only: a phone may have a shape of its own.
const maxNamePlans = 1000

func (b *builder) newNames() names {
	rd := &rendering{snap: b.snap, now: b.now, zone: b.in.Zone, zones: b.zones}
	if b.in.Ask != nil {
		rd.ask = func(ctx context.Context, call string) (string, error) {
			rd.changes()
			return b.in.Ask(ctx, call)
		}
	}
	s := &scope{rd: rd}
	return names{scope: s, env: s.env(), plans: map[nameKey]*dialplan.Plan{}}
}

// expand gives the text of a file's name, valid until the next one.
func (n *names) expand(ctx context.Context, p *Phone, f *file) (text []byte, err error) {
	s := n.scope
	s.phone, s.line, s.profile, s.setvars = p, p.first, p.Profile, nil
	key := nameKey{f, s.line.shape, s.line.zone}
	plan := n.plans[key]
	if plan != nil {
		n.text, err = plan.AppendTo(ctx, n.text[:0], n.env, s)
	} else if len(n.plans) < maxNamePlans {
		if n.text, plan, err = f.uri.AppendPlan(ctx, n.text[:0], n.env, s); plan != nil {
			n.plans[key] = plan
		}
	} else {
		n.text, err = f.uri.AppendTo(ctx, n.text[:0], n.env)
	}
	n.common = plan != nil && plan.Constant()
	return n.text, err
}

// volatile says whether names may be others when they are made of the same another time.
func (n *names) volatile() bool {
	d := &n.scope.rd.depends
	return d.changing || !d.until.IsZero()
}

// fileName expands the name of a phone's file with the variables of the first of its sections. It is empty, with a
// diagnostic, where the file cannot be served.
func (b *builder) fileName(ctx context.Context, p *Phone, f *file) (string, error) {
	text, err := b.names.expand(ctx, p, f)
	b.diags = append(b.diags, b.names.scope.rd.diags...)
	b.names.scope.rd.diags = nil
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
