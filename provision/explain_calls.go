package provision

import (
	"fmt"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Asked is a function call that went to Asterisk.
type Asked struct {
	Pos      astconf.Pos // where the first of its kind stands
	Call     string      // FUNC(args)
	Function string      // its name, or what stands for one that is not written there
	Value    string
	Took     time.Duration
	Err      error // why there is no value
	Secret   bool  // Call and Value must not be shown unasked
	Masked   bool  // Value must not
}

// maxShown is how many bytes of a value Text shows: it is for one line of a terminal.
const maxShown = 120

// Text is `FUNC(args) = "value" (3ms)`. Without secrets one that is secret shows its name only.
func (a Asked) Text(secrets bool) string {
	call, value := a.Call, a.Value
	if len(value) > maxShown {
		value = value[:maxShown] + "…"
	}
	if a.Secret && !secrets {
		call, value = a.Function+"("+masked+")", masked
	}
	if a.Masked && !secrets {
		value = masked
	}
	took := a.Took.Round(100 * time.Microsecond)
	if a.Err != nil {
		return fmt.Sprintf("%q: %v (%v)", call, a.Err, took)
	}
	return fmt.Sprintf("%q = %q (%v)", call, value, took)
}

// listAsked is what an asking has asked, for those who show it.
func (h *hidden) listAsked(b *asking) []Asked {
	var list []Asked
	for _, c := range b.ended() {
		list = append(list, Asked{
			Pos: placeOf(c.Template, c.Line), Call: c.Call, Function: c.Function, Value: c.value,
			Took: c.took, Err: c.err, Secret: h.covers(c.Question, c.value), Masked: c.value != "" && mayBeSecret(c.Call),
		})
	}
	return list
}
