package provision

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// If another directory takes the place of the data directory, as a deployment does by rename or symbolic link, it is
// served at once.
func TestDataDirectoryIsReplaced(t *testing.T) {
	s := onePhone(t, "")
	parent := t.TempDir()
	at := func(name string) string { return filepath.Join(parent, name) }
	for _, name := range []string{"one", "two", "three"} {
		testkit.WriteSteady(t, filepath.Join(at(name), "t"), name)
	}
	if err := os.Symlink("one", at("current")); err != nil {
		t.Fatal(err)
	}
	data, err := datadir.Open(at("current"), "")
	if err != nil {
		t.Fatal(err)
	}
	defer data.Close()
	r := NewRenderer(RendererOptions{Data: data})
	expect := func(want string) {
		t.Helper()
		if got, err := render(t, r, s, "x", Request{}); err != nil || got != want {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	}
	expect("one")
	if err := errors.Join(os.Symlink("two", at("new")), os.Rename(at("new"), at("current"))); err != nil {
		t.Fatal(err)
	}
	expect("two")
	if err := os.Rename(at("two"), at("gone")); err != nil {
		t.Fatal(err)
	}
	expect("two") // between two renames there is no directory of that name
	if err := os.Rename(at("three"), at("two")); err != nil {
		t.Fatal(err)
	}
	expect("three")
}

// A file that is not regular counts as missing, and opening it does not block.
func TestDataOfOtherKinds(t *testing.T) {
	s := onePhone(t, "static_file => pipe\nstatic_file => sub\n")
	r, dir := renderer(t, map[string]string{"t": "", "sub/file": ""})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, uri := range []string{"pipe", "sub"} {
		if got, err := render(t, r, s, uri, Request{}); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: got %q (%v), want ErrNotFound", uri, got, err)
		}
	}
}

// A directory within a directory ends at the limit of the output or with its context, before memory is exhausted.
func TestEachIsBounded(t *testing.T) {
	s, _ := build(t, map[string]string{"phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC} => t\n",
		"users.conf": benchUsers(300)})
	r, _ := renderer(t, map[string]string{"t": "${PP_EACH_USER(${PP_EACH_USER(" + strings.Repeat("x", 1000) + ")})}"})
	if got, err := render(t, r, s, "000000000001", Request{}); !errors.Is(err, dialplan.ErrTooLong) {
		t.Errorf("got %d bytes (%v), want ErrTooLong", len(got), err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := r.Render(ctx, s, s.Lookup("000000000001"), Request{Now: time.Now()}); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}
