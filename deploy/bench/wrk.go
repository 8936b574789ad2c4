package main

import (
	"context"
	_ "embed"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// reportLua is wrk's script: it takes the paths that are asked for and reports on one line.
//
//go:embed wrk.lua
var reportLua string

// closed is a load by wrk: a number of connections, each of which sends the next request after an answer.
type closed struct {
	connections int
	seconds     float64
	paths       string // a file with one path per line, which are requested in turn; empty: the URL alone
}

// measure is what a server did under a load.
type measure struct {
	rate  float64 // answers, or bytes, per second
	asked int     // answers
	usage usage
	time  time.Duration
}

// cpu returns how many of the machine's CPUs the server used.
func (m measure) cpu() float64 {
	if m.time <= 0 {
		return 0
	}
	return float64(m.usage.cpu) / float64(m.time)
}

// wrkSlack is what wrk may take beyond its duration, to connect and to read the last answers.
const wrkSlack = 15 * time.Second

// wrk loads a server with requests for a file. A wrong answer is an error.
func (b *bench) wrk(ctx context.Context, s *server, file string, c closed) (m measure, bytes float64, err error) {
	duration := time.Duration(c.seconds * float64(time.Second))
	ctx, cancel := context.WithTimeout(ctx, duration+wrkSlack)
	defer cancel()
	args := []string{"-t1", fmt.Sprintf("-c%d", c.connections), fmt.Sprintf("-d%ds", max(1, int(c.seconds+0.5))), "--timeout", "10s",
		"-s", b.script, s.url(file)}
	if c.paths != "" {
		args = append(args, "--", c.paths)
	}
	var out []byte
	m.usage, err = sampled(s.pid, func() error {
		out, err = exec.CommandContext(ctx, "wrk", args...).CombinedOutput()
		return err
	})
	if err != nil {
		return m, 0, fmt.Errorf("wrk: %w: %s", err, out)
	}
	r, err := parseReport(string(out))
	if err != nil {
		return m, 0, err
	}
	if r.bad > 0 {
		return m, 0, fmt.Errorf("%s: %d of %d answers were not right", s.name, r.bad, r.answers)
	}
	m.asked, m.time = r.answers, r.time
	m.rate = float64(r.answers) / r.time.Seconds()
	return m, float64(r.bytes) / r.time.Seconds(), nil
}

// report is the line that wrk.lua prints.
type report struct {
	answers, bytes, bad int
	time                time.Duration
}

func parseReport(out string) (r report, err error) {
	_, line, ok := strings.Cut(out, "report ")
	var microseconds int
	if _, err := fmt.Sscan(line, &r.answers, &microseconds, &r.bytes, &r.bad); !ok || err != nil || microseconds <= 0 {
		return r, fmt.Errorf("no report of wrk in %q", out)
	}
	r.time = time.Duration(microseconds) * time.Microsecond
	return r, nil
}
