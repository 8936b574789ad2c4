package amisync

import (
	"context"
	"errors"
	"fmt"

	"github.com/phoneprov/phoneprov/provision"
)

// rightsTried are the rights of manager.conf that reading the configuration does not show the want of, with an action that
// needs each.
var rightsTried = []struct {
	action string
	ask    message
	lacks  provision.Diagnostic
}{
	{"Getvar", message{"Variable": "LEN(x)"}, provision.Diagnostic{Severity: provision.Error,
		Message: "lacks write = reporting: a file that needs a function of Asterisk is a 503"}},
	{"Command", message{"Command": "core show function LEN"}, provision.Diagnostic{Severity: provision.Info,
		Message: "has no write = command, which is not needed: but then nobody can tell an unknown function from one without a value"}},
}

// Rights reports the rights that the account of the manager interface lacks, and why it could not be tried. It connects
// for that. Whether it has read = call, for the states of phones, only an event could show.
func (s *Service) Rights(ctx context.Context) (found []provision.Diagnostic) {
	if s.link == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, s.o.Timing.Connect)
	defer cancel()
	c, err := connect(ctx, s.link.target, nil)
	if err != nil {
		return []provision.Diagnostic{{Severity: provision.Warning, Message: fmt.Sprintf("manager interface %s: %v", s.o.Address, err)}}
	}
	defer c.close()
	account := fmt.Sprintf("the account %q of manager.conf ", s.o.Username)
	if booted, err := c.awaitBoot(ctx, onceBoot); err == nil && !booted {
		found = append(found, provision.Diagnostic{Severity: provision.Warning,
			Message: account + "lacks read = system, or Asterisk is starting: without it no reload is noticed"})
	}
	for _, r := range rightsTried {
		_, err := c.do(ctx, r.action, r.ask)
		var refused *ActionError
		if errors.As(err, &refused) && refused.denied() {
			r.lacks.Message = account + r.lacks.Message
			found = append(found, r.lacks)
		}
	}
	return found
}
