package amiserver

import (
	"context"
	"maps"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// maxValue is the length at which Getvar cuts a value, in bytes.
const maxValue = 1022

func (s *Session) getvar(action Message) {
	call := action["Variable"]
	if call == "" {
		s.fail(action, "No variable specified")
		return
	}
	value := s.value(call)
	s.answer(action, "Success", "Variable", call, "Value", value[:min(len(value), maxValue)])
}

// value returns the value of a function call. Each EVAL has a channel of its own, so variables that SET and DB_EXISTS
// set are gone after it.
func (s *Session) value(call string) string {
	text, isEval := strings.CutPrefix(call, "EVAL(")
	if !isEval {
		return s.function(call)
	}
	vars := map[string]string{}
	set := func(_ context.Context, c *dialplan.Call) (dialplan.Value, error) {
		name, value, _ := strings.Cut(c.Args, "=")
		vars[name] = value
		return dialplan.Value{Text: value}, nil
	}
	exists := func(_ context.Context, c *dialplan.Call) (dialplan.Value, error) {
		value, found := s.entry(c.Args)
		if !found {
			return dialplan.Value{Text: "0"}, nil
		}
		vars["DB_RESULT"] = value
		return dialplan.Value{Text: "1"}, nil
	}
	lookup := func(_ context.Context, name string) (dialplan.Value, bool, error) {
		text, ok := vars[name]
		return dialplan.Value{Text: text}, ok, nil
	}
	ask := func(_ context.Context, call string) (string, error) { return s.function(call), nil }
	value, err := dialplan.Parse("", strings.TrimSuffix(text, ")")).Expand(context.Background(), &dialplan.Env{
		Lookup: lookup, Ask: ask, Funcs: map[string]dialplan.Func{"SET": set, "DB_EXISTS": exists},
	})
	if err != nil {
		return ""
	}
	return value
}

func (s *Session) function(call string) string {
	if f := s.server.o.Function; f != nil {
		return f(call)
	}
	return ""
}

// entry returns an entry of the database.
func (s *Session) entry(name string) (value string, found bool) {
	if value, found = s.server.Entries()[name]; found {
		return value, true
	}
	if s.server.o.Database == nil {
		value = s.function("DB(" + name + ")")
		return value, value != ""
	}
	value, found = s.server.o.Database[name]
	return value, found
}

// dbGet answers with an entry of the database.
func (s *Session) dbGet(action Message) {
	value, found := s.entry(action["Family"] + "/" + action["Key"])
	if !found {
		s.fail(action, "Database entry not found")
		return
	}
	s.answer(action, "Success", "EventList", "start", "Message", "Result will follow")
	s.Send("Event", "DBGetResponse", "Family", action["Family"], "Key", action["Key"], "Val", value, "ActionID", action["ActionID"])
	s.complete(action, "DBGetComplete", 1)
}

// Entries are what was put into the database with DBPut, by "family/key".
func (v *Server) Entries() map[string]string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return maps.Clone(v.database)
}

func (v *Server) putEntry(name, value string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.database[name] = value
}

// deleteEntries deletes the entry of a name, or where that ends in "/" all that begin so.
func (v *Server) deleteEntries(name string) (deleted int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for key := range v.database {
		if key == name || strings.HasSuffix(name, "/") && strings.HasPrefix(key, name) {
			delete(v.database, key)
			deleted++
		}
	}
	return deleted
}
