package main

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/phoneprov/phoneprov/provision"
)

// setupConfirm returns the command confirm. It asks the running service, because only the service knows what it holds.
func setupConfirm(cl *call) func(context.Context) error {
	config := configFlag(cl)
	return func(ctx context.Context) error {
		s, err := cl.settings(*config)
		if err != nil {
			return err
		}
		if s.adminListen == "" {
			return errors.New("admin.listen is empty: the service cannot be told; type \"phoneprov confirm\" at the Asterisk CLI")
		}
		c, err := newAdminClient(s)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, healthTimeout)
		defer cancel()
		id := "" // whatever is held
		if len(cl.args) > 0 {
			id = cl.args[0]
		}
		body, err := json.Marshal(map[string]string{"held": id})
		if err != nil {
			return err
		}
		var answer struct {
			Applied provision.Held
			All     []provision.Held
		}
		if err := c.do(ctx, http.MethodPost, "/api/v1/confirm", body, &answer); err != nil {
			return err
		}
		if len(answer.All) == 0 {
			answer.All = []provision.Held{answer.Applied}
		}
		out := errWriter{w: cl.stdout}
		for _, held := range answer.All {
			out.printf("%sconfirmed: the configuration is read again now, and may take away %d of %s\n", prefixOf(held.PBX), held.Lost, count(held.Before, "phone"))
		}
		return out.err
	}
}
