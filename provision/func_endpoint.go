package provision

import (
	"context"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// endpointOption implements PP_ENDPOINT(option[,default]). A line without an endpoint returns the default; without a
// default it also adds a diagnostic.
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
