package provision

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// templateSite is a phone with the files x, of the template t, and y, which includes the template i.
type templateSite struct {
	*Renderer
	s   *Snapshot
	dir string
}

func newTemplateSite(t *testing.T, files map[string]string) templateSite {
	t.Helper()
	r, dir := renderer(t, files)
	return templateSite{r, onePhone(t, "y => outer\nstatic_file => s\n"), dir}
}

func (k templateSite) path(name string) string { return filepath.Join(k.dir, name) }

// age sets a file's time to so long ago by the clock of the test.
func (k templateSite) age(t *testing.T, name string, age time.Duration) {
	t.Helper()
	at := time.Now().Add(-age)
	if err := os.Chtimes(k.path(name), at, at); err != nil {
		t.Fatal(err)
	}
}

// get returns the text of a file and its diagnostics.
func (k templateSite) get(t *testing.T, uri string) (text, said string, err error) {
	t.Helper()
	doc, err := k.Render(t.Context(), k.s, k.s.Lookup(uri), Request{Now: testNow})
	if err != nil {
		return "", "", err
	}
	defer doc.Close()
	body, err := io.ReadAll(doc.Content)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range doc.Diagnostics {
		said += d.String() + "\n"
	}
	return string(body), said, nil
}

// expect fetches a file twice, because the second response may be a remembered one.
func (k templateSite) expect(t *testing.T, uri, want, says string) {
	t.Helper()
	for range 2 {
		if got, said, err := k.get(t, uri); err != nil || got != want || said != says {
			t.Errorf("%s: got %q, which says %q (%v); want %q, %q", uri, got, said, err, want, says)
		}
	}
}

// While a file changes, its last good state is served. The new state is served once it has been unchanged for
// SettleTime. This holds for a template and for one that it includes.
func TestTemplateMustBeSteady(t *testing.T) {
	for _, tt := range []struct{ uri, template string }{{"x", "t"}, {"y", "i"}} {
		t.Run(tt.template, func(t *testing.T) {
			k := newTemplateSite(t, map[string]string{"t": "one", "i": "one", "outer": "${PP_EACH_EXTENSION(${MAC},i)}"})
			synctest.Test(t, func(t *testing.T) {
				k.age(t, tt.template, time.Hour)
				k.age(t, "outer", time.Hour)
				k.expect(t, tt.uri, "one", "")
				for _, text := range []string{"", "tw", "two"} { // a slow rewrite
					writeNow(t, k.path(tt.template), text)
					k.age(t, tt.template, 0)
					k.expect(t, tt.uri, "one", "")
					<-time.After(datadir.SettleTime - 1)
					k.expect(t, tt.uri, "one", "")
				}
				<-time.After(1)
				k.expect(t, tt.uri, "two", "")
				writeNow(t, k.path("new"), "renamed")
				k.age(t, "new", 0)
				if err := os.Rename(k.path("new"), k.path(tt.template)); err != nil {
					t.Fatal(err)
				}
				k.expect(t, tt.uri, "two", "")
				<-time.After(datadir.SettleTime)
				k.expect(t, tt.uri, "renamed", "")
				writeNow(t, k.path("new"), "old, as of rsync -t")
				k.age(t, "new", time.Hour)
				if err := os.Rename(k.path("new"), k.path(tt.template)); err != nil {
					t.Fatal(err)
				}
				k.expect(t, tt.uri, "old, as of rsync -t", "")
			})
		})
	}
}

// A time in the future says nothing: such a file has settled when it was seen unchanged for SettleTime.
func TestTemplateOfAServerWhoseClockIsFast(t *testing.T) {
	k := newTemplateSite(t, map[string]string{"t": "one"})
	synctest.Test(t, func(t *testing.T) {
		k.age(t, "t", time.Hour)
		k.expect(t, "x", "one", "")
		writeNow(t, k.path("t"), "two")
		k.age(t, "t", -time.Hour)
		k.expect(t, "x", "one", "")
		<-time.After(datadir.SettleTime)
		k.expect(t, "x", "two", "")
		writeNow(t, k.path("t"), "three")
		k.age(t, "t", -2*time.Hour)
		k.expect(t, "x", "two", "")
	})
}

