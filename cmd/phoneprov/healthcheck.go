package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"time"

	"github.com/phoneprov/phoneprov/provision"
)

// healthTimeout is shorter than Docker's timeout of a health check.
const healthTimeout = 5 * time.Second

// setupHealthcheck sets the command up that asks /readyz. It does not ask /healthz, because a container that has
// nothing to serve yet should not get requests.
func setupHealthcheck(cl *call) func(context.Context) error {
	config := configFlag(cl)
	return func(ctx context.Context) error {
		s, err := cl.settings(*config)
		if err != nil {
			return err
		}
		c, err := newAdminClient(s)
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, healthTimeout)
		defer cancel()
		line, err := c.ready(ctx)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(cl.stdout, line)
		return err
	}
}

// errNotReady says that the service runs and has nothing to serve.
var errNotReady = errors.New("not ready")

// ready returns the service's report if it is ready, else an error. If the service wants a password, ready only checks
// that it runs.
func (c *adminClient) ready(ctx context.Context) (string, error) {
	resp, err := c.send(ctx, http.MethodGet, "/readyz", nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusUnauthorized {
		return c.alive(ctx)
	}
	var body struct {
		Phones, Routes int
		Generation     uint64
		LastError      string `json:"last_error"`
		Source         string
		SavedAt        *time.Time `json:"saved_at"`
		Held           *provision.Held
		PBXs           []struct {
			Name string
			Read bool
		}
	}
	if err := json.NewDecoder(io.LimitReader(resp.Body, 1<<20)).Decode(&body); err != nil {
		return "", fmt.Errorf("%s: %s: not an answer of phoneprov", c.base+"/readyz", resp.Status)
	}
	if resp.StatusCode != http.StatusOK {
		if body.LastError == "" {
			body.LastError = "nothing was read from Asterisk yet"
		}
		return "", fmt.Errorf("%w: %s", errNotReady, body.LastError)
	}
	line := fmt.Sprintf("ready: %s, %s, generation %d", count(body.Phones, "phone"), count(body.Routes, "file"), body.Generation)
	if body.SavedAt != nil {
		line += fmt.Sprintf(", source: %s, of %s", body.Source, body.SavedAt.Format(time.RFC3339))
	}
	for _, pbx := range body.PBXs {
		if !pbx.Read {
			line += "; not read yet: " + pbx.Name
		}
	}
	if body.Held != nil {
		line += "; held: " + body.Held.Reason
	}
	return line, nil
}

// alive returns a text that the service runs. Only a client that signs in learns whether it is ready.
func (c *adminClient) alive(ctx context.Context) (string, error) {
	if c.token != "" {
		return "", errors.New("the service does not take the token of admin.token_file")
	}
	resp, err := c.send(ctx, http.MethodGet, "/healthz", nil)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("%s: %s", c.base+"/healthz", resp.Status)
	}
	return "running; whether it is ready is told to those who sign in: set admin.token_file", nil
}

// count returns a number with its noun: "1 phone", "2 phones".
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// reachable returns an address by which this host reaches a listener: a listener on all addresses is on loopback too.
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	addr, err := netip.ParseAddr(host)
	switch {
	case host == "", err == nil && addr.IsUnspecified() && addr.Is4():
		host = "127.0.0.1"
	case err == nil && addr.IsUnspecified():
		host = "::1"
	}
	return net.JoinHostPort(host, port)
}
