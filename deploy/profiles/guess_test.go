package profiles

import (
	"testing"

	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/phoneconf"
)

// Every make that a MAC or a User-Agent tells has a profile here, and each profile that is guessed is shipped.
func TestGuessedProfiles(t *testing.T) {
	for _, vendor := range device.Vendors() {
		ready := phoneconf.ReadyMade(vendor, "")
		if len(ready) == 0 {
			t.Errorf("%s: no profile is guessed", vendor)
		}
		for _, name := range ready {
			if _, err := Find(name); err != nil {
				t.Errorf("%s: %v", vendor, err)
			}
		}
	}
}
