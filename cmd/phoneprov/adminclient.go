package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision"
)

// maxAnswer bounds, in bytes, the answer that a command reads: a page of 1,000 phones has some 2 MB.
const maxAnswer = 64 << 20

// adminClient sends requests to the running service at its admin address, with the first token of admin.token_file.
type adminClient struct {
	base  string
	token provision.Secret // empty: none
	http  http.Client
}

func newAdminClient(s *settings) (*adminClient, error) {
	if s.adminListen == "" {
		return nil, errors.New("admin.listen is empty: there is nobody to ask")
	}
	transport, err := s.adminTransport()
	if err != nil {
		return nil, err
	}
	c := &adminClient{base: s.adminURL(s.adminListen), http: http.Client{Transport: transport}}
	if s.adminTokens != "" {
		if c.token, err = httpauth.Token(s.adminTokens); err != nil {
			return nil, fmt.Errorf("admin.token_file: %w", err)
		}
	}
	return c, nil
}

// errSignIn means that the service wants a token and the settings have none.
var errSignIn = errors.New("the service wants a token: set admin.token_file, for the service and here")

// get decodes the answer to a GET of a path into a value.
func (c *adminClient) get(ctx context.Context, path string, into any) error {
	return c.do(ctx, http.MethodGet, path, nil, into)
}

// do sends a request and decodes the JSON answer into a value. A problem becomes an error with its detail. A nil body
// means no body.
func (c *adminClient) do(ctx context.Context, method, path string, body []byte, into any) error {
	resp, err := c.send(ctx, method, path, body)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if err != nil {
		return err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		var problem struct{ Title, Detail string }
		switch err := json.Unmarshal(text, &problem); {
		case resp.StatusCode == http.StatusUnauthorized:
			return errSignIn
		case err != nil || problem.Title == "":
			return fmt.Errorf("%s: %s: not an answer of phoneprov", c.base+path, resp.Status)
		case problem.Detail == "":
			return errors.New(problem.Title)
		}
		return errors.New(problem.Detail)
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: not an answer of phoneprov", c.base+path)
	}
	return nil
}

// send sends a request. The caller closes the answer's body.
func (c *adminClient) send(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		req.Header.Set("Authorization", "Bearer "+c.token.Reveal())
	}
	return c.http.Do(req)
}
