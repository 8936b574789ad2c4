package main

import (
	"cmp"
	"context"
	"fmt"
	"sync"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// flatRatio is how much more the memory may be in the second half of the syncs than in the first: the collector's own
// swing from one sync to the next is of that size.
const flatRatio = 1.15

// memory watches a fresh process: its RSS after every sync, while random phones are served.
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

// syncsUnderLoad gives the RSS in MB after each sync, and the most at any time in bytes.
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
			if loading.Err() == nil { // else it was ended by us
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
