package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
)

// Exit codes.
const (
	exitOK     = 0
	exitFailed = 1 // the command failed, or found an error
	exitUsage  = 2 // the command line is wrong
)

// lookupEnv is os.LookupEnv, or that of a test.
type lookupEnv func(key string) (value string, ok bool)

// call is a run of a subcommand. It has everything that the run may use of the outside world.
type call struct {
	flags  *flag.FlagSet
	args   []string // that follow the flags
	getenv lookupEnv
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// command is a subcommand. setup declares its flags, and returns the function that runs after they are parsed.
type command struct {
	name, args, summary string
	maxArgs             int
	setup               func(*call) func(context.Context) error
}

func commands() []command {
	return []command{
		{"serve", "", "run the service", 0, setupServe},
		{"init", "", "set phoneprov up beside the Asterisk of this machine: its account, its settings, profiles; shows each step before it does it", 0, setupInit},
		{"demo", "[DIR]", "try the service on a sample configuration, without an Asterisk", 1, setupDemo},
		{"check", "", "load everything once, render every file, print what is wrong", 0, setupCheck},
		{"routes", "", "print the files that are served", 0, setupRoutes},
		{"render", "URI|MAC|NAME", "print a file as a phone gets it, or all files of a phone, named by its MAC, extension, user name or display name", 1, setupRender},
		{"profiles", "[list|show NAME|add NAME...|upgrade]", "list ready-made profiles for the phones of many makes, show one, add some to the configuration, bring newer ones", math.MaxInt, setupProfiles},
		{"phone", "add|remove MAC|list|import FILE.csv", "add phones to Asterisk's configuration, with generated secrets; remove and list them", 2, setupPhone},
		{"passwd", "MAC|shared USER", "write a phone's password, read from stdin, to the credentials file", math.MaxInt, setupPasswd},
		{"diff", "[MAC]", "print how files would change if Asterisk's present configuration were served; exits 1 if any would, 2 if it cannot tell", 1, setupDiff},
		{"compare", "URL", "fetch every file from a running res_phoneprov, and print how it differs from ours and why; exits 1 if any does, 2 if it cannot tell", 1, setupCompare},
		{"confirm", "[ID]", "apply a change of Asterisk's configuration that the running service holds because it takes away many phones", 1, setupConfirm},
		{"state", "export|import", "write what is known of phones as JSON lines to stdout, or add it from stdin; serve must not be running", 1, setupState},
		{"export", "rps", "write the list of phones that a vendor's redirect service takes (RPS, SRAPS, GDMS, ...), as CSV", math.MaxInt, setupExport},
		{"notify", "[MAC...]", "tell phones to fetch their files, with SIP NOTIFY through Asterisk", math.MaxInt, setupNotify},
		{"status", "[MAC]", "ask the running service how the phones are: those that are not well, or everything of one", 1, setupStatus},
		{"healthcheck", "", "ask the running service whether it is ready", 0, setupHealthcheck},
		{"version", "", "print the version", 0, setupVersion},
		{"help", "[COMMAND]", "print what there is, or the flags of a command", 1, setupHelp},
		{"completion", "bash|zsh|fish", "print a script that completes command lines in that shell", 1, setupCompletion},
		{"man", "", "print the manual page, for man -l -", 0, setupMan},
	}
}

// findCommand returns the command of a name.
func findCommand(name string) (c command, ok bool) {
	for _, c := range commands() {
		if c.name == name {
			return c, true
		}
	}
	return command{}, false
}

// unknownCommand reports an unknown name, and which command is similar.
func unknownCommand(stderr io.Writer, name string) {
	near := provision.Nearest(name, func(yield func(string) bool) {
		for _, c := range commands() {
			if !yield(c.name) {
				return
			}
		}
	})
	fmt.Fprintf(stderr, "phoneprov: unknown command %q; \"phoneprov help\" lists them\n", name)
	if near != "" {
		fmt.Fprintf(stderr, "phoneprov: is %q meant?\n", near)
	}
}

// declared returns the flags of a command, in lexical order.
func (c command) declared() (flags []*flag.Flag) {
	cl := &call{flags: flag.NewFlagSet(c.name, flag.ContinueOnError)}
	c.setup(cl)
	cl.flags.VisitAll(func(f *flag.Flag) { flags = append(flags, f) })
	return flags
}

// takesValue reports whether a flag is followed by a value.
func takesValue(f *flag.Flag) bool {
	b, ok := f.Value.(interface{ IsBoolFlag() bool })
	return !ok || !b.IsBoolFlag()
}

func setupHelp(cl *call) func(context.Context) error {
	return func(context.Context) error {
		if len(cl.args) == 0 {
			usage(cl.stdout)
			return nil
		}
		c, ok := findCommand(cl.args[0])
		if !ok {
			unknownCommand(cl.stderr, cl.args[0])
			return errUsage
		}
		about := &call{flags: flag.NewFlagSet("phoneprov "+c.name, flag.ContinueOnError), stderr: cl.stdout}
		about.describe(c)
		c.setup(about)
		about.flags.Usage()
		return nil
	}
}

// errUsage is the error for a wrong command line. Its text has been printed.
var errUsage = errors.New("usage")

// errFailed is the error of a command that has printed what went wrong.
var errFailed = errors.New("failed")

// run runs a command line. It returns the exit code.
func run(ctx context.Context, args []string, getenv lookupEnv, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		usage(stderr)
		return exitUsage
	}
	switch args[0] {
	case "-h", "-help", "--help":
		args = []string{"help"}
	case "-v", "-version", "--version":
		args = []string{"version"}
	}
	c, ok := findCommand(args[0])
	if !ok {
		unknownCommand(stderr, args[0])
		return exitUsage
	}
	cl := &call{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}
	return exitCode(cl, c, cl.run(ctx, c, args[1:]))
}

