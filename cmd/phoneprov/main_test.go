package main

import (
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
)

// TestMain makes this test binary the phoneprov of the scripts, and looks for goroutines that are left.
func TestMain(m *testing.M) {
	testscript.Main(noLeaks{m}, map[string]func(){"phoneprov": main})
}

type noLeaks struct{ m *testing.M }

func (l noLeaks) Run() int {
	code := l.m.Run()
	if err := goleak.Find(); code == 0 && err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return code
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                "testdata",
		RequireUniqueNames: true,
		Setup: func(env *testscript.Env) error {
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
		},
	})
}
