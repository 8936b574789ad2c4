package dialplan

import (
	"cmp"
	"context"
	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
	"slices"
	"strings"
)

// bytesOfKey are what to read a key, or to compare two, counts for.
const bytesOfKey = 64

// sortKeys is SORT(key:value,...): the keys in the order of their values, which are
// C floats. Keys of equal values stay in their order; what has no colon is left out.
// The list is taken apart at every comma, within quotes and parentheses too.
func sortKeys(ctx context.Context, c *Call) (string, error) {
	if !c.given() {
		return "", nil
	}
	type entry struct {
		key   string
		value float64
	}
	var list []entry
	for item := range strings.SplitSeq(c.Args, ",") {
		if err := c.ex.run.spend(ctx, bytesOfKey); err != nil {
			return "", err
		}
		if key, text, ok := strings.Cut(item, ":"); ok {
			value, _ := cnum.ScanFloat(text, 32)
			list = append(list, entry{key, value})
		}
	}
	var late error
	slices.SortStableFunc(list, func(a, b entry) int {
		if late == nil {
			late = c.ex.run.spend(ctx, bytesOfKey)
		}
		if late != nil {
			return 0 // in order: that is soon over
		}
		return cmp.Compare(a.value, b.value)
	})
	if late != nil {
		return "", late
	}
	keys := make([]string, len(list))
	for i, e := range list {
		keys[i] = e.key
	}
	return strings.Join(keys, ","), nil
}
