package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/phoneprov/phoneprov/httpapi/admin"
)

// setupConfirm asks the running service, because only it knows what it holds.
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
		var answer struct{ Applied admin.Held }
		if err := c.do(ctx, http.MethodPost, "/api/v1/confirm", body, &answer); err != nil {
			return err
		}
		held := answer.Applied
		_, err = fmt.Fprintf(cl.stdout, "confirmed: the configuration is read again now, and may take away %d of %s\n", held.Lost, count(held.Before, "phone"))
		return err
	}
}
