// Package load sends HTTP requests at a fixed rate, whatever happens to those before (an open loop). It measures how
// long each took since it was due. So a server that stalls makes all requests late that were due meanwhile, as it would
// for phones, and none is left out (no coordinated omission).
package load

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Bounds of a run.
const (
	timeout   = 10 * time.Second // of a request; a phone gives up after some 30 s
	maxFlying = 4096             // requests under way; later ones wait, and their time runs
)

// Request is a request of a phone.
type Request struct {
	Source netip.Addr // the address of the phone
	Text   string     // as it is sent
	Want   int        // the expected status
}

// Plan says what a run does.
type Plan struct {
	Address  string // of the server
	Rate     float64
	Duration time.Duration
	// Next returns request i. One goroutine calls it.
	Next func(i int) Request
	// Keep is for phones that use a connection again: a request then uses any free connection. Otherwise each has its
	// own.
	Keep bool
}

// Result is the result of a run.
type Result struct {
	Latencies []time.Duration // of all correct answers, sorted
	Errors    map[string]int  // the other requests, by what went wrong
}

// Failed counts the errors.
func (r *Result) Failed() (n int) {
	for _, c := range r.Errors {
		n += c
	}
	return n
}

// Quantile returns the latency that a fraction q of the requests did not exceed; 0 without requests.
func (r *Result) Quantile(q float64) time.Duration {
	if len(r.Latencies) == 0 {
		return 0
	}
	return r.Latencies[min(int(q*float64(len(r.Latencies))), len(r.Latencies)-1)]
}

// run is a run under way.
type run struct {
	plan Plan

	mu     sync.Mutex
	result Result
	free   []*conn
}

type conn struct {
	net.Conn
	r *bufio.Reader
}

// Run sends the requests of a plan and waits for their answers. When ctx ends, it sends no more.
func Run(ctx context.Context, p Plan) *Result {
	r := &run{plan: p, result: Result{Errors: map[string]int{}}}
	flying := make(chan struct{}, maxFlying)
	var wg sync.WaitGroup
	start := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for i := range int(p.Rate * p.Duration.Seconds()) {
		due := start.Add(time.Duration(float64(i) / p.Rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-timer.C:
			case <-ctx.Done():
			}
		}
		if ctx.Err() != nil {
			break
		}
		next := p.Next(i)
		flying <- struct{}{}
		wg.Go(func() {
			r.done(due, r.send(next))
			<-flying
		})
	}
	wg.Wait()
	for _, c := range r.free {
		_ = c.Close()
	}
	slices.Sort(r.result.Latencies)
	return &r.result
}

func (r *run) done(due time.Time, err error) {
	took := time.Since(due)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		r.result.Errors[err.Error()]++
		return
	}
	r.result.Latencies = append(r.result.Latencies, took)
}

func (r *run) send(q Request) error {
	c, err := r.connection(q.Source)
	if err != nil {
		return errors.New("connect: " + reason(err))
	}
	keep := false
	defer func() { r.release(c, keep) }()
	if err := c.SetDeadline(time.Now().Add(timeout)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, q.Text); err != nil {
		return errors.New("write: " + reason(err))
	}
	resp, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return errors.New("read: " + reason(err))
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return errors.New("read: " + reason(err))
	}
	if resp.StatusCode != q.Want {
		return fmt.Errorf("status %d in place of %d", resp.StatusCode, q.Want)
	}
	keep = r.plan.Keep && !resp.Close
	return nil
}

// reason returns an error of the network without addresses, so that equal failures count together.
func reason(err error) string {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return op.Err.Error()
	}
	return err.Error()
}

func (r *run) connection(source netip.Addr) (*conn, error) {
	r.mu.Lock()
	if n := len(r.free); n > 0 {
		c := r.free[n-1]
		r.free = r.free[:n-1]
		r.mu.Unlock()
		return c, nil
	}
	r.mu.Unlock()
	d := net.Dialer{Timeout: timeout, LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(source, 0))}
	c, err := d.Dial("tcp", r.plan.Address)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReader(c)}, nil
}

func (r *run) release(c *conn, keep bool) {
	if !keep {
		_ = c.Close()
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.free = append(r.free, c)
}

// Loopback returns address i of 127.0.0.0/8, from 127.1.0.1 on. A host may send from all of them without any setup.
func Loopback(i int) netip.Addr {
	i += 1<<16 + 1
	return netip.AddrFrom4([4]byte{127, byte(i >> 16), byte(i >> 8), byte(i)})
}
