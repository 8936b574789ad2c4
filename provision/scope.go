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
	caches  *caches // nil: nothing is remembered, as during Build and for Check
	facts   *zoneFactsMemo
	data    *datadir.Dir // nil during Build
	now     time.Time
	zone    *time.Location // the server's
	ask     dialplan.Asker // this or calls is set; if both are nil, Asterisk cannot be asked
	calls   *asteriskCalls
	request Request // empty during Build
}

// rendering is the expansion of a template and everything that it includes, for one request. One goroutine uses it.
type rendering struct {
	renderingInput
	top       scope       // the scope of the file's own template
	zones     zone.Loader // zones that functions have named
	globals   results     // Asterisk's global variables, by index
	open      []*setvar
	diags     diagnostics
	templates []*datadir.Template // templates that were read
	setvars   []*setvar           // setvars that were expanded
	device    *device.Device      // by the User-Agent; nil: not parsed yet
	env       dialplan.Env        // what all templates of the rendering see, without Lookup and Owner; set at the first use
}

// scope is where the variables of one line of a phone are looked up, see sources.
type scope struct {
	rd      *rendering
	phone   *Phone
	line    *Line
	profile *Profile
	setvars results      // by index in the profile
	env     dialplan.Env // for the templates of the scope
}

func (rd *rendering) scope(p *Phone, l *Line) *scope {
	s := &scope{rd: rd, phone: p, line: l, profile: p.Profile}
	s.env = rd.environment(view{s, len(p.Profile.setvars)})
	return s
}

// environment returns the Env of a template that sees the variables of a view.
func (rd *rendering) environment(v view) dialplan.Env {
	if rd.env.Diag == nil {
		rd.env = dialplan.Env{Now: rd.now, Zone: rd.zone, LoadZone: rd.loadZone, Ask: rd.ask, Diag: rd.diag, Funcs: rd.snap.functions}
		if rd.calls != nil {
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

// read records that the file depends on a template.
func (rd *rendering) read(t *datadir.Template) {
	if !slices.Contains(rd.templates, t) {
		rd.templates = append(rd.templates, t)
	}
}

// askAt asks Asterisk. The answer may be a password.
func (rd *rendering) askAt(ctx context.Context, q dialplan.Question) (dialplan.Value, error) {
	text, err := rd.calls.askAt(ctx, q)
	v := dialplan.Value{Text: text}
	if mayBeSecret(q.Call) {
		v.Varies.With = bySecretAnswer
		if rd.request.masked && text != "" {
			v.Text = masked
		}
	}
	return v, err
}

// template reads a template. If an older state of it is used, a diagnostic says why. The caller's Value must say that
// it depends on more than the template's text.
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

// fault returns what is wrong with a file of which an older state is used.
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
