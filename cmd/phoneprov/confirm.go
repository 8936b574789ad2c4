package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/phoneprov/phoneprov/httpapi"
)

// setupConfirm asks the running service, which alone knows what it holds.
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
		id := ""
		if len(cl.args) > 0 {
			id = cl.args[0]
		}
		ctx, cancel := context.WithTimeout(ctx, healthTimeout)
		defer cancel()
		held, err := askConfirm(ctx, "http://"+reachable(s.adminListen)+httpapi.ConfirmPath, id)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(cl.stdout, "confirmed: the configuration is read again now, and may take away %d of %s\n", held.Lost, count(held.Before, "phone"))
		return err
	}
}

// askConfirm confirms what is held: the change of an ID, or where that is empty whichever it is.
func askConfirm(ctx context.Context, url, id string) (held httpapi.Held, err error) {
	body, err := json.Marshal(map[string]string{"held": id})
	if err != nil {
		return held, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return held, err
	}
	req.Header.Set("Content-Type", "application/json")
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	resp, err := client.Do(req)
	if err != nil {
		return held, err
	}
	defer resp.Body.Close()
	var answer struct {
		Detail  string
		Applied httpapi.Held
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&answer); err != nil {
		return held, fmt.Errorf("%s: %s: not an answer of phoneprov", url, resp.Status)
	}
	if resp.StatusCode != http.StatusOK {
		return held, errors.New(answer.Detail)
	}
	return answer.Applied, nil
}