// A template that is empty, missing or unreadable is served in its last good state, with a diagnostic. If it never was
// good, the phone must ask again.
func TestTemplateWithoutContent(t *testing.T) {
	for _, tt := range []struct {
		name         string
		break_       func(t *testing.T, path string)
		says, refuse string
	}{
		{"empty", func(t *testing.T, path string) { testkit.WriteSteady(t, path, "") },
			"t: error: the template is empty: its last good state is served\n", "the file is empty, and no good state of it was read since the start"},
		{"a byte order mark", func(t *testing.T, path string) { testkit.WriteSteady(t, path, "\ufeff") },
			"t: error: the template is empty: its last good state is served\n", "the file is empty, and no good state of it was read since the start"},
		{"zeros of a crash", func(t *testing.T, path string) { testkit.WriteSteady(t, path, "\x00\x00\x00") },
			"t: error: the template is empty: its last good state is served\n", "the file is empty, and no good state of it was read since the start"},
		{"gone", func(t *testing.T, path string) {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}, "t: error: the template is gone: its last good state is served\n", "no such file or directory"},
		{"a directory", func(t *testing.T, path string) {
			if err := errors.Join(os.Remove(path), os.Mkdir(path, 0o700)); err != nil {
				t.Fatal(err)
			}
		}, "t: error: the template is gone: its last good state is served\n", "file does not exist"},
		{"too large", func(t *testing.T, path string) {
			if err := os.Truncate(path, datadir.MaxTemplate+1); err != nil {
				t.Fatal(err)
			}
			old := time.Now().Add(-time.Hour)
			if err := os.Chtimes(path, old, old); err != nil {
				t.Fatal(err)
			}
		}, fmt.Sprintf("t: error: the template cannot be read (larger than %d bytes): its last good state is served\n", datadir.MaxTemplate), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := newTemplateSite(t, map[string]string{"t": "good ${USERNAME}"})
			k.expect(t, "x", "good a", "")
			tt.break_(t, k.path("t"))
			k.expect(t, "x", "good a", tt.says)
			data, err := datadir.Open(k.dir, "")
			if err != nil {
				t.Fatal(err)
			}
			defer data.Close()
			k.Renderer = NewRenderer(RendererOptions{Data: data}) // as after a restart
			if _, _, err := k.get(t, "x"); tt.refuse != "" && (!errors.Is(err, datadir.ErrNoGoodFile) || !strings.Contains(err.Error(), `phoneprov.conf:4: template "t": `+tt.refuse)) {
				t.Errorf("got %v, want ErrNoGoodFile and %q", err, tt.refuse)
			}
			if err := os.RemoveAll(k.path("t")); err != nil {
				t.Fatal(err)
			}
			testkit.WriteSteady(t, k.path("t"), "repaired")
			k.expect(t, "x", "repaired", "")
		})
	}
}

// An included template that is empty does not leave a hole in a file. One that never existed does, as in Asterisk, with
// a diagnostic.
func TestIncludeWithoutContent(t *testing.T) {
	k := newTemplateSite(t, map[string]string{"i": "", "outer": "[${PP_EACH_EXTENSION(${MAC},i)}]"})
	if _, _, err := k.get(t, "y"); !errors.Is(err, datadir.ErrNoGoodFile) || !strings.Contains(err.Error(), `PP_EACH_EXTENSION: template "i": the file is empty`) {
		t.Errorf("got %v, want ErrNoGoodFile", err)
	}
	testkit.WriteSteady(t, k.path("i"), "line")
	k.expect(t, "y", "[line]", "")
	testkit.WriteSteady(t, k.path("i"), "")
	k.expect(t, "y", "[line]", "i: error: the template is empty: its last good state is served\n")
	if err := os.Remove(k.path("i")); err != nil {
		t.Fatal(err)
	}
	k.expect(t, "y", "[line]", "i: error: the template is gone: its last good state is served\n")
}

// Without a good state a request waits for the file to settle, for MaxSettle at most.
func TestFirstRequestWaits(t *testing.T) {
	for uri, name := range map[string]string{"x": "t", "s": "s"} {
		t.Run(name, func(t *testing.T) {
			k := newTemplateSite(t, map[string]string{name: "new"})
			synctest.Test(t, func(t *testing.T) {
				k.age(t, name, 0)
				start := time.Now()
				if got, _, err := k.get(t, uri); err != nil || got != "new" || time.Since(start) != datadir.SettleTime {
					t.Errorf("got %q after %v (%v)", got, time.Since(start), err)
				}
				data, err := datadir.Open(k.dir, "")
				if k.Renderer = NewRenderer(RendererOptions{Data: data}); err != nil {
					t.Fatal(err)
				}
				stop, stopped := make(chan struct{}), make(chan struct{})
				change := func(i int) {
					writeNow(t, k.path(name), strings.Repeat("x", i))
					k.age(t, name, 0)
				}
				change(0)
				go func() {
					defer close(stopped)
					for i := 1; ; i++ {
						change(i)
						select {
						case <-stop:
							return
						case <-time.After(datadir.SettleTime / 2):
						}
					}
				}()
				start = time.Now()
				if got, _, err := k.get(t, uri); !errors.Is(err, datadir.ErrNoGoodFile) || time.Since(start) != datadir.MaxSettle {
					t.Errorf("got %q after %v (%v), want ErrNoGoodFile after %v", got, time.Since(start), err, datadir.MaxSettle)
				}
				close(stop)
				<-stopped
				data.Close()
			})
		})
	}
}
