package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// machine describes, in one line, the machine of the table.
func (b *bench) machine(ctx context.Context) string {
	parts := []string{fmt.Sprintf("%s, %d CPUs of %s, load %s", time.Now().UTC().Format("2006-01-02"), runtime.NumCPU(), cpuModel(), loadAverage())}
	for _, c := range [][]string{
		{"uname", "-sr"},
		{b.options.phoneprov, "version"},
		{"git", "-C", b.options.root, "log", "-1", "--format=commit %h"},
		{"docker", "run", "--rm", image, "asterisk", "-V"},
		{"nginx", "-v"},
		{"wrk", "-v"},
	} {
		out, _ := exec.CommandContext(ctx, c[0], c[1:]...).CombinedOutput() // wrk -v exits 1
		if first, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n"); first != "" {
			first, _, _ = strings.Cut(first, " Copyright")
			parts = append(parts, strings.TrimPrefix(first, "nginx version: "))
		}
	}
	o := b.options
	parts = append(parts, fmt.Sprintf("medians of %d turns of %g s, %s phones, %d syncs, a power cut of %g s", o.turns, o.seconds,
		thousands(float64(o.phones)), o.syncs, o.boot))
	return strings.Join(parts, "; ") + "."
}

func cpuModel() string {
	info, _ := os.ReadFile("/proc/cpuinfo")
	_, rest, _ := strings.Cut(string(info), "model name")
	first, _, _ := strings.Cut(rest, "\n")
	return strings.TrimLeft(first, "\t: ")
}

// loadAverage returns the load of the last minute, which shows what else was running.
func loadAverage() string {
	text, _ := os.ReadFile("/proc/loadavg")
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
