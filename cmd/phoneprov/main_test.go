package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/browser"
	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// TestMain makes this test binary the phoneprov of the scripts, and looks for goroutines that are left.
func TestMain(m *testing.M) {
	if os.Getenv(runnerEnv) != "" {
		if err := followOrders(os.Stdin, os.Stdout); err != io.EOF {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	testkit.SideBySide(8)
	testscript.Main(secrets.Guard(noLeaks{m}), map[string]func(){"phoneprov": watchedMain})
}

// secrets are those of the tests, and of what more are made from. Logs, pages and what commands print are searched for them.
var secrets = secrettest.New(append(allSecretWords(), oracle.Secret, "ami-secret", "not-the-secret", "hunter2", "secret-60", "secret-70", "secret-80",
	"ss=word", "secret-of", "first-pass", "second-pass", "all-pass", "s3cret",
	"cd786a416dee4ddd57067bfd6baccbf6", "ae9e5f7b1493da9332bb913f3a011b4604c0f4d9996bef41834bad3a9340cd2b")...)

// toldFile names, in the environment of a script's phoneprov, the file to which it adds a line for each secret that it tells.
const toldFile = "SECRETS_TOLD"

// watchedMain is main of a process that a script starts.
func watchedMain() {
	os.Exit(watched(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// watched is run with what it prints searched for secrets. What a render or -secrets prints is asked to have some.
func watched(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	watchedStderr, watchedStdout := io.MultiWriter(stderr, secrets.Stream(fmt.Sprintf("stderr of phoneprov %q", args))), stdout
	if !slices.Contains(args, "-secrets") && (!slices.Contains(args, "render") || slices.Contains(args, "-explain")) {
		watchedStdout = io.MultiWriter(stdout, secrets.Stream(fmt.Sprintf("stdout of phoneprov %q", args)))
	}
	code := run(ctx, args, os.LookupEnv, stdin, watchedStdout, watchedStderr)
	if err := noteTold(os.Getenv(toldFile)); err != nil {
		fmt.Fprintln(stderr, err)
		return -1 // no script wants it
	}
	return code
}

// noteTold adds to the file what the process has told, and that it was watched.
func noteTold(path string) error {
	f, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(strings.Join(append(secrets.Findings(), "watched"), "\n") + "\n")
	return errors.Join(err, f.Close())
}

// checkTold fails the test where a phoneprov of a script has told a secret.
func checkTold(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	for line := range strings.Lines(string(text)) {
		if line != "watched\n" {
			t.Error(line)
		}
	}
}

type noLeaks struct{ m *testing.M }

func (l noLeaks) Run() int {
	forgetSettings()
	code := l.m.Run()
	browser.Close()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

// forgetSettings takes the variables of the tester's own environment away that a phoneprov which a test starts would inherit:
// those of a service on this machine, or PHONEPROV_TEST_SEED, which is no setting.
func forgetSettings() {
	for _, entry := range os.Environ() {
		if name, _, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "PHONEPROV_") {
			os.Unsetenv(name)
		}
	}
	os.Setenv("PHONEPROV_STATE_DIR", "") // which a service that a test starts would share with one on this machine
}

func TestScripts(t *testing.T) {
	t.Parallel()
	told := filepath.Join(t.TempDir(), "told")
	t.Cleanup(func() { checkTold(t, told) })
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
			env.Setenv(toldFile, told)
			env.Setenv("PHONEPROV_LOG_LEVEL", "debug") // which says the most
			env.Setenv("PHONEPROV_STATE_DIR", filepath.Join(env.WorkDir, "state"))
			for _, name := range []string{"PHONEPROV_HTTP_LISTEN", "PHONEPROV_ADMIN_LISTEN"} {
				env.Setenv(name, "127.0.0.1:0") // check binds them, and the default may be taken on this machine
			}
			env.Values[scriptKey{}] = &script{processes: map[string]*process{}, servers: map[string]*amiserver.Server{}}
			return os.CopyFS(env.WorkDir, os.DirFS("testdata/tree"))
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"start":   cmdStart,
			"expect":  cmdExpect,
			"send":    cmdSend,
			"signal":  cmdSignal,
			"ended":   cmdEnded,
			"get":     cmdGet,
			"ami":     cmdAMI,
			"amistop": cmdAMIStop,
			"reload":  cmdReload,
			"replace": cmdReplace,
			"run":     cmdRun,
		},
	})
}
