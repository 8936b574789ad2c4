package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/dialplan"
	"github.com/phoneprov/phoneprov/provision/zone"
)

// renderingInput is what a rendering is given. It never changes during the rendering.
type renderingInput struct {
	snap    *Snapshot
	caches  *caches // nil: nothing is remembered, while the snapshot is being built, and for check
	facts   *zoneFactsMemo
	data    *datadir.Dir // nil while the snapshot is being built
	now     time.Time
	zone    *time.Location // the server's
	ask     dialplan.Asker // or asking; nil: Asterisk cannot be asked
	asking  *asking
	request Request // empty while the snapshot is being built
}

// rendering is one expansion of a template and everything it includes, for one request. One goroutine uses it.
type rendering struct {
	renderingInput
	top       scope       // of the file itself
	zones     zone.Loader // that functions have named
	globals   results     // of Asterisk's global variables, by their place
	open      []*setvar
	diags     diagnostics
	templates []*datadir.Template // that were read
	setvars   []*setvar           // that were expanded
	device    *device.Device      // that asks, by its User-Agent; nil: not parsed yet
	env       dialplan.Env        // what all its templates see, without Lookup and Owner; made at the first use
}

// scope is where the variables of one line of a phone are looked up: see sources.
type scope struct {
	rd      *rendering
	phone   *Phone
	line    *Line
	profile *Profile
	key     *phoneKey    // within the text of PP_EACH_KEY; nil: elsewhere
	setvars results      // by their place in the profile
	env     dialplan.Env // that the templates of the scope see
}

func (rd *rendering) scope(p *Phone, l *Line) *scope {
	s := &scope{rd: rd, phone: p, line: l, profile: p.Profile}
	s.env = rd.environment(view{s, len(p.Profile.setvars)})
	return s
}

// environment is what a template sees that looks variables up in a view.
func (rd *rendering) environment(v view) dialplan.Env {
	if rd.env.Diag == nil {
		rd.env = dialplan.Env{Now: rd.now, Zone: rd.zone, LoadZone: rd.loadZone, Ask: rd.ask, Diag: rd.diag, Funcs: rd.snap.functions}
		if rd.asking != nil {
			rd.env.AskAt = rd.askAt
		}
		if rd.data != nil {
			rd.env.Stat = rd.data.Stat
		}
	}
	env := rd.env
	env.Lookup, env.Owner = v.lookup, v.scope
	return env
}

// read notes that the file is made of a template.
func (rd *rendering) read(t *datadir.Template) {
	if !slices.Contains(rd.templates, t) {
		rd.templates = append(rd.templates, t)
	}
}

// askAt asks Asterisk. What it answers may be a password.
func (rd *rendering) askAt(ctx context.Context, q dialplan.Question) (dialplan.Value, error) {
	text, err := rd.asking.askAt(ctx, q)
	v := dialplan.Value{Text: text}
	if mayBeSecret(q.Call) {
		v.Varies.With = bySecretAnswer
	}
	return v, err
}

// template reads a template. Where an older state of it is served a diagnostic says why. What is made of a template depends
// on more than its text: see the Value of the caller.
func (rd *rendering) template(ctx context.Context, name string) (*datadir.Template, error) {
	t, err := rd.data.Template(ctx, name)
	if t == nil {
		return nil, err
	}
	rd.read(t)
	if err != nil {
		rd.diags.add(Error, astconf.Pos{File: datadir.LocalName(name)}, "%s: its last good state is served", fault(err))
	}
	return t, nil
}

// fault says what is wrong with a file of which an older state is served.
func fault(err error) string {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "the template is gone"
	case err == datadir.ErrEmpty:
		return "the template is empty"
	}
	return fmt.Sprintf("the template cannot be read (%v)", noPath(err))
}

func (rd *rendering) loadZone(name string) (*time.Location, bool) {
	if rd.zones == nil {
		rd.zones = zone.Loader{}
	}
	return rd.zones.Load(name)
}
