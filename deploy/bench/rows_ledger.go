package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/phoneprov/phoneprov/deploy/bench/load"
	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// Bounds of the ledger for 100,000 phones: its memory, and the time after which it has found a sync's changes.
const (
	ledgerSeconds = 60    // in which each phone fetches once
	ledgerMemory  = 100   // MB
	ledgerDisk    = 500   // MB
	ledgerKnows   = 2_000 // ms
	// ledgerWarm files fill the render caches, which do not count as the ledger's memory.
	ledgerWarm = 6_000
	// ledgerGarbage is how long requests fill the heap, in seconds: at 10 kB of garbage each they reach the bound in two.
	ledgerGarbage = 4

	ledgerOneOf = 100 // phones, one changes
)

// ledgerRow lets every phone fetch its file once, then changes some files. It measures memory and disk, whether every
// fetch is recorded, and how long after the sync the changes are found.
func ledgerRow(ctx context.Context, b *bench) (o outcome, err error) {
	s, err := b.site(b.options.phones)
	if err != nil {
		return o, err
	}
	if err := tree.WriteUsers(s.config, s.phones, "Desk"); err != nil {
		return o, err
	}
	p, err := b.startPhoneprov(ctx, s.config, source{config: "files"})
	if err != nil {
		return o, err
	}
	for i := range min(ledgerWarm, s.phones) {
		if _, err := fetch(ctx, p.url(tree.File(i))); err != nil {
			return o, err
		}
	}
	// Requests make garbage up to the collector's bound, with a ledger or without: that does not count either.
	if _, _, err := b.wrk(ctx, &p.server, tree.File(0), closed{connections: 16, seconds: ledgerGarbage}); err != nil {
		return o, err
	}
	before := usageOf(p.pid).rss
	d := time.Duration(b.options.boot * float64(time.Second))
	r := load.Run(ctx, load.Plan{Address: p.address, Rate: float64(s.phones) / ledgerSeconds, Duration: d, Next: func(i int) load.Request {
		return load.Request{Source: load.Loopback(i % s.phones), Text: get(&p.server, tree.File(i%s.phones)), Want: 200}
	}})
	memory := float64(usageOf(p.pid).rss-before) / 1e6
	changed := max(1, s.phones/ledgerOneOf)
	if _, err := p.log.Seek(0, io.SeekEnd); err != nil {
		return o, err
	}
	p.r.Reset(p.log)
	if err := tree.WriteSome(s.config, s.phones, changed, "Dusk", "Desk"); err != nil {
		return o, err
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		return o, err
	}
	took, waiting, err := p.compared(ctx)
	if err != nil {
		return o, err
	}
	if err := b.stopProfiles(); err != nil {
		return o, err
	}
	p.stop()
	known, disk, err := p.exported(ctx, b.options.phoneprov)
	if err != nil {
		return o, err
	}
	o.set("phoneprov", fmt.Sprintf("%d fetches, p99 %s; %.0f MB more, %.0f MB on disk; %d of %d changes known after %s",
		len(r.Latencies), milliseconds(r.Quantile(0.99)), memory, disk, waiting, changed, milliseconds(took)))
	o.checks = []check{
		atMost("more memory", memory, ledgerMemory, "MB"),
		atMost("disk", disk, ledgerDisk, "MB"),
		atMost("fetches not known:", float64(len(r.Latencies)-r.Failed()-known), 0, "phones"),
		atMost("changes not known:", float64(changed-waiting), 0, "phones"),
		atMost("change known after", float64(took)/1e6, ledgerKnows, "ms"),
		atMost("not served:", float64(r.Failed()), 0, "requests"),
	}
	return o, nil
}

// compared waits for the line of the log that says that the phones that a sync changed are compared.
func (p *phoneprov) compared(ctx context.Context) (took time.Duration, waiting int, err error) {
	err = eventually(ctx, syncTimeout, time.Millisecond, func() error {
		for {
			line, err := p.r.ReadBytes('\n')
			if err != nil {
				return errors.New("no comparison in the log")
			}
			if !bytes.Contains(line, []byte(`"message":"compared"`)) {
				continue
			}
			var fields struct {
				Milliseconds float64 `json:"duration_ms"`
				Waiting      int     `json:"change_waiting"`
			}
			if err := json.Unmarshal(line, &fields); err != nil {
				return err
			}
			took, waiting = time.Duration(fields.Milliseconds*float64(time.Millisecond)), fields.Waiting
			return nil
		}
	})
	return took, waiting, err
}

// stop ends it as an administrator does, so that all is committed.
func (p *phoneprov) stop() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// exported counts the phones that the state has a fetch of, and its megabytes on disk.
func (p *phoneprov) exported(ctx context.Context, program string) (known int, disk float64, err error) {
	info, err := os.Stat(filepath.Join(p.state, "ledger.db"))
	if err != nil {
		return 0, 0, err
	}
	cmd := exec.CommandContext(ctx, program, "state", "export")
	cmd.Env = append(os.Environ(), p.env...)
	out, err := cmd.Output()
	if err != nil {
		return 0, 0, fmt.Errorf("state export: %w", err)
	}
	return bytes.Count(out, []byte(`"fetched_at"`)), float64(info.Size()) / 1e6, nil
}
