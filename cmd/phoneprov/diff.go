package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/filediff"
	"github.com/phoneprov/phoneprov/provision/lastgood"
)

// errDifferent means that diff found a difference.
var errDifferent = errors.New("different")

// setupDiff returns the command diff. It compares the served configuration with the present one. It reads the served
// configuration from state.dir, which has the whole input of the snapshot; no answer of the running service has that.
func setupDiff(cl *call) func(context.Context) error {
	config := configFlag(cl)
	server := serverFlag(cl)
	agent := cl.flags.String("user-agent", "", "the phones' User-Agent `text`, for ${PP_VENDOR}, ${PP_MODEL} and ${PP_FIRMWARE}")
	return func(ctx context.Context) error {
		s, err := cl.settings(*config)
		if err != nil {
			return &exitError{exitUsage, err}
		}
		what := ""
		if len(cl.args) > 0 {
			what = cl.args[0]
		}
		differs, err := diffAll(ctx, cl, s, what, provision.Request{Server: *server, UserAgent: *agent})
		switch {
		case err != nil:
			return &exitError{exitUsage, err}
		case differs:
			return errDifferent
		}
		return nil
	}
}

// diffAll compares each Asterisk with what is served of it. A phone that is named must be in one of them.
func diffAll(ctx context.Context, cl *call, s *settings, what string, q provision.Request) (differs bool, err error) {
	var errs, unknown []error
	all := s.asterisks()
	for _, a := range all {
		label := ""
		if len(all) > 1 {
			label = a.name
		}
		different, err := diffOne(ctx, cl, s, a, label, what, q)
		switch {
		case errors.Is(err, errNoPhone):
			unknown = append(unknown, err)
		case err != nil && label != "":
			errs = append(errs, fmt.Errorf("%s: %w", label, err))
		case err != nil:
			return false, err
		}
		differs = differs || different
	}
	if len(unknown) == len(all) {
		return false, unknown[0]
	}
	return differs, errors.Join(errs...)
}

// diffOne compares one Asterisk. label is its name where there are several.
func diffOne(ctx context.Context, cl *call, s *settings, a *asteriskSettings, label, what string, q provision.Request) (bool, error) {
	one, err := s.only(a.name)
	if err != nil {
		return false, err
	}
	d, err := openDiff(ctx, one, cl)
	if err != nil {
		return false, err
	}
	defer d.now.close()
	d.label = label
	d.request = d.now.request(q.Server)
	d.request.UserAgent = q.UserAgent
	if err := d.run(ctx, what); err != nil {
		return false, err
	}
	return d.added+d.removed+d.changed+d.files > 0, nil
}

// differ compares two snapshots, file by file.
type differ struct {
	*call
	label   string              // the name of the Asterisk, where there are several
	now     *oneShot            // the present configuration
	served  *provision.Snapshot // the served configuration
	since   time.Time           // when served was read
	before  *provision.Renderer // renders served
	after   *provision.Renderer // renders now
	request provision.Request

	added, removed, changed, files int // number of phones; files: number of changed static files
}

func openDiff(ctx context.Context, s *settings, cl *call) (*differ, error) {
	if s.stateDir == "" {
		return nil, errors.New("state.dir is empty: what is served is kept nowhere, so that nothing can be compared with it")
	}
	dir := filepath.Join(s.stateDir, s.keptIn)
	state, err := (&lastgood.Dir{Path: dir}).Load()
	switch {
	case state == nil && err != nil:
		return nil, fmt.Errorf("what is served cannot be read from state.dir: %w", err)
	case state == nil:
		return nil, fmt.Errorf("%s has nothing that was served: phoneprov serve keeps it there after its first reading", dir)
	case err != nil:
		fmt.Fprintf(cl.stderr, "phoneprov diff: %v\n", err)
	}
	now, err := openOneShotOf(ctx, s)
	if err != nil {
		return nil, err
	}
	d := &differ{call: cl, now: now, since: state.BuiltAt}
	p := now.service.pbxs[0]
	own := provision.Input{PBX: p.name, Zone: serverZone(), Interfaces: amisync.InterfaceAddr}
	if p.amiAddress != "" {
		own.Ask = p.sync.Ask
	}
	if d.served, _, err = provision.Build(ctx, state.Input(own), state.BuiltAt); err != nil {
		now.close()
		return nil, fmt.Errorf("what is served cannot be built again: %w", err)
	}
	same := newSameAnswers(p.sync.Ask)
	d.before, d.after = rendererWith(s, now.service, same), rendererWith(s, now.service, same)
	return d, nil
}

