package amisync

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// keeper remembers the endpoints of the last time, for endpoints in a database. While the database is away, Asterisk
// says the same of an endpoint as of one that was deleted.
type keeper struct {
	last  *provision.Live
	filed map[objectKey]bool // objects that the files had at any time while Asterisk has them
}

// objectKey is an endpoint or an auth.
type objectKey struct{ kind, name string }

// fill returns the endpoints as Asterisk has them, with lost ones as they were, and a warning for each of those. An
// endpoint, or its auth, is lost if it was there the last time and was never in the files: one that was in the files
// was deleted there. An endpoint whose auth was missing before is left out, as in Asterisk.
func (k *keeper) fill(now *provision.Live, bare map[string]bool, config provision.Config) (found []provision.Diagnostic) {
	k.note(now, filedObjects(config))
	say := func(severity provision.Severity, format string, args ...any) {
		found = append(found, provision.Diagnostic{Severity: severity, Message: fmt.Sprintf(format, args...)})
	}
	for _, name := range provision.Endpoints(config) {
		before, was := k.before(name)
		e, is := now.Endpoints[name]
		switch {
		case !is && was && !k.filed[objectKey{"endpoint", name}]:
			now.Endpoints[name] = before
			say(provision.Warning, "endpoint %q is gone from asterisk and was in no file: its phone is served what it was, as a database may be away; "+
				"if it was deleted, delete its phoneprov section too", name)
		case bare[name] && was && e.AuthID == before.AuthID && !k.filed[objectKey{"auth", e.AuthID}]:
			e.Username, e.Password = before.Username, before.Password
			now.Endpoints[name] = e
			say(provision.Warning, "endpoint %q: its auth %q is gone from asterisk and was in no file: its phone is served what it was, "+
				"as a database may be away", name, e.AuthID)
		case bare[name]:
			delete(now.Endpoints, name)
			say(provision.Error, "endpoint %q: asterisk does not have its auth %q: it counts as missing", name, e.AuthID)
		}
	}
	k.last = now
	return found
}

func (k *keeper) before(name string) (e provision.Endpoint, ok bool) {
	if k.last != nil {
		e, ok = k.last.Endpoints[name]
	}
	return e, ok
}

// note updates which objects are in the files. An object that once was counts, because files may be edited long before
// Asterisk reloads them.
func (k *keeper) note(now *provision.Live, in map[objectKey]bool) {
	filed := map[objectKey]bool{}
	keep := func(key objectKey) {
		if in[key] || k.filed[key] {
			filed[key] = true
		}
	}
	for _, live := range []*provision.Live{k.last, now} {
		if live == nil {
			continue
		}
		for name, e := range live.Endpoints {
			keep(objectKey{"endpoint", name})
			keep(objectKey{"auth", e.AuthID})
		}
	}
	k.filed = filed
}

// filedObjects returns the endpoints and auths in pjsip.conf, or the file that sorcery.conf names, and those that the
// wizard creates.
func filedObjects(config provision.Config) map[objectKey]bool {
	in := map[objectKey]bool{}
	for _, kind := range [...]string{"endpoint", "auth"} {
		for _, name := range provision.PJSIPObjects(config, kind) {
			in[objectKey{kind, name}] = true
		}
	}
	return in
}

// restore goes on from what was kept over a restart.
func (k *keeper) restore(state *lastgood.State) {
	k.filed = map[objectKey]bool{}
	for _, o := range state.Filed {
		k.filed[objectKey{o.Type, o.Name}] = true
	}
	if state.Live != nil {
		k.note(state.Live, filedObjects(state.Config))
		k.last = state.Live
	}
}

// onlyOnceFiled are the objects that were in a file once, and are not in the configuration any more: the rest restore knows.
func (k *keeper) onlyOnceFiled(config provision.Config) (filed []lastgood.Object) {
	in := filedObjects(config)
	for key := range k.filed {
		if !in[key] {
			filed = append(filed, lastgood.Object{Type: key.kind, Name: key.name})
		}
	}
	slices.SortFunc(filed, func(a, b lastgood.Object) int {
		return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.Name, b.Name))
	})
	return filed
}
