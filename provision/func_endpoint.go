package provision

import (
	"context"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// endpointOption is PP_ENDPOINT(option).
func (s *scope) endpointOption(_ context.Context, c *dialplan.Call) (dialplan.Value, error) {
	option := strings.TrimSpace(c.Plain(c.Args))
	if option == "" {
		c.Diag("PP_ENDPOINT needs an option")
		return dialplan.Value{}, nil
	}
	if s.line.endpoint == nil {
		c.Diag("PP_ENDPOINT: the line has no PJSIP endpoint")
		return dialplan.Value{}, nil
	}
	return c.Value(s.hide(option, s.line.endpoint.Get(option))), nil
}