// describe sets the usage of the flags to that of the command.
func (cl *call) describe(c command) {
	cl.flags.SetOutput(cl.stderr)
	cl.flags.Usage = func() {
		fmt.Fprintf(cl.flags.Output(), "usage: phoneprov %s\n%s\n", strings.TrimSpace(c.name+" [flags] "+c.args), c.summary)
		cl.flags.PrintDefaults()
	}
}

func (cl *call) run(ctx context.Context, c command, args []string) error {
	cl.flags = flag.NewFlagSet("phoneprov "+c.name, flag.ContinueOnError)
	cl.describe(c)
	work := c.setup(cl)
	rest, err := parseFlags(cl.flags, args)
	if err != nil {
		return err
	}
	if cl.args = rest; len(cl.args) > c.maxArgs {
		fmt.Fprintf(cl.stderr, "phoneprov %s: unexpected argument %q\n", c.name, cl.args[c.maxArgs])
		return errUsage
	}
	return work(ctx)
}

// parseFlags parses flags that may follow arguments: "render 001122334455 -explain".
func parseFlags(flags *flag.FlagSet, args []string) (rest []string, err error) {
	for {
		err := flags.Parse(args)
		if errors.Is(err, flag.ErrHelp) {
			return nil, err
		}
		if err != nil {
			return nil, errUsage // flag has printed it
		}
		if flags.NArg() == 0 {
			return rest, nil
		}
		rest = append(rest, flags.Arg(0))
		args = flags.Args()[1:]
	}
}

func exitCode(cl *call, c command, err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return exitOK
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errDifferent):
		return exitFailed
	case !errors.Is(err, errFailed):
		for line := range strings.Lines(err.Error()) { // joined errors have a line each
			fmt.Fprintf(cl.stderr, "phoneprov %s: %s\n", c.name, strings.TrimSuffix(line, "\n"))
		}
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitFailed
}

func usage(w io.Writer) {
	fmt.Fprint(w, "phoneprov gives phones their configuration files, rendered from a running Asterisk.\n\nusage: phoneprov COMMAND\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %-22s %s\n", strings.TrimSpace(c.name+" "+c.args), c.summary)
	}
	fmt.Fprint(w, "\n\"phoneprov help COMMAND\" lists a command's flags, \"phoneprov --version\" is the version. Settings are read from phoneprov.ini (-config FILE, default\n"+
		defaultConfig+") and the environment, PHONEPROV_<SECTION>_<KEY>.\n")
}

func configFlag(cl *call) *string {
	return cl.flags.String("config", "", "settings `file` (default "+defaultConfig+", if it is there)")
}

// serverFlag is the flag for what otherwise only a request says.
// pbxFlag adds the flag that selects one of several Asterisks.
func pbxFlag(cl *call) *string {
	return cl.flags.String("pbx", "", "the `name` of the Asterisk, where there are several (default: that of [ami])")
}

func serverFlag(cl *call) *string {
	return cl.flags.String("server", "127.0.0.1", "the `address` by which the phone reaches us, with a port or without, for ${SERVER} where the configuration has none, and ${PP_URL}")
}
