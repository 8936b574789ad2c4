package main

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// flatRatio is by how much the memory in the second half of the syncs may exceed that in the first half. The collector
// causes a swing of that size from one sync to the next.
const flatRatio = 1.15

// memory measures the RSS of a new process after every sync, while random phones are served.
func memory(ctx context.Context, b *bench) (o outcome, err error) {
	s, err := b.site(b.options.phones)
	if err != nil {
		return o, err
	}
	p, err := b.startPhoneprov(ctx, s.config, source{config: "files"})
	if err != nil {
		return o, err
	}
	before := usageOf(p.pid).rss
	after, most, err := b.syncsUnderLoad(ctx, s, p)
	if err != nil {
		return o, err
	}
	half := len(after) / 2
	early, late := medianOf(after[:half]), medianOf(after[half:])
	o.set("phoneprov", fmt.Sprintf("at first %s, after %d syncs %.0f MB, most %s", megabytes(before), len(after), after[len(after)-1], megabytes(most)))
	if pbx, err := s.asterisk(ctx); err != nil {
		o.set("Asterisk", err.Error())
	} else {
		o.set("Asterisk", megabytes(usageOf(pbx.pid).rss))
	}
	o.checks = []check{
		atMost("most", float64(most)/1e6, 350, "MB"),
		atMost("second half of first", late/early, flatRatio, ""),
	}
	if err := b.stopProfiles(); err != nil {
		return o, err
	}
	end(p.cmd)
	return o, nil
}

// syncsUnderLoad returns the RSS in MB after each sync, and the maximum in bytes.
func (b *bench) syncsUnderLoad(ctx context.Context, s *site, p *phoneprov) (after []float64, most int64, err error) {
	paths, err := b.writePaths(b.options.phones)
	if err != nil {
		return nil, 0, err
	}
	loading, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	var loadErr error
	wg.Go(func() {
		for loading.Err() == nil && loadErr == nil {
			_, _, err := b.wrk(loading, &p.server, tree.File(0), closed{connections: 4, seconds: b.options.seconds, paths: paths})
			if loading.Err() == nil { // otherwise we ended it
				loadErr = err
			}
		}
	})
	used, err := sampled(p.pid, func() error {
		for range b.options.syncs {
			if _, err := p.resync(ctx, s); err != nil {
				return err
			}
			after = append(after, float64(usageOf(p.pid).rss)/1e6)
		}
		return nil
	})
	cancel()
	wg.Wait()
	return after, used.rss, cmp.Or(err, loadErr)
}
