package provision

import (
	"context"
	"errors"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// readGlobals reads the [globals] of the dialplan as Asterisk does when it loads it: in order, each expanded with those
// before it, the last of a name counting. What the dialplan sets later, at a call, is not known here.
func (b *builder) readGlobals(ctx context.Context, f *astconf.File) error {
	c := f.Category(GlobalsCategory)
	if c == nil {
		return nil
	}
	env := &dialplan.Env{Now: b.now, Zone: b.in.Zone, Ask: b.in.Ask, LoadZone: b.zones.load,
		Lookup: func(_ context.Context, name string) (string, bool, error) {
			v, ok := b.snap.global(name)
			return v.value, ok, nil
		}}
	for _, v := range c.Vars {
		value, err := dialplan.Parse(v.Pos.String(), v.Value).Expand(ctx, env)
		if errors.Is(err, dialplan.ErrCannotAsk) && b.in.Ask == nil {
			b.diags.add(Warning, v.Pos, "global variable %s needs a function of Asterisk, and there is no AMI to ask: it is empty", v.Name)
			value, err = "", nil
		}
		if err != nil {
			return err
		}
		b.snap.setGlobal(binding{v.Name, value, v.Pos.File, int32(v.Pos.Line)})
	}
	return nil
}

func (s *Snapshot) setGlobal(v binding) {
	for i := range s.globals {
		if s.globals[i].name == v.name {
			s.globals[i] = v
			return
		}
	}
	s.globals = append(s.globals, v)
}
