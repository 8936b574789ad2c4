package device

import (
	"slices"
	"strings"
)

// Vendors returns the vendors that ParseUserAgent knows.
func Vendors() (list []string) {
	for _, ua := range userAgents {
		if !slices.Contains(list, ua.vendor) {
			list = append(list, ua.vendor)
		}
	}
	return list
}

// KnownVendor reports whether a name is one of Vendors, in any case.
func KnownVendor(name string) bool {
	return slices.ContainsFunc(Vendors(), func(v string) bool { return strings.EqualFold(v, name) })
}
