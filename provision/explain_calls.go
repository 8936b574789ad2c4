package provision

import (
	"fmt"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// AnsweredCall is a function call that Asterisk has answered.
type AnsweredCall struct {
	Pos      astconf.Pos // position of the first such call
	Call     string      // FUNC(args)
	Function string      // name of the function; or what Question.Function says if the template does not spell it
	Value    string
	Took     time.Duration
	Err      error // why there is no value
	Secret   bool  // hide Call and Value by default
	Masked   bool  // hide Value by default
}

// maxShown is how many bytes of a value Text shows. They must fit a line of a terminal.
const maxShown = 120

// Text returns `FUNC(args) = "value" (3ms)`. If secrets is false, it shows only the name of a secret call.
func (a AnsweredCall) Text(secrets bool) string {
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

// answeredCalls returns the calls that a rendering has made.
func (h *hidden) answeredCalls(b *asteriskCalls) []AnsweredCall {
	var list []AnsweredCall
	for _, c := range b.finished() {
		list = append(list, AnsweredCall{
			Pos: positionOf(c.Template, c.Line), Call: c.Call, Function: c.Function, Value: c.value,
			Took: c.took, Err: c.err, Secret: h.covers(c.Question, c.value), Masked: c.value != "" && mayBeSecret(c.Call),
		})
	}
	return list
}
