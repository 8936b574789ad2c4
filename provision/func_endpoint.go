package provision

import (
	"context"
	"math"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// endpointOption implements PP_ENDPOINT(option[,default]). A line without an endpoint returns the default; without a
// default it also adds a diagnostic.
func (s *scope) endpointOption(_ context.Context, c *dialplan.Call) (dialplan.Value, error) {
	args := c.SplitText(math.MaxInt)
	option := strings.TrimSpace(c.Plain(args[0]))
	if option == "" {
		c.Diag("PP_ENDPOINT needs an option")
		return dialplan.Value{}, nil
	}
	if s.line.endpoint == nil && len(args) == 1 {
		c.Diag("PP_ENDPOINT: the line has no PJSIP endpoint")
	}
	if s.line.endpoint != nil {
		if value := s.line.endpoint.Get(option); value != "" {
			return c.Value(s.hide(option, value)), nil
		}
	}
	return dialplan.Value{Text: strings.Join(args[1:], ",")}, nil
}
