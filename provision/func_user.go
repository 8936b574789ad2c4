package provision

import (
	"context"
	"math"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// userOption is PP_USER(option[,default]). It returns an option of the line's section if that is not empty, else the
// option of [general] of the same file, as other modules of Asterisk do.
func (s *scope) userOption(_ context.Context, c *dialplan.Call) (dialplan.Value, error) {
	return s.optionOrDefault(c, func(option string, _ bool) string { return s.line.option(option) })
}

// optionOrDefault returns the value of the option that a call names, and the default of the call if the value is empty.
// value is called with the option's name, and with whether the call has a default.
func (s *scope) optionOrDefault(c *dialplan.Call, value func(option string, hasDefault bool) string) (dialplan.Value, error) {
	args := c.SplitText(math.MaxInt)
	option := strings.TrimSpace(c.Plain(args[0]))
	if option == "" {
		c.Diag("%s needs an option", c.Name)
		return dialplan.Value{}, nil
	}
	if v := value(option, len(args) > 1); v != "" {
		return c.Value(s.hide(option, v)), nil
	}
	return dialplan.Value{Text: strings.Join(args[1:], ",")}, nil
}
