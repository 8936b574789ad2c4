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

// ErrClosed is the error of a connection that we closed.
var ErrClosed = errors.New("the connection to asterisk is closed")

// errGone is the error of a connection that Asterisk, or something on the way, closed.
var errGone = errors.New("asterisk closed the connection")

// errHalf is the same, in the middle of a message.
var errHalf = errors.New("asterisk closed the connection in the middle of a message")

// LoginError says that Asterisk refused the account.
type LoginError struct {
	User    string
	Message string // in Asterisk's words: "Authentication failed"
}

func (e *LoginError) Error() string {
	return fmt.Sprintf("asterisk refused the login of user %q: %s", e.User, e.Message)
}

// ActionError says that Asterisk answered an action with an error.
type ActionError struct {
	Action  string
	User    string
	Message string // in Asterisk's words
}

func (e *ActionError) Error() string {
	if e.Denied() {
		return fmt.Sprintf("asterisk does not permit %s to user %q: see its write= in manager.conf", e.Action, e.User)
	}
	return fmt.Sprintf("asterisk answered %s: %s", e.Action, e.Message)
}

// Denied reports that the account lacks a right that the action needs.
func (e *ActionError) Denied() bool { return e.Message == "Permission denied" }

// Unknown reports that the module with the action is not loaded.
func (e *ActionError) Unknown() bool { return strings.HasPrefix(e.Message, "Invalid/unknown command") }

// Empty reports that the list has no entries: "No Contacts found".
func (e *ActionError) Empty() bool {
	return strings.HasPrefix(e.Message, "No ") && strings.HasSuffix(e.Message, " found")
}

// LateError returns the error of something that Asterisk did not do before the context ended.
func LateError(what string, ctx context.Context) error {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return fmt.Errorf("%s: asterisk did not answer in time: %w", what, ctx.Err())
	}
	return fmt.Errorf("%s: %w", what, ctx.Err())
}

// PlainError removes from an error what differs each time, such as a local port, so that the same failure is logged once.
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

// ErrBooting says that Asterisk is connected but has not said that all its modules are loaded.
var ErrBooting = errors.New("asterisk has not said yet that it is fully booted")
