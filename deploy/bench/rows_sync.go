package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
	"github.com/phoneprov/phoneprov/provision"
)

// reloads is how many times a change is measured.
const reloads = 10

// reload measures both sources of the configuration with one Asterisk.
func reload(ctx context.Context, b *bench) (o outcome, err error) {
	s, err := b.site(fileSite)
	if err != nil {
		return o, err
	}
	pbx, err := s.asterisk(ctx)
	if err != nil {
		return o, err
	}
	text := ""
	for _, r := range []struct {
		config string
		most   float64 // milliseconds
	}{{"files", 300}, {"ami", 500}} {
		p, err := b.startPhoneprov(ctx, s.config, source{r.config, pbx})
		if err != nil {
			return o, err
		}
		took, err := reloadsTo(ctx, p, pbx, s.config)
		if err != nil {
			return o, fmt.Errorf("config = %s: %w", r.config, err)
		}
		text += fmt.Sprintf("%s: %s; ", r.config, milliseconds(took))
		o.checks = append(o.checks, atMost(r.config, float64(took)/1e6, r.most, "ms"))
	}
	o.set("phoneprov", text+fmt.Sprintf("medians of %d", reloads))
	return o, tree.WriteUsers(s.config, s.phones, "Desk")
}

// reloadsTo changes every user, reloads Asterisk and waits for the new bytes, several times.
func reloadsTo(ctx context.Context, p *phoneprov, pbx *asterisk, config string) (time.Duration, error) {
	c, err := dialAMI(pbx)
	if err != nil {
		return 0, err
	}
	defer c.close()
	var all []time.Duration
	for i := range reloads {
		label := fmt.Sprintf("N%02d", i)
		if err := tree.WriteUsers(config, fileSite, label); err != nil {
			return 0, err
		}
		at, _, err := c.reload("res_phoneprov.so")
		if err != nil {
			return 0, err
		}
		err = eventually(ctx, 10*time.Second, 200*time.Microsecond, func() error {
			body, err := fetch(ctx, p.url(tree.File(0)))
			if err == nil && !bytes.Contains(body, []byte(`label="`+label)) {
				err = errors.New("no new bytes")
			}
			return err
		})
		if err != nil {
			return 0, err
		}
		all = append(all, time.Since(at))
	}
	return medianTime(all), nil
}

// amiSync compares a sync with the answers that it needs, which a client reads without doing anything with them.
func amiSync(ctx context.Context, b *bench) (o outcome, err error) {
	s, err := b.site(amiSite)
	if err != nil {
		return o, err
	}
	pbx, err := s.asterisk(ctx)
	if err != nil {
		return o, err
	}
	p, err := b.startPhoneprov(ctx, s.config, source{"ami", pbx})
	if err != nil {
		return o, err
	}
	c, err := dialAMI(pbx)
	if err != nil {
		return o, err
	}
	defer c.close()
	var ours, theirs []time.Duration
	for range b.options.turns {
		took, err := p.resync(ctx, s)
		if err != nil {
			return o, err
		}
		ours = append(ours, took)
		took = 0
		for _, name := range provision.ConfigFiles {
			start := time.Now()
			if _, err := c.do("GetConfig", "Filename: "+name); err != nil {
				if _, missing := os.Stat(filepath.Join(s.config, name)); missing == nil {
					return o, err
				} // that there is no such file is an answer too
			}
			took += time.Since(start)
		}
		theirs = append(theirs, took)
	}
	o.set("phoneprov", "sync "+milliseconds(medianTime(ours)))
	o.set("Asterisk", "GetConfig "+milliseconds(medianTime(theirs)))
	o.checks = []check{atMost("of GetConfig", float64(medianTime(ours))/float64(medianTime(theirs)), 1.3, "")}
	return o, nil
}

// syncAll compares a sync of the large configuration with Asterisk's reload of the same files.
func syncAll(ctx context.Context, b *bench) (o outcome, err error) {
	s, p, err := b.served(ctx, b.options.phones)
	if err != nil {
		return o, err
	}
	pbx, pbxErr := s.asterisk(ctx)
	var c *amiClient
	if pbxErr == nil {
		if c, err = dialAMI(pbx); err != nil {
			return o, err
		}
		defer c.close()
	}
	var ours, theirs []time.Duration
	for range b.options.turns {
		// Both read what changed in the file; neither needs to look at the rest.
		took, err := p.resync(ctx, s)
		if err != nil {
			return o, err
		}
		ours = append(ours, took)
		if pbxErr == nil {
			if _, took, err = c.reload("res_phoneprov.so"); err != nil {
				return o, err
			}
			theirs = append(theirs, took)
		}
	}
	o.set("phoneprov", "sync "+milliseconds(medianTime(ours))+", "+megabytes(usageOf(p.pid).rss))
	if pbxErr != nil {
		o.set("Asterisk", pbxErr.Error())
		o.checks = []check{not("of Asterisk's reload", pbxErr)}
		return o, nil
	}
	o.set("Asterisk", "reload "+milliseconds(medianTime(theirs))+", "+megabytes(usageOf(pbx.pid).rss))
	o.checks = []check{atMost("of Asterisk's reload", float64(medianTime(ours))/float64(medianTime(theirs)), 0.25, "")}
	return o, nil
}

// start measures a new process each time.
func start(ctx context.Context, b *bench) (o outcome, err error) {
	s, err := b.site(b.options.phones)
	if err != nil {
		return o, err
	}
	var all []time.Duration
	for range b.options.turns {
		begun := time.Now()
		p, err := b.startPhoneprov(ctx, s.config, source{config: "files"})
		if err != nil {
			return o, err
		}
		all = append(all, p.ready.Sub(begun))
		if err := b.stopProfiles(); err != nil {
			return o, err
		}
		end(p.cmd)
	}
	o.set("phoneprov", milliseconds(medianTime(all)))
	o.checks = []check{atMost("start", medianTime(all).Seconds(), 3, "s")}
	return o, nil
}

func binary(_ context.Context, b *bench) (o outcome, err error) {
	info, err := os.Stat(b.options.phoneprov)
	if err != nil {
		return o, err
	}
	o.set("phoneprov", megabytes(info.Size()))
	o.checks = []check{atMost("binary", float64(info.Size())/1e6, 25, "MB")}
	return o, nil
}

// buildTimeout bounds the build of an image whose base must be fetched.
const buildTimeout = 5 * time.Minute

func imageSize(ctx context.Context, b *bench) (o outcome, err error) {
	if _, err := docker(ctx, "version"); err != nil {
		return o, missing("no docker")
	}
	ctx, cancel := context.WithTimeout(ctx, buildTimeout)
	defer cancel()
	args := []string{"build", "-q", "-f", filepath.Join(b.options.root, "deploy/Dockerfile")}
	if proxy, err := exec.CommandContext(ctx, "go", "env", "GOPROXY").Output(); err == nil {
		args = append(args, "--build-arg", "GOPROXY="+string(bytes.TrimSpace(proxy)))
	}
	id, err := docker(ctx, append(args, b.options.root)...)
	if err != nil {
		return o, err
	}
	text, err := docker(ctx, "image", "inspect", "-f", "{{.Size}}", id)
	if err != nil {
		return o, err
	}
	var size int64
	if _, err := fmt.Sscan(text, &size); err != nil {
		return o, err
	}
	o.set("phoneprov", megabytes(size))
	o.checks = []check{atMost("image", float64(size)/1e6, 30, "MB")}
	return o, nil
}
