package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// clockTick is the unit of CPU times in /proc: 100 per second on every Linux that Go supports.
const clockTick = 10 * time.Millisecond

// server is a server that is measured. It listens on loopback.
type server struct {
	name    string
	address string
	pid     int
}

func (s *server) url(file string) string { return "http://" + s.address + "/phoneprov/" + file }

// usage is what a process and its children used.
type usage struct {
	cpu time.Duration
	rss int64 // bytes
}

// usageOf adds up a process and its children, such as nginx's workers. Children that have ended do not count.
func usageOf(pid int) usage {
	u := usage{}
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		u.cpu = cpuOf(string(stat))
	}
	if status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)); err == nil {
		u.rss = rssOf(string(status))
	}
	children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	for _, child := range strings.Fields(string(children)) {
		if n, err := strconv.Atoi(child); err == nil {
			c := usageOf(n)
			u.cpu += c.cpu
			u.rss += c.rss
		}
	}
	return u
}

// cpuOf parses utime and stime, which come some fields after the name in parentheses.
func cpuOf(stat string) time.Duration {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return time.Duration(user+system) * clockTick
}

func rssOf(status string) int64 {
	_, rest, _ := strings.Cut(status, "VmRSS:")
	if fields := strings.Fields(rest); len(fields) > 0 {
		kb, _ := strconv.ParseInt(fields[0], 10, 64)
		return kb << 10
	}
	return 0
}

// sampled runs f, and returns the CPU that a process used meanwhile, and its highest memory.
func sampled(pid int, f func() error) (usage, error) {
	before := usageOf(pid)
	most := before.rss
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, usageOf(pid).rss)
			case <-stop:
				return
			}
		}
	}()
	err := f()
	close(stop)
	<-stopped
	after := usageOf(pid)
	return usage{after.cpu - before.cpu, max(most, after.rss)}, err
}

// start starts a program that runs until the benchmark ends. Its output goes to a file in the work directory.
func (b *bench) start(name string, env []string, program string, args ...string) (*exec.Cmd, string, error) {
	b.started++
	logFile := fmt.Sprintf("%s/%s-%d.log", b.dir, name, b.started)
	f, err := os.Create(logFile)
	if err != nil {
		return nil, "", err
	}
	defer f.Close()
	cmd := exec.Command(program, args...)
	cmd.Env = append(slices.DeleteFunc(os.Environ(), forTests), env...)
	cmd.Stdout, cmd.Stderr = f, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	b.atEnd(func() { end(cmd) })
	return cmd, logFile, nil
}

// forTests reports an environment variable for tests. phoneprov refuses variables with its prefix that are not
// settings.
func forTests(entry string) bool { return strings.HasPrefix(entry, "PHONEPROV_TEST_") }

// end asks a program to end, and kills it if it does not.
func end(cmd *exec.Cmd) {
	if cmd.ProcessState != nil {
		return
	}
	_ = cmd.Process.Signal(syscall.SIGTERM)
	timer := time.AfterFunc(10*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	_ = cmd.Wait()
}

// freeAddress returns an unused address on loopback.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// readyTimeout bounds the start of a server with 100,000 phones on a busy machine.
const readyTimeout = 90 * time.Second

// awaitOK requests a URL until the answer is 200.
func awaitOK(ctx context.Context, url string) error {
	return eventually(ctx, readyTimeout, 2*time.Millisecond, func() error {
		resp, err := http.Get(url)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusOK {
			return errors.New(resp.Status)
		}
		return nil
	})
}

// eventually calls a function until it returns no error.
func eventually(ctx context.Context, within, every time.Duration, try func() error) error {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("not within %v: %w", within, err)
		}
	}
}
