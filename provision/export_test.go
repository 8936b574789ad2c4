package provision

import "github.com/phoneprov/phoneprov/provision/datadir"

// Limits for the reference, see reference_test.go.
const (
	MaxAsked      = maxAsked
	MaxAskedBytes = maxAskedBytes
	MaxPasses     = maxPasses
	MaxTemplate   = datadir.MaxTemplate
)
