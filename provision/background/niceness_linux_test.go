package background

import (
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// A function runs at low priority, and the goroutine that calls AtLowPriority keeps its own.
func TestNiceness(t *testing.T) {
	before, during := testkit.Niceness(t), 0
	AtLowPriority(func() { during = testkit.Niceness(t) })
	if after := testkit.Niceness(t); during != Niceness || after != before {
		t.Errorf("%d before, %d during, %d afterwards", before, during, after)
	}
}
