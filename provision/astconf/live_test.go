package astconf

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
)

// live is a running Asterisk with the files of one case at a time.
type live struct {
	pbx *oracle.Asterisk
	ami *ami
	dir string
	now files
}

func startLive(t *testing.T, suite string) *live {
	a := oracle.Start(t, oracle.Options{Suite: suite})
	old, err := filepath.Glob(filepath.Join(a.ConfigDir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range old { // Asterisk has read them, and later globs must not find them
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	return &live{pbx: a, ami: dialAMI(t, a), dir: a.ConfigDir}
}

// ask writes the files of a case, removes those of the last case, and returns Asterisk's tree.
func (l *live) ask(t testing.TB, f files) string {
	t.Helper()
	for name := range l.now {
		if _, again := f[name]; !again {
			if err := os.Remove(filepath.Join(l.dir, name)); err != nil {
				t.Fatal(err)
			}
			os.Remove(filepath.Dir(filepath.Join(l.dir, name))) // if the directory is empty now
		}
	}
	l.now = f
	for name, text := range f {
		path := filepath.Join(l.dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := l.ami.tree(main)
	if errors.Is(err, io.EOF) { // 16 ends a healthy session about once in 20,000 questions, and goes on
		l.ami = dialAMI(t, l.pbx)
		got, err = l.ami.tree(main)
	}
	if err != nil {
		t.Fatalf("files %q: %v", f, err)
	}
	return got
}

// ours returns our tree of the files that ask wrote. We do not read absolute paths of Asterisk's container.
func (l *live) ours() string {
	read := func(path string) ([]byte, error) {
		text, err := readRegular(l.host(path))
		return []byte(text), err
	}
	loader := &Loader{Dir: etc, ReadFile: read,
		Glob: func(pattern string) ([]string, error) {
			if !strings.HasPrefix(pattern, etc+"/") {
				return nil, nil
			}
			matches, err := filepath.Glob(l.host(pattern))
			for i, match := range matches {
				matches[i] = etc + match[len(l.dir):]
			}
			return matches, err
		}}
	return tree(loader.Load(main))
}

func (l *live) host(path string) string {
	path = strings.ReplaceAll(path, etc+"/../asterisk/", etc+"/")
	if rest, ok := strings.CutPrefix(path, etc+"/"); ok {
		return l.dir + "/" + rest
	}
	return path
}
