package amisync

import (
	"fmt"

	"github.com/phoneprov/phoneprov/provision"
)

// keeper knows the endpoints of the last time, for those that live in a database: while that is away, Asterisk says of them
// what it says of one that was deleted.
type keeper struct {
	last  *provision.Live
	filed map[objectKey]bool // what the files have told of, since Asterisk has it
}

// objectKey is an endpoint or an auth.
type objectKey struct{ kind, name string }

// fill gives the endpoints as Asterisk has them, and in place of those that were lost what they were, with a warning each.
// Lost is an endpoint, or the auth that a bare one names, which was there the last time and was never seen in the files: one
// that was, was deleted there. What is bare otherwise is left out, as Asterisk does.
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

// note keeps track of which objects are the files'. That they were there once counts: the files can be edited long before
// Asterisk is told.
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

// filedObjects are the endpoints and auths that pjsip.conf has, or the file that sorcery.conf names, and the wizard makes.
func filedObjects(config provision.Config) map[objectKey]bool {
	in := map[objectKey]bool{}
	for _, kind := range [...]string{"endpoint", "auth"} {
		for _, name := range provision.PJSIPObjects(config, kind) {
			in[objectKey{kind, name}] = true
		}
	}
	return in
}
