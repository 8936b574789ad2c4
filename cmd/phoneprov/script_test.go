package main

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// process is a phoneprov that a script started.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	output testkit.Log // stdout and stderr, which tell no secret
	ended  <-chan struct{}
}

// script is what one script has started, by the names that it gave.
type script struct {
	processes map[string]*process
	servers   map[string]*amiserver.Server
	runner    *runner // nil until the first order
}

type scriptKey struct{}

func of(ts *testscript.TestScript) *script { return ts.Value(scriptKey{}).(*script) }

func (s *script) process(ts *testscript.TestScript, name string) *process {
	if s.processes[name] == nil {
		ts.Fatalf("nothing was started as %q", name)
	}
	return s.processes[name]
}

// mostPause is the longest pause between two looks of until. Checking a password takes 60 ms, for one.
const mostPause = 100 * time.Millisecond

// until polls a condition, less often after a while; what is the last word when it never came.
func until(ts *testscript.TestScript, done func() bool, what func() string) {
	if !testkit.Poll(testkit.Patience, mostPause, done) {
		ts.Fatalf("not within %v: %s", testkit.Patience, what())
	}
}

// start NAME ARG...: runs phoneprov with the arguments until the script ends or "ended" has seen it end.
func cmdStart(ts *testscript.TestScript, _ bool, args []string) {
	p := &process{cmd: exec.Command("phoneprov", args[1:]...)}
	path, err := lookPath(ts, "phoneprov")
	ts.Check(err)
	p.cmd.Path, p.cmd.Err = path, nil
	p.cmd.Dir, p.cmd.Env = ts.Getenv("WORK"), environment(ts)
	all := io.MultiWriter(&p.output, secrets.Stream("the output of "+args[0])) // the runtime's of a crash too
	p.cmd.Stdout, p.cmd.Stderr = all, all
	p.stdin, err = p.cmd.StdinPipe()
	ts.Check(err)
	p.ended, err = testkit.Start(p.cmd, ts.Defer)
	ts.Check(err)
	of(ts).processes[args[0]] = p
}

// environment is a script's, as far as phoneprov has a use for it.
func environment(ts *testscript.TestScript) []string {
	var env []string
	for _, name := range []string{"PATH", "TMPDIR", "HOME", "WORK", toldFile} {
		env = append(env, name+"="+ts.Getenv(name))
	}
	for _, d := range settingsTable() {
		if v := ts.Getenv(d.env()); v != "" {
			env = append(env, d.env()+"="+v)
		}
	}
	return env
}

func lookPath(ts *testscript.TestScript, name string) (string, error) {
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		if info, err := os.Stat(dir + "/" + name); err == nil && !info.IsDir() {
			return dir + "/" + name, nil
		}
	}
	return "", exec.ErrNotFound
}

// expect NAME REGEXP [VARIABLE]: waits for it in the output, and sets the variable to its group.
func cmdExpect(ts *testscript.TestScript, _ bool, args []string) {
	p := of(ts).process(ts, args[0])
	re := regexp.MustCompile("(?m)" + args[1])
	var found []string
	until(ts, func() bool {
		found = re.FindStringSubmatch(p.output.String())
		return found != nil
	}, func() string { return p.output.String() })
	if len(args) > 2 {
		ts.Setenv(args[2], found[1])
	}
}

// send NAME LINE: types it.
func cmdSend(ts *testscript.TestScript, _ bool, args []string) {
	_, err := fmt.Fprintln(of(ts).process(ts, args[0]).stdin, args[1])
	ts.Check(err)
}

// signal NAME INT|TERM|HUP|KILL
func cmdSignal(ts *testscript.TestScript, _ bool, args []string) {
	signals := map[string]os.Signal{"INT": syscall.SIGINT, "TERM": syscall.SIGTERM, "HUP": syscall.SIGHUP, "KILL": syscall.SIGKILL}
	ts.Check(of(ts).process(ts, args[0]).cmd.Process.Signal(signals[args[1]]))
}

// ended NAME CODE: waits for its end and compares the exit code. Its output is then stdout's.
func cmdEnded(ts *testscript.TestScript, _ bool, args []string) {
	p := of(ts).process(ts, args[0])
	select {
	case <-p.ended:
	case <-time.After(testkit.Patience):
		ts.Fatalf("%s did not end: %s", args[0], &p.output)
	}
	fmt.Fprint(ts.Stdout(), &p.output)
	if got := fmt.Sprint(p.cmd.ProcessState.ExitCode()); got != args[1] {
		ts.Fatalf("exit code %s, want %s: %s", got, args[1], &p.output)
	}
}

// get URL STATUS [REGEXP]: asks until the answer is that one.
func cmdGet(ts *testscript.TestScript, _ bool, args []string) {
	re := regexp.MustCompile("")
	if len(args) > 2 {
		re = regexp.MustCompile(args[2])
	}
	client := http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	var last string
	until(ts, func() bool {
		resp, err := client.Get(args[0])
		if err != nil {
			last = err.Error()
			return false
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		ts.Check(err)
		last = fmt.Sprint(resp.StatusCode, resp.Header, string(body))
		page(args[0], resp.StatusCode, last)
		return fmt.Sprint(resp.StatusCode) == args[1] && re.Match(body)
	}, func() string { return last })
}

// page has an answer searched for secrets; a phone's file may have some.
func page(url string, status int, text string) {
	if status != http.StatusOK || strings.HasSuffix(url, "z") { // readyz, healthz
		secrets.Text(fmt.Sprintf("the answer %d to %s", status, url), text)
	}
}

// ami DIR [VARIABLE]: a manager interface that answers from a directory, at the address in the variable (AMI), which is
// set where it has none.
func cmdAMI(ts *testscript.TestScript, _ bool, args []string) {
	variable := "AMI"
	if len(args) > 1 {
		variable = args[1]
	}
	l, err := net.Listen("tcp", cmp.Or(ts.Getenv(variable), "127.0.0.1:0"))
	ts.Check(err)
	server := amiserver.New(amiserver.Options{Username: "phoneprov", Secret: "ami-secret", Dir: ts.MkAbs(args[0])})
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	ts.Defer(func() {
		server.Close()
		ts.Check(<-done)
	})
	ts.Setenv(variable, l.Addr().String())
	of(ts).servers[variable] = server
}

// amistop: Asterisk is gone; "ami" brings it back at the same address.
func cmdAMIStop(ts *testscript.TestScript, _ bool, _ []string) {
	of(ts).servers["AMI"].Close()
}

// reload [MODULE]: what Asterisk's CLI would do.
func cmdReload(ts *testscript.TestScript, _ bool, args []string) {
	of(ts).servers["AMI"].Reload(append(args, "All")[0])
}

// replace FILE OLD NEW: edits a file, which must have the old text.
func cmdReplace(ts *testscript.TestScript, _ bool, args []string) {
	text := ts.ReadFile(args[0])
	if !strings.Contains(text, args[1]) {
		ts.Fatalf("%s has no %q", args[0], args[1])
	}
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), []byte(strings.ReplaceAll(text, args[1], args[2])), 0o644))
}
