package amisync

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision"
)

// users returns n users with a name in each of them, so that another name changes the whole file.
func users(n int, name string) string {
	var text strings.Builder
	text.WriteString("[general]\n")
	for i := range n {
		fmt.Fprintf(&text, "%sfullname=%s\n", user(fmt.Sprint(6000+i), fmt.Sprintf("00112233%04d", i)), name)
	}
	return text.String()
}

// watchPhones reports every snapshot with fewer phones than want, until stop is called.
func (r *running) watchPhones(t *testing.T, want int) (stop func()) {
	done := make(chan struct{})
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for {
			select {
			case <-done:
				return
			case <-time.After(time.Millisecond):
			}
			if n := r.store.Load().Counts().Phones; n < want {
				t.Errorf("%d phones are served, want %d", n, want)
				return
			}
		}
	})
	return func() { close(done); watcher.Wait() }
}

// A file that is written slowly, or missing for a moment, never makes a phone vanish.
func TestHalfWrittenFilesDoNotCount(t *testing.T) {
	t.Parallel()
	const phones = 40
	slowly := func(t *testing.T, path, text string, pause time.Duration) {
		f, err := os.Create(path)
		if err != nil {
			t.Error(err)
			return
		}
		defer f.Close()
		for i := range 10 {
			<-time.After(pause) // it is a slow writer
			if _, err := f.WriteString(text[len(text)*i/10 : len(text)*(i+1)/10]); err != nil {
				t.Error(err)
			}
		}
	}
	for name, write := range map[string]func(t *testing.T, path, text string){
		"a slow copy":              func(t *testing.T, path, text string) { slowly(t, path, text, 50*time.Millisecond) },
		"truncate and write":       func(t *testing.T, path, text string) { slowly(t, path, text, 0) },
		"rename":                   func(t *testing.T, path, text string) { testkit.Write(t, path, text) },
		"rename away, as vim does": func(t *testing.T, path, text string) { moveAway(t, path); slowly(t, path, text, 10*time.Millisecond) },
		"remove, then a new one": func(t *testing.T, path, text string) {
			removeFile(t, path)
			<-time.After(100 * time.Millisecond)
			testkit.Write(t, path, text)
		},
		"a writer that was held up": func(t *testing.T, path, text string) {
			slowly(t, path, "", 0)
			<-time.After(400 * time.Millisecond)
			testkit.Write(t, path, text)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := amitest.Files(t, map[string]string{"phoneprov.conf": sample["phoneprov.conf"], "users.conf": users(phones, "before")})
			r := start(t, Options{Source: SourceFiles, ConfigDir: dir, Timing: Timing{Watch: time.Millisecond}})
			r.waitPhones(t, phones)
			defer r.watchPhones(t, phones)()
			before := r.store.Load()
			write(t, filepath.Join(dir, "users.conf"), users(phones, name))
			testkit.Eventually(t, name, func() bool { return provision.Compare(before, r.store.Load()).Changed == phones })
		})
	}
}

func moveAway(t *testing.T, path string) {
	t.Helper()
	if err := os.Rename(path, path+"~"); err != nil {
		t.Error(err)
	}
}

// Asterisk answers GetConfig with what it reads at that moment, which may be half a file.
func TestHalfAnswersDoNotCount(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	half := only("GetConfig", func(s *amiserver.Session, m amiserver.Message) {
		s.Send("Response", "Success", "ActionID", m["ActionID"], "Category-000000", "general")
	})
	server, address := fake(t, with(sample, "users.conf", users(3, "x")), amiserver.Options{Intercept: func(s *amiserver.Session, m amiserver.Message) bool {
		return m["Filename"] == "users.conf" && asked.Add(1) == 2 && half(s, m)
	}})
	r := start(t, Options{Address: address})
	r.waitPhones(t, 3)
	defer r.watchPhones(t, 3)()
	before := r.Status().Syncs
	server.Reload("All")
	testkit.Eventually(t, "a sync", func() bool { return r.Status().Syncs > before })
	if n := asked.Load(); n < 3 {
		t.Errorf("users.conf was asked for %d times: the half counted", n)
	}
}

// Phones that vanished are named, at most twenty, until they are back. If no phone is left, the log says why.
func TestLostPhonesAreNamed(t *testing.T) {
	t.Parallel()
	dir := amitest.Files(t, map[string]string{"phoneprov.conf": sample["phoneprov.conf"], "users.conf": users(33, "x")})
	r := start(t, Options{Source: SourceFiles, ConfigDir: dir, Timing: Timing{Watch: time.Millisecond, Settle: time.Millisecond}})
	r.waitPhones(t, 33)
	if got := r.Status(); got.Lost.Count != 0 || got.LastSync.Nobody != "" {
		t.Errorf("got %+v", got)
	}
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(3, "x"))
	r.waitPhones(t, 3)
	testkit.Eventually(t, "the loss", func() bool { return r.Status().Lost.Count == 30 })
	lost := r.Status().Lost
	if len(lost.Phones) != 20 || lost.Phones[0] != "001122330003" || lost.At.IsZero() {
		t.Errorf("got %+v", lost)
	}
	const line = `"phones":["001122330003","001122330004",`
	if log := r.log.String(); !strings.Contains(log, line) || !strings.Contains(log, `"001122330022"],"more":10,"message":"30 phones are gone`) || !strings.Contains(log, `"level":"warn"`) {
		t.Errorf("got %s", log)
	}
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(33, "x"))
	r.waitPhones(t, 33)
	testkit.Eventually(t, "the loss to be over", func() bool { return r.Status().Lost.Count == 0 })

	for name, want := range map[string]string{
		"phoneprov.conf": "no phone is served: phoneprov.conf is empty",
		"users.conf":     "no phone is served: users.conf has no section with autoprov = yes, a macaddress and a profile of phoneprov.conf",
	} {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		testkit.Write(t, filepath.Join(dir, name), "")
		r.waitPhones(t, 0)
		testkit.Eventually(t, "the reason", func() bool { return strings.HasPrefix(r.Status().LastSync.Nobody, want) })
		if !strings.Contains(r.log.String(), want) {
			t.Errorf("%s is not in the log", want)
		}
		testkit.Write(t, filepath.Join(dir, name), text)
		r.waitPhones(t, 33)
		testkit.Eventually(t, "no reason", func() bool { return r.Status().LastSync.Nobody == "" })
	}
}

// A failed sync says what phones get: what was read before, or 503 if nothing was.
func TestFailedSyncSaysWhatIsServed(t *testing.T) {
	dir := amitest.Files(t, map[string]string{"phoneprov.conf": "x=1\n"})
	r := start(t, Options{Source: SourceFiles, ConfigDir: dir, Timing: Timing{Watch: time.Millisecond, Settle: time.Millisecond, RetryMin: 10 * time.Millisecond}})
	testkit.Eventually(t, "a failed sync", func() bool {
		return strings.Contains(r.log.String(), "sync failed; nothing was read yet, and phones get 503")
	})
	testkit.Write(t, filepath.Join(dir, "phoneprov.conf"), sample["phoneprov.conf"])
	testkit.Write(t, filepath.Join(dir, "users.conf"), users(1, "x"))
	r.waitPhones(t, 1)
	testkit.Write(t, filepath.Join(dir, "users.conf"), "y=1\n")
	testkit.Eventually(t, "a failed sync", func() bool { return strings.Contains(r.log.String(), "sync failed; what was read before is served on") })
}
