package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// runnerEnv makes this test binary a runner.
const runnerEnv = "PHONEPROV_TEST_RUNNER"

// runner is a process that runs phoneprov's commands for a script, one after the other. A process for each command
// would cost 50 ms of a processor to start.
type runner struct {
	process  *exec.Cmd
	orders   *json.Encoder
	outcomes *json.Decoder
}

// order is a command for a runner. It is one line of JSON.
type order struct {
	Dir   string
	Env   []string
	Args  []string
	Stdin string
}

// outcome is what came of an order. It is one line of JSON.
type outcome struct {
	Stdout string
	Stderr string
	Code   int
}

// run ARG... [<FILE]: runs phoneprov with the arguments, and with the file as its stdin. It does what "exec phoneprov" does
// in less time. Of the environment it has what "start" has: settings that are not empty.
func cmdRun(ts *testscript.TestScript, neg bool, args []string) {
	o := order{Dir: ts.MkAbs("."), Env: environment(ts), Args: args}
	if last := len(args) - 1; last >= 0 && strings.HasPrefix(args[last], "<") {
		o.Args, o.Stdin = args[:last], ts.ReadFile(args[last][1:])
	}
	r := of(ts).runnerOf(ts)
	limit := time.AfterFunc(testkit.Patience, func() { _ = r.process.Process.Kill() })
	defer limit.Stop()
	var got outcome
	if err := errors.Join(r.orders.Encode(o), r.outcomes.Decode(&got)); err != nil {
		ts.Fatalf("phoneprov %q crashed, or took longer than %v: %v: %s", o.Args, testkit.Patience, err, r.process.Stderr)
	}
	_, _ = io.WriteString(ts.Stdout(), got.Stdout)
	_, _ = io.WriteString(ts.Stderr(), got.Stderr)
	if (got.Code != 0) != neg {
		ts.Fatalf("phoneprov %q ended with %d:\n%s%s", o.Args, got.Code, got.Stdout, got.Stderr)
	}
}

// runnerOf starts the script's runner at its first order.
func (s *script) runnerOf(ts *testscript.TestScript) *runner {
	if s.runner != nil {
		return s.runner
	}
	self, err := os.Executable()
	ts.Check(err)
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), runnerEnv+"=1")
	cmd.Stderr = new(testkit.Log)
	in, err := cmd.StdinPipe()
	ts.Check(err)
	out, err := cmd.StdoutPipe()
	ts.Check(err)
	_, err = testkit.Start(cmd, ts.Defer)
	ts.Check(err)
	s.runner = &runner{cmd, json.NewEncoder(in), json.NewDecoder(out)}
	return s.runner
}

// followOrders is main of a runner. It ends with its input.
func followOrders(in io.Reader, out io.Writer) error {
	orders, outcomes := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var o order
		if err := orders.Decode(&o); err != nil {
			return err
		}
		if err := os.Chdir(o.Dir); err != nil {
			return err
		}
		os.Clearenv()
		for _, entry := range o.Env {
			name, value, _ := strings.Cut(entry, "=")
			os.Setenv(name, value)
		}
		var stdout, stderr bytes.Buffer
		code := watched(context.Background(), o.Args, strings.NewReader(o.Stdin), &stdout, &stderr)
		if err := outcomes.Encode(outcome{stdout.String(), stderr.String(), code}); err != nil {
			return err
		}
	}
}
