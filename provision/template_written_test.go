package provision

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// Readers see whole files only, in whatever way editors, copies and deployments write them.
func TestNoTornFiles(t *testing.T) {
	for _, way := range waysToWrite {
		for uri, name := range map[string]string{"x": "t", "y": "i"} {
			t.Run(way.name+", "+uri, func(t *testing.T) {
				t.Parallel() // most of the time they wait
				k := newTemplateSite(t, map[string]string{name: numbered(0), "outer": "${PP_EACH_EXTENSION(${MAC},i)}"})
				k.expect(t, uri, numbered(0), "")
				readWhileWritten(t, k, uri, k.path(name), way)
			})
		}
	}
}

// numbered returns a text that shows whether it is whole. Each number has another text.
func numbered(n int) string {
	return fmt.Sprintf("begin %d %s end %d", n, strings.Repeat("x", 20_000), n)
}

// readWhileWritten fetches a URI while its template is written in a way. Each text must be whole.
func readWhileWritten(t *testing.T, k templateSite, uri, path string, way wayToWrite) {
	stop := make(chan struct{})
	var readers sync.WaitGroup
	var attempt, torn atomic.Int64 // attempts are numbered from 1; torn is the last one in which a text was not whole
	for range 2 {
		readers.Go(func() {
			tick := time.Tick(time.Duration(skips.Size(t, 1, 5)) * time.Millisecond) // the writers take some hundreds
			for {
				select {
				case <-stop:
					return
				case <-tick:
				}
				during := attempt.Load() // a reader that is late must not count for the next attempt
				got, _, err := k.get(t, uri)
				if err != nil {
					t.Error(err)
					return
				}
				var n int
				if _, err := fmt.Sscanf(got, "begin %d", &n); err != nil || got != numbered(n) {
					torn.Store(during)
				}
			}
		})
	}
	defer readers.Wait()
	defer close(stop)
	n := 0
	testkit.WaitFor(t, func() error {
		n++
		attempt.Store(int64(n))
		start := time.Now()
		way.write(t, path, numbered(n))
		heldUp := time.Since(start) > way.takes+datadir.SettleTime/2
		testkit.Eventually(t, "the new text", func() bool { got, _, _ := k.get(t, uri); return got == numbered(n) })
		switch {
		case torn.Load() != int64(n):
			return nil
		case heldUp: // a file that its writer leaves alone for SettleTime is at rest: once more
			return errors.New("the machine holds up the writer for longer than SettleTime")
		default:
			t.Error("got a torn text")
			return nil
		}
	})
}

type wayToWrite struct {
	name  string
	takes time.Duration // without what is held up
	write func(t *testing.T, path, text string)
}

// waysToWrite were seen with strace: of editors, copies and deployments.
var waysToWrite = []wayToWrite{
	{"truncate and write, as nano and cp do", 0, func(t *testing.T, path, text string) { writeNow(t, path, text) }},
	{"rename over it, as sed -i does", 0, func(t *testing.T, path, text string) {
		writeNow(t, path+".new", text)
		rename(t, path+".new", path)
	}},
	{"rename away and write anew, as vim does", 10 * steps * time.Millisecond, func(t *testing.T, path, text string) {
		rename(t, path, path+"~")
		inSteps(t, path, text, 10*time.Millisecond)
	}},
	{"remove and write anew, as git checkout does", 10 * steps * time.Millisecond, func(t *testing.T, path, text string) {
		if err := os.Remove(path); err != nil {
			t.Error(err)
		}
		inSteps(t, path, text, 10*time.Millisecond)
	}},
	{"a slow upload in place", 60 * steps * time.Millisecond, func(t *testing.T, path, text string) { inSteps(t, path, text, 60*time.Millisecond) }},
	{"in place without truncation", 20 * steps * time.Millisecond, func(t *testing.T, path, text string) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		writeSteps(t, f, text, 20*time.Millisecond)
	}},
	{"a link that leads elsewhere", 0, func(t *testing.T, path, text string) {
		writeNow(t, path+".target", text)
		if err := os.Symlink(filepath.Base(path)+".target", path+".link"); err != nil {
			t.Error(err)
		}
		rename(t, path+".link", path)
	}},
	{"sed", 0, func(t *testing.T, path, text string) {
		writeNow(t, path+".text", text)
		command(t, "sed", "-i", "-e", "r "+path+".text", "-e", "d", path)
	}},
	{"cp", 0, func(t *testing.T, path, text string) {
		writeNow(t, path+".text", text)
		command(t, "cp", path+".text", path)
	}},
	{"cp --remove-destination", 0, func(t *testing.T, path, text string) {
		writeNow(t, path+".text", text)
		command(t, "cp", "--remove-destination", path+".text", path)
	}},
	{"a shell", 0, func(t *testing.T, path, text string) {
		writeNow(t, path+".text", text)
		command(t, "sh", "-c", `cat "$1.text" > "$1"`, "sh", path)
	}},
}

// steps is in how many pieces a file is written that is not written at once.
const steps = 10

func inSteps(t *testing.T, path, text string, pause time.Duration) {
	f, err := os.Create(path)
	if err != nil {
		t.Error(err)
		return
	}
	defer f.Close()
	writeSteps(t, f, text, pause)
}

func writeSteps(t *testing.T, f *os.File, text string, pause time.Duration) {
	for i := range steps {
		<-time.After(pause) // a slow writer
		if _, err := f.WriteString(text[len(text)*i/steps : len(text)*(i+1)/steps]); err != nil {
			t.Error(err)
		}
	}
}

func rename(t *testing.T, from, to string) {
	if err := os.Rename(from, to); err != nil {
		t.Error(err)
	}
}

func command(t *testing.T, name string, args ...string) {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", name, err, out)
	}
}
