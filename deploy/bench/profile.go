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

// profileEnv names the directory for profiles to a phoneprov that deploy/bench/run built with profiled.go.txt: at SIGUSR1 it
// begins, and at the next one writes what it found. Any other phoneprov would die of that signal.
const profileEnv = "PHONEPROV_BENCH_PROFILE"

// profileDir is where the row that is being measured gets its profiles; empty: they are not asked for.
func (b *bench) profileDir() string {
	if b.options.profile == "" {
		return ""
	}
	return b.options.profile
}

// startProfile begins the profiles of a phoneprov for the row, once.
func (b *bench) startProfile(p *phoneprov) error {
	if b.profileDir() == "" || slices.Contains(b.profiled, p) {
		return nil
	}
	b.profiled = append(b.profiled, p)
	return p.cmd.Process.Signal(syscall.SIGUSR1)
}

// stopProfiles writes them, and gives them the row's name.
func (b *bench) stopProfiles() error {
	for i, p := range b.profiled {
		if p.cmd.ProcessState != nil {
			continue
		}
		if err := p.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
			return err
		}
		for _, kind := range []string{"mutex", "heap", "cpu"} { // as they are written, the last one last
			from := filepath.Join(b.profileDir(), fmt.Sprintf("%s-%d.pprof", kind, p.pid))
			to := filepath.Join(b.profileDir(), fmt.Sprintf("%s-%d.%s.pprof", b.row, i+1, kind))
			err := eventually(context.Background(), 10*time.Second, 10*time.Millisecond, func() error { return os.Rename(from, to) })
			if err != nil {
				return err
			}
		}
	}
	b.profiled = nil
	return nil
}