// run compares one phone. Without a name it compares all phones and the static files.
func (d *differ) run(ctx context.Context, what string) error {
	if what != "" {
		before, err := findPhone(d.served, what)
		after, errAfter := findPhone(d.now.snapshot, what)
		if err != nil && errAfter != nil {
			return fmt.Errorf("%s: %w%s", what, errAfter, nearest(d.now.snapshot, what))
		}
		return d.phone(ctx, before, after)
	}
	if d.label != "" {
		if _, err := fmt.Fprintf(d.stdout, "==> %s <==\n", d.label); err != nil {
			return err
		}
	}
	for _, p := range d.served.Phones() {
		if err := d.phone(ctx, p, d.now.snapshot.Phone(p.ID)); err != nil {
			return err
		}
	}
	for _, p := range d.now.snapshot.Phones() {
		if d.served.Phone(p.ID) == nil {
			if err := d.phone(ctx, nil, p); err != nil {
				return err
			}
		}
	}
	if err := d.statics(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(d.stderr, prefixOf(d.label)+"compared with what is served since %s: %s added, %d removed, %d changed\n",
		d.since.Local().Format(time.RFC3339), count(d.added, "phone"), d.removed, d.changed)
	return err
}

// phone compares the files of a phone. A nil phone is not in that configuration.
func (d *differ) phone(ctx context.Context, before, after *provision.Phone) error {
	switch {
	case after == nil:
		d.removed++
		_, err := fmt.Fprintf(d.stdout, "phone %s is removed%s\n", before.ID, named(before))
		return err
	case before == nil:
		d.added++
		_, err := fmt.Fprintf(d.stdout, "phone %s is added%s\n", after.ID, named(after))
		return err
	}
	changed := false
	was := d.served.PhoneRoutes(before)
	for _, route := range was {
		text, err := d.file(ctx, route, d.now.snapshot.Lookup(route.URI))
		if err != nil {
			return err
		}
		changed = changed || text != ""
		if _, err := io.WriteString(d.stdout, text); err != nil {
			return err
		}
	}
	for _, route := range d.now.snapshot.PhoneRoutes(after) {
		if !slices.ContainsFunc(was, func(r *provision.Route) bool { return r.URI == route.URI }) && d.served.Lookup(route.URI) == nil {
			changed = true
			if _, err := fmt.Fprintf(d.stdout, "file %s of phone %s is added\n", route.URI, after.ID); err != nil {
				return err
			}
		}
	}
	if changed {
		d.changed++
	}
	return nil
}

// file returns how a phone's file changes, or "" if it does not.
func (d *differ) file(ctx context.Context, before, after *provision.Route) (string, error) {
	if after == nil || after.Static() {
		return fmt.Sprintf("file %s of phone %s is removed\n", before.URI, before.Phone.ID), nil
	}
	old, oldErr := d.render(ctx, d.before, d.served, before)
	new, newErr := d.render(ctx, d.after, d.now.snapshot, after)
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	switch {
	case oldErr != nil && newErr != nil: // neither can be rendered
		return "", nil
	case newErr != nil:
		return fmt.Sprintf("file %s of phone %s fails from now on: %v\n", after.URI, after.Phone.ID, newErr), nil
	case oldErr != nil:
		return fmt.Sprintf("file %s of phone %s fails no more: %v\n", after.URI, after.Phone.ID, oldErr), nil
	}
	if text := old.Text; text != new.Text {
		if again, err := d.render(ctx, d.before, d.served, before); err == nil && again.Text != text {
			_, err := fmt.Fprintf(d.stderr, "file %s of phone %s is another one each time that it is made, and is not compared\n", before.URI, before.Phone.ID)
			return "", err
		}
	}
	text := ""
	if was, is := before.MIME(), after.MIME(); was != is {
		text = fmt.Sprintf("file %s of phone %s is of type %s, and was %s\n", after.URI, after.Phone.ID, is, was)
	}
	return text + filediff.Unified(before.URI+"\tas it is served", after.URI+"\tas Asterisk has it now", old, new), nil
}

// render renders a file twice: as the phone gets it, and masked.
func (d *differ) render(ctx context.Context, r *provision.Renderer, s *provision.Snapshot, route *provision.Route) (f filediff.File, err error) {
	if f.Text, err = textOf(r.Render(ctx, s, route, d.request)); err != nil {
		return f, err
	}
	f.Masked, err = textOf(r.RenderMasked(ctx, s, route, d.request))
	return f, err
}

func textOf(doc *provision.Document, err error) (string, error) {
	if err != nil {
		return "", err
	}
	defer doc.Close()
	text, err := io.ReadAll(doc.Content)
	return string(text), err
}

// statics compares the names and sources of static files. Their content is on disk and the same for both.
func (d *differ) statics() error {
	out := errWriter{w: d.stdout}
	for _, was := range d.served.Routes() {
		is := d.now.snapshot.Lookup(was.URI)
		switch {
		case !was.Static():
		case is == nil:
			d.files++
			out.printf("file %s is removed\n", was.URI)
		case !is.Static() || is.File() != was.File() || is.MIME() != was.MIME():
			d.files++
			out.printf("file %s is %s (%s), and was %s (%s)\n", was.URI, is.File(), is.MIME(), was.File(), was.MIME())
		}
	}
	for _, is := range d.now.snapshot.Routes() {
		if is.Static() && d.served.Lookup(is.URI) == nil {
			d.files++
			out.printf("file %s is added\n", is.URI)
		}
	}
	return out.err
}

// named returns a phone's name in brackets.
func named(p *provision.Phone) string {
	if name := p.Name(); name != "" {
		return " (" + name + ")"
	}
	return ""
}

// sameAnswers caches the answer to each call, so that both sides get the same. Another answer of Asterisk is no change
// of the configuration.
type sameAnswers struct {
	ask func(context.Context, string) (string, error)
	mu  sync.Mutex
	got map[string]string
}

func newSameAnswers(ask func(context.Context, string) (string, error)) *sameAnswers {
	return &sameAnswers{ask: ask, got: map[string]string{}}
}

func (a *sameAnswers) answer(ctx context.Context, call string) (string, error) {
	a.mu.Lock()
	value, ok := a.got[call]
	a.mu.Unlock()
	if ok {
		return value, nil
	}
	value, err := a.ask(ctx, call)
	if err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if first, ok := a.got[call]; ok {
		return first, nil
	}
	a.got[call] = value
	return value, nil
}

// rendererWith returns a renderer with the given settings. It asks Asterisk through same.
func rendererWith(s *settings, v *service, same *sameAnswers) *provision.Renderer {
	o := v.rendererOptions(s, v.pbxs[0])
	if o.Ask != nil {
		o.Ask = same.answer
	}
	return provision.NewRenderer(o)
}

// exitError is an error that sets the exit code.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string { return e.err.Error() }
func (e *exitError) Unwrap() error { return e.err }
