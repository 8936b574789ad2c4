package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

func setupCheck(cl *call) func(context.Context) error {
	config := configFlag(cl)
	server := serverFlag(cl)
	return func(ctx context.Context) error {
		o, err := openOneShot(ctx, *config, cl)
		if broken := brokenFiles(err); broken != nil { // as in Asterisk, nothing of them is loaded
			out := errWriter{w: cl.stdout}
			for _, d := range broken {
				out.printf("%s\n", d)
			}
			return cmp.Or(out.err, errFailed)
		}
		if err != nil {
			return err
		}
		defer o.close()
		found := slices.Concat(o.serving(ctx), o.unread(), o.diagnostics, o.checkConfigs(), o.checkResync(),
			provision.Check(ctx, o.snapshot, o.renderer, o.request(*server)))
		counts := map[provision.Severity]int{}
		out := errWriter{w: cl.stdout}
		for _, d := range provision.Group(found) {
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

// unread reports each of several Asterisks that cannot be read. Its phones are not checked.
func (o *oneShot) unread() (found []provision.Diagnostic) {
	for _, p := range o.service.pbxs {
		if broken := brokenFiles(p.failed); broken != nil {
			found = append(found, provision.OfPBX(p.label, broken)...)
		} else if p.failed != nil {
			found = append(found, provision.Diagnostic{Severity: provision.Error, Message: p.failed.Error(), PBX: p.label})
		}
	}
	return found
}

// checkConfigs checks the files of each Asterisk.
func (o *oneShot) checkConfigs() (found []provision.Diagnostic) {
	for _, p := range o.service.pbxs {
		found = append(found, provision.OfPBX(p.label, append(provision.CheckConfig(p.config), p.cuts()...))...)
		found = append(found, p.noServer()...)
	}
	return found
}

// noServer reports one of several Asterisks on another machine whose phones may be told that phoneprov is their server.
func (p *pbx) noServer() []provision.Diagnostic {
	file := p.config["phoneprov.conf"]
	if p.label == "" || file == nil || p.amiAddress == "" || onLoopback(p.amiAddress) {
		return nil
	}
	for _, c := range file.Categories {
		for v := range c.Vars() {
			name, _, _ := strings.Cut(v.Value, "=")
			if c.Name == "general" && v.Name == "serveraddr" && v.Value != "" || strings.EqualFold(v.Name, "setvar") && strings.TrimSpace(name) == "SERVER" {
				return nil
			}
		}
	}
	return []provision.Diagnostic{{Severity: provision.Warning, PBX: p.label, Pos: astconf.Pos{File: file.Name},
		Message: "[general] has no serveraddr: ${SERVER} is the address at which a phone reaches phoneprov, and not that of this Asterisk"}}
}

// cuts reports values of the configuration that a ";" cuts off. AMI does not show them, so they are looked for in the
// files, if those can be read here.
func (p *pbx) cuts() (found []provision.Diagnostic) {
	if p.configDir == "" {
		return nil
	}
	loader := astconf.Loader{Dir: p.configDir}
	for _, name := range provision.ConfigFiles {
		if name == provision.GlobalsFile { // the dialplan has all kinds of comments, and little of it concerns phones
			continue
		}
		file, err := loader.Load(name)
		if err != nil {
			continue // it does not exist, or openOneShot has reported what is wrong
		}
		for _, w := range loader.Cuts(file) {
			found = append(found, provision.Diagnostic{Pos: w.Pos, Severity: provision.Warning, Message: w.Message})
		}
	}
	return found
}

// brokenFiles returns the errors that err joins, if one of them is about a broken file: each with its file and line, if
// it has one.
func brokenFiles(err error) []provision.Diagnostic {
	broken, ok := errors.AsType[*astconf.Error](err)
	if !ok {
		return nil
	}
	switch e := err.(type) {
	case interface{ Unwrap() []error }:
		var all []provision.Diagnostic
		for _, part := range e.Unwrap() {
			found := brokenFiles(part)
			if found == nil {
				found = []provision.Diagnostic{{Severity: provision.Error, Message: part.Error()}}
			}
			all = append(all, found...)
		}
		return all
	case *astconf.Error:
		return []provision.Diagnostic{{Pos: broken.Pos, Severity: provision.Error, Message: broken.Reason}}
	}
	return brokenFiles(errors.Unwrap(err))
}
