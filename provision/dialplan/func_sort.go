package dialplan

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan/cnum"
)

// bytesOfKey is how many bytes of work it counts to read a key, or to compare two.
const bytesOfKey = 64

// sortKeys is SORT(key:value,...): the keys in the order of their values, which are C floats. Keys with equal values
// keep their order. A key without a colon is dropped. Every comma separates, within quotes and parentheses too.
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
			return 0 // an error: returning 0 ends the sorting soon
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
