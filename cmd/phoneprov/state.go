package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/phoneprov/phoneprov/provision/ledger/store"
)

func setupState(cl *call) func(context.Context) error {
	config := configFlag(cl)
	return func(context.Context) (err error) {
		if len(cl.args) != 1 || cl.args[0] != "export" && cl.args[0] != "import" {
			fmt.Fprintln(cl.stderr, `phoneprov state: want "export", which writes to stdout, or "import", which reads from stdin`)
			return errUsage
		}
		s, err := cl.settings(*config)
		if err != nil {
			return err
		}
		if s.stateDir == "" {
			return errors.New("state.dir is empty: nothing is kept")
		}
		if cl.args[0] == "export" && !store.Exists(s.stateDir) {
			return fmt.Errorf("state.dir: %s has no %s", s.stateDir, store.FileName)
		}
		db, err := store.Open(s.stateDir, store.Options{Note: func(text string) { fmt.Fprintln(cl.stderr, "phoneprov state: "+text) }})
		if err != nil {
			return fmt.Errorf("%w; serve must not run at the same time", err)
		}
		defer func() { err = errors.Join(err, db.Close()) }()
		if cl.args[0] == "export" {
			return db.Export(cl.stdout)
		}
		n, err := db.Import(cl.stdin)
		if err == nil {
			fmt.Fprintf(cl.stderr, "phoneprov state: %d phones are taken in\n", n)
		}
		return err
	}
}
