package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// site is a configuration of some size, with the servers that run on it. A server starts when a row first needs it.
type site struct {
	b      *bench
	phones int
	config string // its directory, which Asterisk uses too
	www    string // directory of the constant files that nginx and the bare chi handler send

	files      *phoneprov // with config = files, without AMI
	pbx        *asterisk
	nginx, chi *server
	pbxErr     error // why there is no Asterisk

	changes int // how many changes were made
}

// site returns the site of a size.
func (b *bench) site(phones int) (*site, error) {
	if s := b.sites[phones]; s != nil {
		return s, nil
	}
	s := &site{b: b, phones: phones}
	s.config = filepath.Join(b.dir, fmt.Sprintf("etc-%d", phones))
	s.www = filepath.Join(b.dir, fmt.Sprintf("www-%d", phones))
	for _, dir := range []string{s.config, s.www} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return nil, err
		}
	}
	if err := tree.WriteConfig(s.config, phones, "Desk"); err != nil {
		return nil, err
	}
	b.sites[phones] = s
	return s, nil
}

// labels are the labels that users get in turn. They have the same length, and differ from the first label.
var labels = [...]string{"Dusk", "Disk"}

// change gives every user another label. It writes the files the first time, because that takes longer than reading
// them.
func (s *site) change() error {
	if err := s.prepareChanges(); err != nil {
		return err
	}
	next := filepath.Join(s.config, "users.conf.next")
	if err := os.Link(filepath.Join(s.labelled(labels[s.changes%len(labels)]), "users.conf"), next); err != nil {
		return err
	}
	s.changes++
	return os.Rename(next, filepath.Join(s.config, "users.conf"))
}

// prepareChanges writes the users.conf files between which change switches, unless they are written. So a load does not
// share the CPU with that.
func (s *site) prepareChanges() error {
	if s.changes > 0 {
		return nil
	}
	for _, label := range labels {
		if err := os.MkdirAll(s.labelled(label), 0o755); err != nil {
			return err
		}
		if err := tree.WriteUsers(s.labelled(label), s.phones, label); err != nil {
			return err
		}
	}
	return nil
}

func (s *site) labelled(label string) string { return s.config + "-" + label }

// served returns the site of a size, and the phoneprov that reads its files.
func (b *bench) served(ctx context.Context, phones int) (*site, *phoneprov, error) {
	s, err := b.site(phones)
	if err != nil {
		return nil, nil, err
	}
	p, err := s.phoneprov(ctx)
	return s, p, err
}

// phoneprov returns the phoneprov that reads the site's files.
func (s *site) phoneprov(ctx context.Context) (*phoneprov, error) {
	if s.files == nil {
		p, err := s.b.startPhoneprov(ctx, s.config, source{config: "files"})
		if err != nil {
			return nil, err
		}
		s.files = p
	}
	s.b.profile(s.files)
	return s.files, nil
}

// asterisk returns the site's Asterisk. The error is a missing if there is none.
func (s *site) asterisk(ctx context.Context) (*asterisk, error) {
	if s.pbx == nil && s.pbxErr == nil {
		s.pbx, s.pbxErr = s.b.startAsterisk(ctx, s.config)
	}
	return s.pbx, s.pbxErr
}

// constants returns the servers that send what phoneprov rendered.
func (s *site) constants(ctx context.Context) (chi, nginx *server, nginxErr error, err error) {
	if s.chi == nil {
		p, err := s.phoneprov(ctx)
		if err != nil {
			return nil, nil, nil, err
		}
		for _, name := range []string{tree.File(0), tree.Directory(0)} {
			if name == tree.Directory(0) && s.phones > maxDirectory {
				continue
			}
			body, err := fetch(ctx, p.url(name))
			if err != nil {
				return nil, nil, nil, err
			}
			if err := os.WriteFile(filepath.Join(s.www, name), body, 0o644); err != nil {
				return nil, nil, nil, err
			}
		}
		if err := os.Link(filepath.Join(s.b.data, tree.Firmware), filepath.Join(s.www, tree.Firmware)); err != nil {
			return nil, nil, nil, err
		}
		if s.chi, err = s.b.startChi(ctx, s.www); err != nil {
			return nil, nil, nil, err
		}
	}
	if s.nginx == nil {
		s.nginx, nginxErr = s.b.startNginx(ctx, s.www)
	}
	return s.chi, s.nginx, nginxErr, nil
}

// maxDirectory is the size of a site up to which its directory is fetched, because phones do not read megabytes.
const maxDirectory = 10_000

// same checks that two servers send the same lines. The order of lines in directories is a known difference.
func same(ctx context.Context, file string, a, b *server) error {
	var lines [2][]string
	for i, s := range []*server{a, b} {
		body, err := fetch(ctx, s.url(file))
		if err != nil {
			return err
		}
		lines[i] = strings.Split(string(body), "\n")
		slices.Sort(lines[i])
	}
	if !slices.Equal(lines[0], lines[1]) {
		return fmt.Errorf("%s of %s and of %s differ", file, a.name, b.name)
	}
	return nil
}

func fetch(ctx context.Context, url string) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = fmt.Errorf("%s: %s", url, resp.Status)
	}
	return body, err
}
