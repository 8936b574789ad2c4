package ami

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
)

// ErrClosed: the connection was closed by us.
var ErrClosed = errors.New("the connection to asterisk is closed")

// errGone: Asterisk closed the connection, or something on the way did.
var errGone = errors.New("asterisk closed the connection")

// errHalf: the same, in the middle of an answer.
var errHalf = errors.New("asterisk closed the connection in the middle of a message")

// LoginError says that Asterisk was reached and refused the account.
type LoginError struct {
	User    string
	Message string // as Asterisk put it: "Authentication failed"
}

func (e *LoginError) Error() string {
	return fmt.Sprintf("asterisk refused the login of user %q: %s", e.User, e.Message)
}

// ActionError says that Asterisk answered an action with an error.
type ActionError struct {
	Action  string
	User    string
	Message string // as Asterisk put it
}

func (e *ActionError) Error() string {
	if e.Denied() {
		return fmt.Sprintf("asterisk does not permit %s to user %q: see its write= in manager.conf", e.Action, e.User)
	}
	return fmt.Sprintf("asterisk answered %s: %s", e.Action, e.Message)
}

func (e *ActionError) Denied() bool { return e.Message == "Permission denied" }

// Unknown reports an action of a module that is not loaded.
func (e *ActionError) Unknown() bool { return strings.HasPrefix(e.Message, "Invalid/unknown command") }

// Empty reports a list that has no entries: "No Contacts found".
func (e *ActionError) Empty() bool {
	return strings.HasPrefix(e.Message, "No ") && strings.HasSuffix(e.Message, " found")
}

// LateError says what Asterisk did not do before the context ended.
func LateError(what string, ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s: asterisk did not answer in time: %w", what, ctx.Err())
	}
	return fmt.Errorf("%s: %w", what, ctx.Err())
}

// PlainError drops what differs from one failure to the next, a local port say: the same failure is logged once only.
func PlainError(err error) error {
	var op *net.OpError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF):
		return errHalf
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return errGone
	case errors.As(err, &op) && op.Op != "dial":
		return fmt.Errorf("%s: %w", op.Op, op.Err)
	}
	return err
}

// ErrBooting: connected to an Asterisk that has not said that all its modules are loaded.
var ErrBooting = errors.New("asterisk has not said yet that it is fully booted")
