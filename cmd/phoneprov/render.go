package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/phoneprov/phoneprov/provision"
)

func setupRender(cl *call) func(context.Context) error {
	config := configFlag(cl)
	server := serverFlag(cl)
	agent := cl.flags.String("user-agent", "", "the phone's User-Agent `text`, for ${PP_VENDOR}, ${PP_MODEL} and ${PP_FIRMWARE}")
	explain := cl.flags.Bool("explain", false, "print each variable with its value and where it comes from, instead of the file")
	secrets := cl.flags.Bool("secrets", false, "with -explain: print secrets too")
	return func(ctx context.Context) error {
		if len(cl.args) == 0 {
			fmt.Fprintf(cl.stderr, "phoneprov render: which file? give its URI; or a phone's MAC, extension, user name or display name for all of its files\n")
			return errUsage
		}
		o, err := openOneShot(ctx, *config, cl)
		if err != nil {
			return err
		}
		defer o.close()
		routes, err := o.find(cl.args[0])
		if err != nil {
			return err
		}
		r := rendering{call: cl, once: o, request: o.request(*server), secrets: *secrets}
		r.request.UserAgent = *agent
		if *explain {
			return r.explainAll(ctx, routes)
		}
		for _, route := range routes {
			if len(routes) > 1 {
				fmt.Fprintf(cl.stderr, "==> %s (%s)%s <==\n", route.URI, route.MIME(), o.ofPBX(route))
			}
			if err := r.render(ctx, route); err != nil {
				return fmt.Errorf("%s: %w", route.URI, err)
			}
		}
		return nil
	}
}

// ofPBX returns the end of a text about a route: its Asterisk, where there are several.
func (o *oneShot) ofPBX(route *provision.Route) string {
	if !o.snapshot.Joined() {
		return ""
	}
	return " of " + route.PBX()
}

// find returns the routes of a file's URI, with or without the URL of the service, or of a phone.
func (o *oneShot) find(what string) ([]*provision.Route, error) {
	name := what
	if u, err := url.Parse(name); err == nil && u.Host != "" {
		name = u.Path
	}
	for name := strings.TrimPrefix(name, "/"); ; {
		if r := o.snapshot.Lookup(name); r != nil {
			return []*provision.Route{r}, nil
		}
		_, rest, ok := strings.Cut(name, "/")
		if !ok {
			break
		}
		name = rest
	}
	phone, err := findPhone(o.snapshot, what)
	switch {
	case errors.Is(err, errNoPhone):
		return nil, fmt.Errorf("%s: no such file or phone%s", what, nearest(o.snapshot, what))
	case err != nil:
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	routes := o.snapshot.PhoneRoutes(phone)
	if len(routes) == 0 {
		return nil, fmt.Errorf("%s: phone %s has no files", what, phone.ID)
	}
	return routes, nil
}

// rendering prints files. Everything else goes to stderr, so stdout has the exact bytes of the file.
type rendering struct {
	*call
	once    *oneShot
	request provision.Request
	secrets bool
}

func (r *rendering) render(ctx context.Context, route *provision.Route) error {
	doc, err := r.once.renderer.Render(ctx, r.once.snapshot, route, r.request)
	if err != nil {
		return err
	}
	defer doc.Close()
	if _, err := io.Copy(r.stdout, doc.Content); err != nil {
		return err
	}
	for _, d := range doc.Diagnostics {
		fmt.Fprintln(r.stderr, d)
	}
	return nil
}

// explainAll explains the files of a phone. All have the same variables; the questions to Asterisk differ.
func (r *rendering) explainAll(ctx context.Context, routes []*provision.Route) error {
	for i, route := range routes {
		if route.Static() {
			if _, err := fmt.Fprintf(r.stdout, "%s is a static file of profile %q: %s in the data directory, sent as it is\n",
				route.URI, route.Profile().Name, route.File()); err != nil {
				return err
			}
			continue
		}
		x := r.once.renderer.Explain(ctx, r.once.snapshot, route, r.request)
		if i == 0 {
			if err := r.variables(x.Lines); err != nil {
				return err
			}
		}
		if err := r.explain(route, x); err != nil {
			return err
		}
	}
	return nil
}

// variables prints the variables of each line of the phone. The template itself has those of the first line.
func (r *rendering) variables(lines []provision.LineVariables) error {
	w := tabwriter.NewWriter(r.stdout, 0, 0, 2, ' ', 0)
	for _, l := range lines {
		if len(lines) > 1 {
			fmt.Fprintf(w, "==> line %s [%s] <==\n", l.Number, l.Section)
		}
		for _, v := range l.Variables {
			value := v.Value
			if v.Secret && !r.secrets {
				value = provision.Secret(value).String()
			}
			fmt.Fprintf(w, "%s\t%q\t%s\n", v.Name, value, v.Origin)
		}
	}
	return w.Flush()
}

// explain prints what a file asks Asterisk, and what is wrong with the file.
func (r *rendering) explain(route *provision.Route, x provision.Explanation) error {
	out := errWriter{w: r.stdout}
	if len(x.Calls)+len(x.Diagnostics) > 0 || x.Err != nil {
		out.printf("==> %s <==\n", route.URI)
	}
	for _, a := range x.Calls {
		out.printf("%s: asked of Asterisk: %s\n", a.Pos, a.Text(r.secrets))
	}
	for _, d := range x.Diagnostics {
		out.printf("%s\n", d)
	}
	if x.Err != nil {
		out.printf("%s: %v\n", provision.Error, x.Err)
	}
	return out.err
}
