package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

// profileEnv names the directory for profiles. It is for a phoneprov that deploy/bench/run built with profiled.go.txt,
// which always profiles itself and writes the profile at SIGUSR1. Any other phoneprov would die of the signal.
const profileEnv = "BENCH_PROFILE"

// profile makes a phoneprov write its profiles at the end of the row.
func (b *bench) profile(p *phoneprov) {
	if b.options.profile != "" && !slices.Contains(b.profiled, p) {
		b.profiled = append(b.profiled, p)
	}
}

// stopProfiles writes the profiles, and names them after the row.
func (b *bench) stopProfiles() error {
	for i, p := range b.profiled {
		if p.cmd.ProcessState != nil {
			continue
		}
		if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			return err
		}
		for _, kind := range []string{"mutex", "heap", "cpu"} { // in the order in which they are written
			from := filepath.Join(b.options.profile, fmt.Sprintf("%s-%d.pprof", kind, p.pid))
			to := filepath.Join(b.options.profile, fmt.Sprintf("%s-%d.%s.pprof", b.row, i+1, kind))
			err := eventually(context.Background(), 10*time.Second, 10*time.Millisecond, func() error { return os.Rename(from, to) })
			if err != nil {
				return err
			}
		}
	}
	b.profiled = nil
	return nil
}
