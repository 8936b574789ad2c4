package provision

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// PanicError returns the error for a recovered panic, with the stack for the log. It quotes errors of the runtime,
// which have types, numbers and addresses only. Any other value may contain a password, so it tells only the type. A
// stack has addresses and no texts.
func PanicError(v any) error {
	what := fmt.Sprintf("a %T", v)
	if err, ok := v.(runtime.Error); ok {
		what = err.Error()
	}
	return fmt.Errorf("panic: %s\n%s", what, debug.Stack())
}
