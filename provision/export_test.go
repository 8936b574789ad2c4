package provision

// Limits for the reference, see reference_test.go.
const (
	MaxAsked      = maxAsked
	MaxAskedBytes = maxAskedBytes
	MaxPasses     = maxPasses
	MaxTemplate   = maxTemplate
)
