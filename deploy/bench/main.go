// Command bench measures phoneprov, a real Asterisk, nginx and a bare chi handler on one machine, and prints a table:
// see deploy/doc/SPEED.md. deploy/bench/run builds what it needs, and runs it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/phoneprov/phoneprov/deploy/bench/tree"
)

// options are the options of the command line.
type options struct {
	phones  int     // of the large configuration
	seconds float64 // of one load
	turns   int     // of each server in a row
	syncs   int     // of the row that watches the memory
	boot    float64 // seconds of the power cut, whose full length is 60
	rows    string

	root, phoneprov, barechi string // that deploy/bench/run built
	id                       string // of the run
	profile                  string // directory for profiles; empty: none
}

func parseOptions(args []string) (o options, err error) {
	f := flag.NewFlagSet("deploy/bench/run", flag.ContinueOnError)
	f.IntVar(&o.phones, "phones", 100_000, "`number` of phones of the large configuration")
	f.Float64Var(&o.seconds, "seconds", 2, "whole `seconds` of each load")
	f.IntVar(&o.turns, "turns", 3, "`number` of loads of each server in a row, one after the other: A B C A B C")
	f.IntVar(&o.syncs, "syncs", 20, "`number` of syncs while the memory is watched")
	f.Float64Var(&o.boot, "boot", 12, "`seconds` of the power cut: 60 is the whole, less is a part of it at the same rate")
	f.StringVar(&o.rows, "rows", "", "`names` of rows with commas between them; empty: all of "+strings.Join(rowNames(), ","))
	f.StringVar(&o.root, "root", ".", "`directory` of the checkout")
	f.StringVar(&o.phoneprov, "phoneprov", "phoneprov", "`program`")
	f.StringVar(&o.barechi, "barechi", "barechi", "`program`")
	f.StringVar(&o.id, "id", "0", "`text` that containers are labelled with")
	f.StringVar(&o.profile, "profile", "", "`directory` for a CPU, heap and mutex profile of phoneprov in each row")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	if o.phones < 100 || o.phones > tree.MaxPhones || o.seconds < 1 || o.turns < 1 || o.syncs < 2 || o.boot <= 0 || f.NArg() > 0 {
		return o, errors.New("want at least 100 phones, 1 second, 1 turn and 2 syncs, and no arguments")
	}
	for _, name := range o.names() {
		if !slices.Contains(rowNames(), name) {
			return o, fmt.Errorf("no row %q: want some of %s", name, strings.Join(rowNames(), ","))
		}
	}
	return o, nil
}

// names returns the names of the rows to run.
func (o options) names() []string {
	if o.rows == "" {
		return rowNames()
	}
	return strings.Split(o.rows, ",")
}

// bench is a run.
type bench struct {
	options  options
	dir      string // of everything that the run writes
	data     string // templates and static files
	script   string // wrk.lua
	sites    map[int]*site
	started  int
	cleanup  []func()
	row      string // the row that is being measured
	profiled []*phoneprov
}

func (b *bench) atEnd(f func()) { b.cleanup = append(b.cleanup, f) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "deploy/bench/run:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parseOptions(args)
	if err != nil {
		return err
	}
	b := &bench{options: o, sites: map[int]*site{}}
	defer func() {
		for _, f := range slices.Backward(b.cleanup) {
			f()
		}
	}()
	if err := b.prepare(); err != nil {
		return err
	}
	start := time.Now()
	var lines []line
	for _, r := range rows() {
		if !slices.Contains(o.names(), r.name) {
			continue
		}
		fmt.Fprintf(os.Stderr, "%4.0f s  %s\n", time.Since(start).Seconds(), r.name)
		b.row = r.name
		out, err := r.measure(ctx, b)
		if profileErr := b.stopProfiles(); profileErr != nil {
			return profileErr
		}
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		lines = append(lines, line{r, out, err})
	}
	fmt.Print(table(lines))
	fmt.Print("\n" + b.machine(ctx) + "\n")
	fmt.Fprintf(os.Stderr, "%4.0f s  done\n", time.Since(start).Seconds())
	return nil
}

// prepare creates the work directory, which the containers' users may read.
func (b *bench) prepare() (err error) {
	if b.dir, err = os.MkdirTemp("", "phoneprov-bench-"); err != nil {
		return err
	}
	b.atEnd(func() { _ = os.RemoveAll(b.dir) })
	b.data, b.script = filepath.Join(b.dir, "data"), filepath.Join(b.dir, "wrk.lua")
	return errors.Join(os.Chmod(b.dir, 0o755), os.Mkdir(b.data, 0o755), tree.WriteData(b.data, tree.FirmwareSize),
		os.WriteFile(b.script, []byte(reportLua), 0o644), os.WriteFile(filepath.Join(b.dir, "phoneprov.ini"), nil, 0o644))
}
