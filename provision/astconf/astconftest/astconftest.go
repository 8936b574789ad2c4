// Package astconftest reads configurations that tests have as text.
package astconftest

import (
	"errors"
	"io/fs"
	"iter"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Read parses the files of /etc/asterisk that names lists into config, by name. files has their texts, and those of files
// that they include. A name that files lacks is a missing file. Read looks a name up when names has yielded it, so that
// config may decide which names follow.
func Read(tb testing.TB, config map[string]*astconf.File, names iter.Seq[string], files map[string]string) {
	tb.Helper()
	loader := &astconf.Loader{Dir: "/etc/asterisk", ReadFile: func(path string) ([]byte, error) {
		if text, ok := files[strings.TrimPrefix(path, "/etc/asterisk/")]; ok {
			return []byte(text), nil
		}
		return nil, fs.ErrNotExist
	}}
	for name := range names {
		f, err := loader.Load(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			tb.Fatal(err)
		}
		config[name] = f
	}
}
