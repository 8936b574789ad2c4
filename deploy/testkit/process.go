package testkit

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"testing"
)

// Start starts a process and returns a channel that is closed when it has ended; its state is then in cmd.ProcessState.
// atEnd is the Cleanup of a test or the Defer of a script: the process is killed there.
func Start(cmd *exec.Cmd, atEnd func(func())) (ended <-chan struct{}, err error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = cmd.Wait() // ProcessState tells
	}()
	atEnd(func() {
		_ = cmd.Process.Kill() // fails where the process has ended
		<-done
	})
	return done, nil
}

// Self starts the test binary as a process of its own, with arguments and with additional variables of the environment, and
// returns the first line that it prints. When the test ends, Self closes the process's standard input and waits for its end;
// it fails the test where the process does not end with 0.
func Self(tb testing.TB, args []string, env ...string) (line string) {
	tb.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env, cmd.Stderr = append(os.Environ(), env...), os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	output := bufio.NewReader(out)
	tb.Cleanup(func() {
		_ = in.Close()                    // fails where the process has ended
		_, _ = output.WriteTo(io.Discard) // or the process waits for a reader
		if err := cmd.Wait(); err != nil {
			tb.Errorf("%s %q: %v", os.Args[0], args, err)
		}
	})
	line, err = output.ReadString('\n')
	if err != nil {
		tb.Fatalf("%s %q said %q: %v", os.Args[0], args, line, err)
	}
	return line[:len(line)-1]
}
