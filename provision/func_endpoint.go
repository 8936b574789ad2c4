package provision

import (
	"context"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// endpointOption is PP_ENDPOINT(option[,default]). A line without an endpoint gets the default, and a diagnostic if there is
// no default.
func (s *scope) endpointOption(_ context.Context, c *dialplan.Call) (dialplan.Value, error) {
	return s.optionOrDefault(c, func(option string, hasDefault bool) string {
		if s.line.endpoint == nil {
			if !hasDefault {
				c.Diag("PP_ENDPOINT: the line has no PJSIP endpoint")
			}
			return ""
		}
		return s.line.endpoint.Get(option)
	})
}
