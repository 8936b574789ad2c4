package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/phoneprov/phoneprov/provision"
)

func setupRoutes(cl *call) func(context.Context) error {
	config := configFlag(cl)
	asJSON := cl.flags.Bool("json", false, "print JSON")
	return func(ctx context.Context) error {
		o, err := openOneShot(ctx, *config, cl)
		if err != nil {
			return err
		}
		defer o.close()
		if *asJSON {
			return printRoutesJSON(cl.stdout, o.snapshot.Routes(), o.snapshot.Joined())
		}
		if !o.snapshot.Joined() {
			return printRoutes(cl.stdout, o.snapshot.Routes())
		}
		for _, pbx := range o.snapshot.PBXs() {
			if _, err := fmt.Fprintf(cl.stdout, "==> %s <==\n", pbx); err != nil {
				return err
			}
			own := slices.DeleteFunc(o.snapshot.Routes(), func(r *provision.Route) bool { return r.PBX() != pbx })
			if err := printRoutes(cl.stdout, own); err != nil {
				return err
			}
		}
		return nil
	}
}

// The columns of Asterisk's "phoneprov show routes". Asterisk cuts off what is longer; here only the provider is cut
// off, and a longer name moves what follows.
const (
	staticColumns  = "%-20s %-40s  %s\n"
	dynamicColumns = "%-20.20s %-20s %-40s  %s\n"
)

// printRoutes prints the two tables, in the order of the snapshot.
func printRoutes(w io.Writer, routes []*provision.Route) error {
	out := errWriter{w: w}
	out.printf("Static routes\n\n"+staticColumns, "Profile", "Relative URI", "Physical location")
	for _, r := range routes {
		if r.Static() {
			out.printf(staticColumns, r.Profile().Name, r.URI, r.File())
		}
	}
	out.printf("\nDynamic routes\n\n"+dynamicColumns, "Provider", "Profile", "Relative URI", "Template")
	for _, r := range routes {
		if !r.Static() {
			out.printf(dynamicColumns, r.Phone.Provider, r.Profile().Name, r.URI, r.File())
		}
	}
	return out.err
}

// routeJSON is a route for other programs.
type routeJSON struct {
	URI      string `json:"uri"`
	Profile  string `json:"profile"`
	File     string `json:"file"` // under data_dir
	MIME     string `json:"mime"`
	Static   bool   `json:"static"`
	PBX      string `json:"pbx,omitempty"` // where there are several Asterisks
	Provider string `json:"provider,omitempty"`
	MAC      string `json:"mac,omitempty"`
	Phone    string `json:"phone,omitempty"`
}

func printRoutesJSON(w io.Writer, routes []*provision.Route, several bool) error {
	list := make([]routeJSON, 0, len(routes))
	for _, r := range routes {
		j := routeJSON{URI: r.URI, Profile: r.Profile().Name, File: r.File(), MIME: r.MIME(), Static: r.Static()}
		if several {
			j.PBX = r.PBX()
		}
		if r.Phone != nil {
			j.Provider, j.MAC, j.Phone = r.Phone.Provider, r.Phone.ID, r.Phone.Name()
		}
		list = append(list, j)
	}
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(list)
}

// errWriter keeps the first error of many prints.
type errWriter struct {
	w   io.Writer
	err error
}

func (e *errWriter) printf(format string, args ...any) {
	if e.err == nil {
		_, e.err = fmt.Fprintf(e.w, format, args...)
	}
}
