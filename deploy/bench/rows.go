package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// Sizes of the configurations that rows name. The large one is an option.
const (
	smallSite = 100
	fileSite  = 1000 // users
	amiSite   = 5000 // users, also of the directory
)

// rows are the targets, ordered so that each configuration is needed for a short time.
func rows() []row {
	return []row{
		{"rendered", "6 kB file, warm, 16 connections", rendered},
		{"static", "50 MB file, 100 clients, bytes", static},
		{"reload", "Reload event to new bytes, 1,000 users", reload},
		{"directory", "PP_EACH_USER of 5,000 users, 320 kB, 16 connections", directory},
		{"amisync", "sync of 5,000 users over AMI, against GetConfig of the same files", amiSync},
		{"first", "each phone's file once after a sync, 16 connections", first},
		{"random", "a random phone's file each time, of all phones against of 100", random},
		{"latency", "p99 during syncs of all phones against at rest, 1,000/s, open loop", latency},
		{"sync", "sync of all users, config = files, against Asterisk's reload", syncAll},
		{"memory", "RSS during and after syncs of all phones under load", memory},
		{"powercut", "333 phones/s boot, 5 requests each, open loop", powerCut},
		{"ledger", "each phone fetches once in 60 s, then 1 of 100 changes", ledgerRow},
		{"start", "start to first served byte, all phones, config = files", start},
		{"binary", "size of the program", binary},
		{"image", "size of the image", imageSize},
	}
}

func rowNames() []string {
	return []string{"rendered", "static", "reload", "directory", "amisync", "first", "random", "latency", "sync", "memory",
		"powercut", "ledger", "start", "binary", "image"}
}

// turns loads the servers one after the other, A B C A B C, and returns the medians of each.
func (b *bench) turns(servers []*server, load func(*server) (measure, error)) (map[*server]measure, error) {
	all := map[*server][]measure{}
	for range b.options.turns {
		for _, s := range servers {
			m, err := load(s)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", s.name, err)
			}
			all[s] = append(all[s], m)
		}
	}
	out := map[*server]measure{}
	for s, list := range all {
		out[s] = medians(list)
	}
	return out, nil
}

// beside loads phoneprov, the bare chi handler, nginx and Asterisk with a file, and checks the ratios to chi and
// Asterisk. A bound of 0 leaves a server out.
func beside(ctx context.Context, b *bench, phones int, file string, chiBound, asteriskBound float64) (o outcome, err error) {
	s, p, err := b.served(ctx, phones)
	if err != nil {
		return o, err
	}
	chi, nginx, nginxErr, err := s.constants(ctx)
	if err != nil {
		return o, err
	}
	servers := []*server{&p.server, chi}
	if nginxErr != nil {
		o.set("nginx", nginxErr.Error())
	} else {
		servers = append(servers, nginx)
	}
	pbx, pbxErr := s.asterisk(ctx)
	if pbxErr != nil {
		o.set("Asterisk", pbxErr.Error())
	} else {
		if err := same(ctx, file, &p.server, &pbx.server); err != nil {
			return o, err
		}
		servers = append(servers, &pbx.server)
	}
	got, err := b.turns(servers, func(s *server) (measure, error) {
		m, _, err := b.wrk(ctx, s, file, closed{connections: 16, seconds: b.options.seconds})
		return m, err
	})
	if err != nil {
		return o, err
	}
	for s, m := range got {
		o.set(s.name, m.text(""))
	}
	o.checks = append(o.checks, atLeast("of chi", got[&p.server].rate/got[chi].rate, chiBound))
	if pbxErr != nil {
		o.checks = append(o.checks, not("of Asterisk", pbxErr))
	} else {
		o.checks = append(o.checks, atLeast("of Asterisk", got[&p.server].rate/got[&pbx.server].rate, asteriskBound))
	}
	return o, nil
}

func rendered(ctx context.Context, b *bench) (outcome, error) {
	return beside(ctx, b, fileSite, tree.File(0), 0.9, 2)
}

func directory(ctx context.Context, b *bench) (outcome, error) {
	return beside(ctx, b, amiSite, tree.Directory(0), 0.8, 10)
}

