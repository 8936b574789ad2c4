package admin

import (
	"context"
	"net/http"

	"github.com/phoneprov/phoneprov/provision"
)

// Variables are the variables that the templates of a phone see.
type Variables struct {
	File  string          `json:"file"`            // the file that they are shown for; empty: the phone has no rendered file
	Lines []LineVariables `json:"lines"`           // the lowest line first: a file sees its variables
	Error string          `json:"error,omitempty"` // why the file cannot be rendered
}

// LineVariables are the variables of one line of a phone, in the order in which they are looked up.
type LineVariables struct {
	Section string     `json:"section"` // name of the section in the configuration
	Number  string     `json:"number"`  // the variable LINE
	Items   []Variable `json:"variables"`
}

// Variable is one variable.
type Variable struct {
	Name   string `json:"name"`
	Value  string `json:"value"` // "<secret>" if it is one
	Secret bool   `json:"secret"`
	Origin string `json:"origin"` // "users.conf:12", or another origin
}

// variables answers with every variable of a phone, its value and its origin.
func (a *API) variables(w http.ResponseWriter, r *http.Request) error {
	if _, err := parameters(r); err != nil {
		return err
	}
	vars, err := a.VariablesOf(r.Context(), r.PathValue("mac"), false)
	if err != nil {
		return err
	}
	return answer(w, r, http.StatusOK, vars)
}

// VariablesOf returns the variables of a phone for its first rendered file. All of its files have the same. Secrets are
// masked unless secrets is true.
func (a *API) VariablesOf(ctx context.Context, mac string, secrets bool) (Variables, error) {
	vars := Variables{Lines: []LineVariables{}}
	phone, ok := a.Ledger.Phone(mac)
	if !ok {
		return vars, ErrNoPhone
	}
	snapshot := a.Store.Load()
	if snapshot == nil {
		return vars, errNotRead
	}
	of := snapshot.Phone(phone.ID)
	if of == nil {
		return vars, &apiError{http.StatusNotFound, "the phone is not in the configuration any more"}
	}
	for _, rt := range snapshot.PhoneRoutes(of) {
		if rt.Owner != of || rt.Static() {
			continue
		}
		ctx, cancel := context.WithTimeout(ctx, provision.RenderTimeout)
		defer cancel()
		x := a.Renderer.Explain(ctx, snapshot, rt, a.asFor(phone, rt.URI))
		vars.File = rt.URI
		if x.Err != nil {
			vars.Error = x.Err.Error()
		}
		for _, l := range x.Lines {
			line := LineVariables{Section: l.Section, Number: l.Number, Items: []Variable{}}
			for _, v := range l.Variables {
				if v.Secret && !secrets {
					v.Value = provision.Secret(v.Value).String()
				}
				line.Items = append(line.Items, Variable(v))
			}
			vars.Lines = append(vars.Lines, line)
		}
		break
	}
	return vars, nil
}
