package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/filediff"
)

const (
	// compareTimeout bounds the fetch of one file. Asterisk renders 5,000 phones' directories in some seconds.
	compareTimeout = time.Minute
	// maxCompared bounds a file in bytes: firmware has up to 100 MB.
	maxCompared = 256 << 20
)

// setupCompare returns the command compare. It fetches each file that phoneprov would serve from a running
// res_phoneprov, and shows what differs and why.
func setupCompare(cl *call) func(context.Context) error {
	config := configFlag(cl)
	server := cl.flags.String("server", "", "the `address` by which phones reach the PBX, for ${SERVER} where the configuration has none (default that of URL)")
	pbxName := pbxFlag(cl)
	unexplained := cl.flags.Bool("unexplained", false, "print and count only what differs for no known purpose")
	return func(ctx context.Context) error {
		if len(cl.args) == 0 {
			fmt.Fprintln(cl.stderr, "phoneprov compare: want the URL of a running res_phoneprov: http://127.0.0.1:8088/phoneprov")
			return errUsage
		}
		c, err := openCompare(ctx, *config, *pbxName, cl, *server)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		defer c.now.close()
		c.unexplainedOnly = *unexplained
		if err := c.run(ctx); err != nil {
			return &exitError{exitUsage, err}
		}
		if c.unknown > 0 || c.purposes > 0 && !*unexplained {
			return errDifferent
		}
		return nil
	}
}

// comparer compares the files of a server with ours.
type comparer struct {
	*call
	now     *oneShot
	base    *url.URL
	client  *http.Client
	request provision.Request
	masker  *provision.TextMasker
	causes  []cause
	plain   *provision.Renderer

	unexplainedOnly         bool
	same, purposes, unknown int // numbers of files
}

// answer is one server's answer for a file.
type answer struct {
	status     int
	mime, body string
	masked     string // the body without secrets
	err        error  // of a rendering of ours
}

func openCompare(ctx context.Context, config, pbxName string, cl *call, server string) (*comparer, error) {
	base, err := url.Parse(cl.args[0])
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" || base.RawQuery != "" {
		return nil, fmt.Errorf("%q is not the URL of a res_phoneprov: want http://127.0.0.1:8088/phoneprov", cl.args[0])
	}
	if base.Path = strings.TrimRight(base.Path, "/"); base.Path == "" {
		base.Path = "/phoneprov" // Asterisk's own, which nothing but [general] prefix of http.conf changes
	}
	s, err := cl.settings(config)
	if err != nil {
		return nil, err
	}
	if s, err = s.only(pbxName); err != nil {
		return nil, err
	}
	now, err := openOneShotOf(ctx, s)
	if err != nil {
		return nil, err
	}
	c := &comparer{call: cl, now: now, base: base, client: &http.Client{
		Timeout: compareTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	if server == "" {
		if server, err = c.reached(ctx); err != nil {
			now.close()
			return nil, err
		}
	}
	c.request = now.request(server)
	c.masker = provision.NewTextMasker(now.config(), now.snapshot)
	c.causes, c.plain = c.newCauses(ctx), c.newPlain()
	return c, nil
}

// reached returns the address that URL leads to, which res_phoneprov has as SERVER.
func (c *comparer) reached(ctx context.Context) (string, error) {
	host := c.base.Hostname()
	trace := &httptrace.ClientTrace{GotConn: func(info httptrace.GotConnInfo) {
		if h, _, err := net.SplitHostPort(info.Conn.RemoteAddr().String()); err == nil {
			host = h
		}
	}}
	resp, err := c.get(httptrace.WithClientTrace(ctx, trace), "")
	if err != nil {
		return "", err
	}
	return host, resp.Body.Close()
}

func (c *comparer) get(ctx context.Context, uri string) (*http.Response, error) {
	u := *c.base
	u.Path += "/" + uri
	u.RawPath = strings.ReplaceAll(u.EscapedPath(), "+", "%2B")
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, err
	}
	return c.client.Do(r)
}

// run compares all files.
func (c *comparer) run(ctx context.Context) error {
	for _, route := range c.now.snapshot.Routes() {
		theirs, err := c.fetch(ctx, route.URI)
		if err != nil {
			return err
		}
		ours := c.render(ctx, c.now.renderer, c.now.snapshot, route)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if theirs.status == ours.status && theirs.mime == ours.mime && theirs.body == ours.body || theirs.status == ours.status && ours.status != http.StatusOK {
			c.same++
			continue
		}
		theirs.masked = c.masker.Mask(theirs.body, ours.body, ours.masked)
		if err := c.report(route, theirs, ours, c.whys(ctx, route, theirs, ours)); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(c.stderr, "compared %s with %s: %d the same, %d different on purpose, %d different for no known reason\n",
		count(c.same+c.purposes+c.unknown, "file"), c.base.Redacted(), c.same, c.purposes, c.unknown)
	return err
}

// fetch gets a file of theirs. An error says that there is nobody to compare with.
func (c *comparer) fetch(ctx context.Context, uri string) (a answer, err error) {
	resp, err := c.get(ctx, uri)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxCompared))
	if err != nil {
		return a, fmt.Errorf("%s: %w", uri, err)
	}
	return answer{status: resp.StatusCode, mime: resp.Header.Get("Content-Type"), body: string(text)}, nil
}

// render makes our answer for a file.
func (c *comparer) render(ctx context.Context, r *provision.Renderer, s *provision.Snapshot, route *provision.Route) (a answer) {
	text, err := textOf(r.Render(ctx, s, route, c.request))
	switch {
	case err == nil:
		a = answer{status: http.StatusOK, mime: route.MIME(), body: text, masked: text}
	case errors.Is(err, provision.ErrNotFound):
		return answer{status: http.StatusNotFound, err: err}
	default:
		return answer{status: http.StatusServiceUnavailable, err: err}
	}
	if !route.Static() {
		if a.masked, err = textOf(r.RenderMasked(ctx, s, route, c.request)); err != nil {
			a.masked = "" // nothing of it is shown
		}
	}
	return a
}

// report prints how a file differs, and why.
func (c *comparer) report(route *provision.Route, theirs, ours answer, whys []string) error {
	what := "on purpose: " + strings.Join(whys, "; ")
	if c.purposes++; len(whys) == 0 {
		c.purposes--
		c.unknown++
		what = "for no known reason"
	} else if c.unexplainedOnly {
		return nil
	}
	of := ""
	if route.Phone != nil {
		of = fmt.Sprintf(" of phone %s%s", route.Phone.ID, named(route.Phone))
	}
	out := errWriter{w: c.stdout}
	out.printf("%s%s differs %s\n", route.URI, of, what)
	if theirs.status != ours.status {
		out.printf("  res_phoneprov answers %s, phoneprov %s\n", statusText(theirs.status), statusText(ours.status))
		if ours.err != nil {
			out.printf("  phoneprov: %v\n", ours.err)
		}
		return out.err
	}
	if theirs.mime != ours.mime {
		out.printf("  res_phoneprov says %s, phoneprov %s\n", theirs.mime, ours.mime)
	}
	switch {
	case theirs.body == ours.body:
	case route.Static():
		out.printf("  res_phoneprov sends %d bytes, phoneprov %d others\n", len(theirs.body), len(ours.body))
	default:
		out.printf("%s", filediff.Unified(route.URI+"\tof res_phoneprov", route.URI+"\tof phoneprov",
			filediff.File{Text: theirs.body, Masked: theirs.masked}, filediff.File{Text: ours.body, Masked: ours.masked}))
	}
	return out.err
}

func statusText(status int) string { return fmt.Sprintf("%d %s", status, http.StatusText(status)) }
