package provision

import (
	"context"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// userOption is PP_USER(option[,default]): an option of the line's section that is set to something, else of [general] of
// its file, as other modules of Asterisk read them.
func (s *scope) userOption(_ context.Context, c *dialplan.Call) (dialplan.Value, error) {
	args := splitArguments(c.Args, c.Plain(c.Args))
	option := strings.TrimSpace(c.Plain(args[0]))
	if option == "" {
		c.Diag("PP_USER needs an option")
		return dialplan.Value{}, nil
	}
	if value := s.line.option(option); value != "" {
		return c.Value(value), nil
	}
	return dialplan.Value{Text: strings.Join(args[1:], ",")}, nil
}
