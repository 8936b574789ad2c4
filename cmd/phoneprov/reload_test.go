package main

import (
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// generationConfig is a configuration whose users and whose pjsip phones say which generation they are of. Each is in
// one file, so that an edit is one rename: whoever reads while the test edits sees the old file or the new one.
func generationConfig(users, pjsip int) map[string]string {
	u, p := "[general]\n", "[transport-udp]\ntype=transport\nprotocol=udp\nbind=0.0.0.0\n"
	for i := range 5 {
		u += fmt.Sprintf("[60%02d]\nusername=60%02[1]d\nautoprov=yes\nmacaddress=0015650000%02[1]d\nlabel=users-%d\n", i, users)
		p += fmt.Sprintf(`[70%02d]
type=endpoint
transport=transport-udp
aors=70%02[1]d
[70%02[1]d]
type=aor
`+
			`[prov70%02[1]d]
type=phoneprov
endpoint=70%02[1]d
PROFILE=p
MAC=0015651000%02[1]d
LABEL=pjsip-%d
`, i, pjsip)
	}
	return map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t.cfg\n",
		"users.conf":     u,
		"pjsip.conf":     p,
	}
}

// generationTemplate names the phone's own generation first, then that of every phone.
const generationTemplate = "${LABEL}\n${PP_EACH_USER(%{LABEL}\n)}${PP_EACH_EXTENSION(${MAC},l.cfg)}"

// wholeGeneration checks that a file is of one generation of users and of one of pjsip phones.
func wholeGeneration(body string) error {
	lines := strings.Split(strings.TrimSpace(body), "\n")
	slices.Sort(lines)
	kinds := slices.Compact(slices.Clone(lines))
	if len(lines) != 12 || len(kinds) != 2 || !strings.HasPrefix(kinds[0], "pjsip-") || !strings.HasPrefix(kinds[1], "users-") {
		return fmt.Errorf("not of one generation: %q", body)
	}
	return nil
}

// startGenerations runs Asterisk and the service with the first generation.
func startGenerations(t *testing.T, suite string) (*oracle.Asterisk, *service) {
	t.Helper()
	a := oracle.Start(t, oracle.Options{Suite: suite, Files: generationConfig(0, 0)})
	a.WriteData(t, "t.cfg", generationTemplate)
	a.WriteData(t, "l.cfg", "${LABEL}\n")
	return a, startService(t, a, "ami")
}

// betweenFetches leaves the processors to Asterisk and to other tests.
const betweenFetches = 5 * time.Millisecond

// watchFiles fetches every file again and again until stop, and fails the test for an answer that is not 200 or not of
// one generation. It returns how many it fetched.
func watchFiles(t *testing.T, v *service, stop <-chan struct{}) (fetched int) {
	names := uris(v.options.Store.Load())
	next := time.NewTicker(betweenFetches)
	defer next.Stop()
	for {
		for _, uri := range names {
			select {
			case <-stop:
				return fetched
			case <-next.C:
			}
			answer, err := v.fetch(http.DefaultClient, "pbx", uri)
			if err != nil || answer.Status != 200 {
				t.Errorf("%s: got %d (%v)", uri, answer.Status, err)
				return fetched
			}
			if err := wholeGeneration(answer.Body); err != nil {
				t.Errorf("%s: %v", uri, err)
				return fetched
			}
			fetched++
		}
	}
}

// The phones that expectGeneration looks at.
const (
	usersPhone = "001565000001.cfg"
	pjsipPhone = "001565100001.cfg"
)

// expectGeneration waits until a phone's file is of a generation, and returns how long that took.
func expectGeneration(t *testing.T, v *service, uri, want string) time.Duration {
	t.Helper()
	start := time.Now()
	want += "\n"
	testkit.WaitFor(t, func() error {
		answer, err := v.fetch(http.DefaultClient, "pbx", uri)
		if err != nil || !strings.HasPrefix(answer.Body, want) {
			return fmt.Errorf("%s: got %.20q (%v), want %q", uri, answer.Body, err, want)
		}
		return nil
	})
	return time.Since(start)
}

// reloadDeadline runs from the end of the CLI's command to the new file. Half of the reloads must meet it. One may take
// longer on a busy machine.
const reloadDeadline = 2 * time.Second

// Forty reloads with an edit before each: no answer but 200, each of one generation, the new one in time.
func TestReload(t *testing.T) {
	t.Parallel()
	const reloads = 40
	commands := []string{"module reload res_phoneprov.so", "core reload", "pjsip reload", "module reload phoneprov"}
	for _, suite := range oracle.Suites {
		t.Run(suite, func(t *testing.T) {
			t.Parallel()
			a, v := startGenerations(t, suite)
			stop := make(chan struct{})
			var watcher sync.WaitGroup
			fetched := 0
			watcher.Go(func() { fetched = watchFiles(t, v, stop) })
			var took []time.Duration
			for n := 1; n <= reloads; n++ {
				file, uri, want := "users.conf", usersPhone, fmt.Sprintf("users-%d", n)
				if n%2 == 0 {
					file, uri, want = "pjsip.conf", pjsipPhone, fmt.Sprintf("pjsip-%d", n)
				}
				a.Write(t, file, generationConfig(n, n)[file])
				a.CLI(t, commands[n/2%len(commands)])
				took = append(took, expectGeneration(t, v, uri, want))
			}
			slices.Sort(took)
			if median := took[len(took)/2]; median > reloadDeadline {
				t.Errorf("half of the reloads took more than %v", median)
			}
			close(stop)
			watcher.Wait()
			t.Logf("%d files fetched during %d reloads", fetched, reloads)
			if fetched < 10*reloads {
				t.Errorf("got only %d files fetched", fetched)
			}
		})
	}
}

// Asterisk killed under load: the phones notice nothing. Started again with other users, it is followed.
func TestKill(t *testing.T) {
	t.Parallel()
	a, v := startGenerations(t, oracle.Forky)
	stop := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() { watchFiles(t, v, stop) })
	a.Kill(t)
	testkit.WaitFor(t, func() error {
		if v.status().Connected {
			return fmt.Errorf("still connected: %+v", v.status())
		}
		return nil
	})
	for name, text := range generationConfig(7, 7) {
		a.Write(t, name, text)
	}
	a.Boot(t)
	expectGeneration(t, v, pjsipPhone, "pjsip-7")
	expectGeneration(t, v, usersPhone, "users-7")
	close(stop)
	watcher.Wait()
}

// With config = files and no AMI the directory is watched: an edit shows without anyone saying so.
func TestWatchedFiles(t *testing.T) {
	t.Parallel()
	dir, data := t.TempDir(), t.TempDir()
	lay := func(n int) {
		for name, text := range generationConfig(n, n) {
			oracle.WriteFile(t, filepath.Join(dir, name), text)
		}
	}
	lay(0)
	for name, text := range map[string]string{"t.cfg": generationTemplate, "l.cfg": "${LABEL}\n"} {
		testkit.Write(t, filepath.Join(data, name), text)
	}
	v := startService(t, &oracle.Asterisk{ConfigDir: dir, DataDir: data}, "files")
	for n := 1; n <= 3; n++ {
		lay(n)
		expectGeneration(t, v, usersPhone, fmt.Sprintf("users-%d", n))
		expectGeneration(t, v, pjsipPhone, fmt.Sprintf("pjsip-%d", n))
	}
}
