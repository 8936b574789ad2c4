package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

func setupCheck(cl *call) func(context.Context) error {
	config := configFlag(cl)
	server := serverFlag(cl)
	return func(ctx context.Context) error {
		o, err := openOnce(ctx, *config, cl)
		if broken, ok := errors.AsType[*astconf.Error](err); ok { // as Asterisk does, nothing of it is loaded
			fmt.Fprintln(cl.stdout, provision.Diagnostic{Pos: broken.Pos, Severity: provision.Error, Message: broken.Reason})
			return errFailed
		}
		if err != nil {
			return err
		}
		defer o.close()
		found := append(o.diagnostics, provision.Check(ctx, o.snapshot, o.renderer, o.request(*server))...)
		counts := map[provision.Severity]int{}
		out := errWriter{w: cl.stdout}
		for _, d := range found {
			counts[d.Severity]++
			out.printf("%s\n", d)
		}
		if out.err != nil {
			return out.err
		}
		have := o.snapshot.Counts()
		fmt.Fprintf(cl.stderr, "%d phones, %d lines, %d files: %d errors, %d warnings\n", have.Phones, have.Lines, have.Routes,
			counts[provision.Error], counts[provision.Warning])
		if counts[provision.Error] > 0 {
			return errFailed
		}
		return nil
	}
}
