package dialplan

import (
	"cmp"
	"context"
	"slices"
	"strings"
)

// sortKeys is SORT(key:value,...): the keys in the order of their values, which are
// C floats. Keys of equal values stay in their order; what has no colon is left out.
// The list is taken apart at every comma, within quotes and parentheses too.
func sortKeys(_ context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	type entry struct {
		key   string
		value float64
	}
	var list []entry
	for item := range strings.SplitSeq(c.Args, ",") {
		if key, text, ok := strings.Cut(item, ":"); ok {
			value, _ := scanReal(text, 32)
			list = append(list, entry{key, value})
		}
	}
	slices.SortStableFunc(list, func(a, b entry) int { return cmp.Compare(a.value, b.value) })
	keys := make([]string, len(list))
	for i, e := range list {
		keys[i] = e.key
	}
	return strings.Join(keys, ","), nil
}
