package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/phoneprov/phoneprov/deploy/bench/load"
	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// restRate is the rate at which latencies are compared: higher than in a power cut, and lower than one at which
// requests queue up at rest.
const restRate = 1000

// lanSources is the number of addresses from which load comes. Phones of a LAN each have their own address, those
// behind a NAT share one. No more connections are kept open.
const lanSources = 256

func get(s *server, file string) string {
	return "GET /phoneprov/" + file + " HTTP/1.1\r\nHost: " + s.address + "\r\nUser-Agent: FileTransport PolycomVVX-VVX_411-UA/5.9.0\r\n\r\n"
}

// randomFile loads a phoneprov with requests for the files of random phones.
func (b *bench) randomFile(ctx context.Context, p *phoneprov, d time.Duration) *load.Result {
	return load.Run(ctx, load.Plan{Address: p.address, Rate: restRate, Duration: d, Keep: true, Next: func(i int) load.Request {
		return load.Request{Source: load.Loopback(i % lanSources), Text: get(&p.server, tree.File(rand.IntN(b.options.phones))), Want: 200}
	}})
}

// latency compares turns at rest with turns during which one sync follows the other.
func latency(ctx context.Context, b *bench) (o outcome, err error) {
	s, p, err := b.served(ctx, b.options.phones)
	if err != nil {
		return o, err
	}
	if err := s.prepareChanges(); err != nil {
		return o, err
	}
	d := time.Duration(2 * b.options.seconds * float64(time.Second))
	var rest, syncing []time.Duration
	failed, syncs := 0, 0
	for range b.options.turns {
		r := b.randomFile(ctx, p, d)
		rest = append(rest, r.Quantile(0.99))
		failed += r.Failed()
		n := 0
		if r, n, err = b.whileSyncing(ctx, s, p, d); err != nil {
			return o, err
		}
		syncing = append(syncing, r.Quantile(0.99))
		failed += r.Failed()
		syncs += n
	}
	o.set("phoneprov", fmt.Sprintf("p99 at rest %s, during %d syncs %s", milliseconds(medianTime(rest)), syncs, milliseconds(medianTime(syncing))))
	o.checks = []check{
		atMost("of that at rest", float64(medianTime(syncing))/float64(medianTime(rest)), 2, ""),
		atMost("errors:", float64(failed), 0, "errors"),
	}
	return o, nil
}

// whileSyncing loads a phoneprov while all users change again and again.
func (b *bench) whileSyncing(ctx context.Context, s *site, p *phoneprov, d time.Duration) (r *load.Result, syncs int, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var wg sync.WaitGroup
	wg.Go(func() { r = b.randomFile(ctx, p, d) })
	end := time.Now().Add(d)
	for err == nil && time.Now().Before(end) {
		if _, err = p.resync(ctx, s); err == nil {
			syncs++
		}
	}
	if err != nil {
		cancel()
	}
	wg.Wait()
	return r, syncs, err
}

// The power cut of the target: 20,000 phones boot within 60 s.
const (
	bootRate     = 20_000.0 / 60 // phones per second
	bootRequests = 5
	bootBlock    = 100 // phones whose requests alternate
)

// bootRequest returns request i of all phones. A third of them are uploads and unknown names. Each phone has an address
// of its own, as on a LAN, and each request a connection of its own, as with most phones.
func bootRequest(s *server, phones, i int) load.Request {
	const block = bootBlock * bootRequests
	phone := (i/block*bootBlock + i%bootBlock) % phones
	q := load.Request{Source: load.Loopback(phone), Want: 200}
	switch kind := i % block / bootBlock; {
	case kind == 0:
		q.Text, q.Want = get(s, "y000000000028.cfg"), 404
	case kind == 3:
		q.Text = get(s, tree.Welcome)
	case kind == 4 && phone%3 != 0:
		const body = "0101000000|so  |4|00|a phone's log\n"
		q.Text = fmt.Sprintf("PUT /phoneprov/%s-app.log HTTP/1.1\r\nHost: %s\r\nContent-Length: %d\r\n\r\n%s", tree.MAC(phone), s.address, len(body), body)
		q.Want = 201
	default:
		q.Text = get(s, tree.File(phone))
	}
	return q
}

func powerCut(ctx context.Context, b *bench) (o outcome, err error) {
	_, p, err := b.served(ctx, b.options.phones)
	if err != nil {
		return o, err
	}
	var r *load.Result
	d := time.Duration(b.options.boot * float64(time.Second))
	used, err := sampled(p.pid, func() error {
		r = load.Run(ctx, load.Plan{Address: p.address, Rate: bootRate * bootRequests, Duration: d, Next: func(i int) load.Request {
			return bootRequest(&p.server, b.options.phones, i)
		}})
		return nil
	})
	if err != nil {
		return o, err
	}
	m := measure{rate: float64(len(r.Latencies)) / d.Seconds(), usage: used, time: d}
	o.set("phoneprov", fmt.Sprintf("%s, p50 %s, p99 %s, most %s", m.text(""), milliseconds(r.Quantile(0.5)), milliseconds(r.Quantile(0.99)), milliseconds(r.Quantile(1))))
	o.checks = []check{
		atMost("p99", float64(r.Quantile(0.99))/1e6, 50, "ms"),
		atMost("not served:", float64(r.Failed()), 0, "requests"),
	}
	for what, n := range r.Errors {
		o.checks = append(o.checks, atMost(what+":", float64(n), 0, "requests"))
	}
	return o, nil
}