// flatMemory is by how much the memory may grow during a load: the buffers of a hundred connections.
const flatMemory = 32 // MB

func static(ctx context.Context, b *bench) (o outcome, err error) {
	s, p, err := b.served(ctx, fileSite)
	if err != nil {
		return o, err
	}
	chi, nginx, nginxErr, err := s.constants(ctx)
	if err != nil {
		return o, err
	}
	servers := []*server{&p.server, chi}
	if nginxErr == nil {
		servers = append(servers, nginx)
	}
	before := usageOf(p.pid).rss
	got, err := b.turns(servers, func(s *server) (measure, error) {
		m, bytes, err := b.wrk(ctx, s, tree.Firmware, closed{connections: 100, seconds: b.options.seconds})
		m.rate = bytes / 1e6
		return m, err
	})
	if err != nil {
		return o, err
	}
	for s, m := range got {
		o.set(s.name, m.text(" MB"))
	}
	if nginxErr != nil {
		o.set("nginx", nginxErr.Error())
	}
	more := float64(got[&p.server].usage.rss-before) / 1e6
	o.checks = []check{
		atLeast("of http.ServeContent", got[&p.server].rate/got[chi].rate, 0.9),
		atMost("more memory", more, flatMemory, "MB"),
	}
	return o, nil
}

// writePaths writes the paths of all phones' files, in a random order that is the same in every run.
func (b *bench) writePaths(phones int) (path string, err error) {
	path = filepath.Join(b.dir, fmt.Sprintf("paths-%d", phones))
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	var text []byte
	for _, i := range rand.New(rand.NewPCG(1, 2)).Perm(phones) {
		text = append(text, "/phoneprov/"+tree.File(i)+"\n"...)
	}
	return path, os.WriteFile(path, text, 0o644)
}

// first requests each file once after a sync, when nothing is cached.
func first(ctx context.Context, b *bench) (o outcome, err error) {
	s, p, err := b.served(ctx, b.options.phones)
	if err != nil {
		return o, err
	}
	paths, err := b.writePaths(s.phones)
	if err != nil {
		return o, err
	}
	servers := []*server{&p.server}
	pbx, pbxErr := s.asterisk(ctx)
	if pbxErr == nil {
		servers = append(servers, &pbx.server)
	} else {
		o.set("Asterisk", pbxErr.Error())
	}
	wrapped := false
	got, err := b.turns(servers, func(server *server) (measure, error) {
		if server == &p.server {
			if _, err := p.resync(ctx, s); err != nil {
				return measure{}, err
			}
		}
		m, _, err := b.wrk(ctx, server, tree.File(0), closed{connections: 16, seconds: b.options.seconds, paths: paths})
		wrapped = wrapped || m.asked > b.options.phones
		return m, err
	})
	if err != nil {
		return o, err
	}
	for s, m := range got {
		o.set(s.name, m.text(""))
	}
	label := "of Asterisk"
	if wrapped {
		label = "of Asterisk (with fewer phones than answers: some were asked for twice)"
	}
	if pbxErr != nil {
		o.checks = []check{not(label, pbxErr)}
	} else {
		o.checks = []check{atLeast(label, got[&p.server].rate/got[&pbx.server].rate, 1)}
	}
	return o, nil
}

func random(ctx context.Context, b *bench) (o outcome, err error) {
	var servers []*server
	paths := map[*server]string{}
	for _, phones := range []int{b.options.phones, smallSite} {
		_, p, err := b.served(ctx, phones)
		if err != nil {
			return o, err
		}
		servers = append(servers, &p.server)
		if paths[&p.server], err = b.writePaths(phones); err != nil {
			return o, err
		}
	}
	got, err := b.turns(servers, func(s *server) (measure, error) {
		m, _, err := b.wrk(ctx, s, tree.File(0), closed{connections: 16, seconds: b.options.seconds, paths: paths[s]})
		return m, err
	})
	if err != nil {
		return o, err
	}
	large, small := got[servers[0]], got[servers[1]]
	o.set("phoneprov", large.text("")+"; of 100: "+small.text(""))
	o.checks = []check{atLeast("of that at 100", large.rate/small.rate, 0.8)}
	return o, nil
}
