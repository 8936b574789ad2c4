package reload

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A change of two files, second by second: when it is in use, and what Told receives.
func TestTwoFiles(t *testing.T) {
	dir := t.TempDir()
	a, b := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	one := func(path, text string) func() {
		return func() {
			err := os.WriteFile(path, []byte(text), 0o600)
			if err = errors.Join(err, os.Chtimes(path, time.Time{}, time.Now())); err != nil { // the clock of synctest
				t.Error(err)
			}
		}
	}
	both := func(text string) func() { return func() { one(a, text)(); one(b, text)() } }
	const reloaded, failed = "new value", "problem"
	synctest.Test(t, func(t *testing.T) {
		both("1")()
		var told []string
		files, err := New(Options[string]{
			Paths: []string{a, b}, MaxBytes: 100,
			Parse: func(texts [][]byte, _ *string) (*string, error) {
				if !bytes.Equal(texts[0], texts[1]) {
					return nil, errors.New("they differ")
				}
				s := string(texts[0])
				return &s, nil
			},
			Told: func(err error) {
				if err != nil {
					told = append(told, failed)
				} else {
					told = append(told, reloaded)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, step := range []struct {
			name  string
			do    func()
			after time.Duration
			want  string
			told  string
		}{
			{"nothing changed", func() {}, time.Second, "1", ""},
			{"too early", both("2"), Interval - 1, "1", ""},
			{"a second later", func() {}, 1, "2", reloaded},
			{"the first of two", one(a, "3"), time.Second, "2", ""},
			{"the second of two", one(b, "3"), time.Second, "3", reloaded},
			{"one is wrong", one(a, "4"), time.Second, "3", ""},
			{"and stays so", func() {}, time.Second, "3", failed},
			{"and is said once", func() {}, time.Hour, "3", ""},
			{"it is gone", func() { os.Remove(a) }, time.Second, "3", ""},
			{"and stays away", func() {}, time.Second, "3", failed},
			{"as it was", one(a, "3"), time.Second, "3", reloaded},
			{"wrong again", one(b, "5"), time.Second, "3", ""},
			{"which is another time", func() {}, time.Second, "3", failed},
			{"good", one(a, "5"), time.Second, "5", reloaded},
		} {
			step.do()
			time.Sleep(step.after) // the clock of synctest
			told = nil
			if got := *files.Get(); got != step.want {
				t.Errorf("%s: got %q, want %q", step.name, got, step.want)
			}
			if got := strings.Join(told, ", "); got != step.told {
				t.Errorf("%s: told %q, want %q", step.name, got, step.told)
			}
		}
	})
}

// While one caller reads a slow disk, others get the value that there is.
func TestGetDoesNotWait(t *testing.T) {
	path := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(path, []byte("1"), 0o600); err != nil {
		t.Fatal(err)
	}
	begun, finish := make(chan struct{}), make(chan struct{})
	first := true
	files, err := New(Options[string]{Paths: []string{path}, MaxBytes: 100, Parse: func(texts [][]byte, _ *string) (*string, error) {
		if !first {
			close(begun)
			<-finish
		}
		first = false
		s := string(texts[0])
		return &s, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("12"), 0o600); err != nil {
		t.Fatal(err)
	}
	slow := make(chan string)
	go func() { slow <- *files.GetAt(time.Now().Add(time.Hour)) }()
	<-begun
	if got := *files.GetAt(time.Now().Add(time.Hour)); got != "1" {
		t.Errorf("got %q while another reads", got)
	}
	close(finish)
	if got := <-slow; got != "12" {
		t.Errorf("the reader got %q", got)
	}
}
