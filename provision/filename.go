package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// nameExpander expands the names of files. All of them share one rendering and one scope, because there are hundreds of
// thousands.
type nameExpander struct {
	scope  *scope
	text   []byte
	plans  map[nameKey]*dialplan.Plan
	varies dialplan.Varies // what the names so far depend on
	common bool            // the last name has nothing of its phone in it
}

// nameKey is everything that the plan of a name depends on.
type nameKey struct {
	file  *file
	shape *shape
	zone  *time.Location
}

// maxNamePlans bounds memory that is needed for a moment only. In the worst case each phone has a shape of its own.
const maxNamePlans = 1000

func (b *builder) newNames() nameExpander {
	s := &scope{}
	s.rd = &rendering{
		renderingInput: renderingInput{snap: b.snap, facts: newZoneFacts(), now: b.now, zone: b.in.Zone, ask: b.in.Ask},
		zones:          b.zones,
	}
	return nameExpander{scope: s, plans: map[nameKey]*dialplan.Plan{}}
}

// expand returns the text of a file's name. It is valid until the next call.
func (n *nameExpander) expand(ctx context.Context, p *Phone, f *file) (text []byte, err error) {
	s := n.scope
	s.phone, s.line, s.profile, s.setvars = p, p.first, p.Profile, nil
	s.env = s.rd.environment(view{s, len(s.profile.setvars)})
	key := nameKey{f, s.line.shape, s.line.zone}
	var varies dialplan.Varies
	if plan := n.plans[key]; plan != nil {
		n.text, varies, err = plan.AppendTo(ctx, n.text[:0], &s.env, s)
	} else if len(n.plans) < maxNamePlans {
		if n.text, plan, varies, err = f.uri.AppendPlan(ctx, n.text[:0], &s.env); plan != nil {
			n.plans[key] = plan
		}
	} else {
		n.text, varies, err = f.uri.AppendTo(ctx, n.text[:0], &s.env)
	}
	n.varies.Add(varies)
	n.common = varies.With == 0
	return n.text, err
}

// volatile reports whether the names may differ next time, although their inputs are the same.
func (n *nameExpander) volatile() bool {
	return n.varies.With&dialplan.Unpredictable != 0 || !n.varies.Until.IsZero()
}

// fileName expands the name of a phone's file with the variables of the phone's first section. If the file cannot be
// served, the name is empty and there is a diagnostic.
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
