package provision

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// PanicError is the error that a recovered panic becomes, with the stack for the log. The runtime's own errors are of
// types, numbers and addresses; any other value can have a password in it, and only its type is told. A stack has
// addresses and no texts.
func PanicError(v any) error {
	what := fmt.Sprintf("a %T", v)
	if err, ok := v.(runtime.Error); ok {
		what = err.Error()
	}
	return fmt.Errorf("panic: %s\n%s", what, debug.Stack())
}
