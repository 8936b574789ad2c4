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
	args := c.SplitText(math.MaxInt)
	option := strings.TrimSpace(c.Plain(args[0]))
	if option == "" {
		c.Diag("PP_USER needs an option")
		return dialplan.Value{}, nil
	}
	if value := s.line.option(option); value != "" {
		return c.Value(s.hide(option, value)), nil
	}
	return dialplan.Value{Text: strings.Join(args[1:], ",")}, nil
}
