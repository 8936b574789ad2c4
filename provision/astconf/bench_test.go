package astconf

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// BenchmarkLoad reads users files of three kinds: with all options in each user, with most options inherited, and with
// one file for each user.
func BenchmarkLoad(b *testing.B) {
	const users = 100_000
	own := `[%06d]
autoprov=yes
profile=bench
macaddress=0004f2%06[1]x
username=%06[1]d
fullname=User Number %[1]d
` +
		"cid_number=%06[1]d\nsecret=secret-%06[1]d\nlabel=Desk %06[1]d\ntimezone=Europe/Berlin\n"
	heir := "[%06d](phone)\nmacaddress=0004f2%06[1]x\nusername=%06[1]d\nsecret=secret-%06[1]d\n"
	for name, user := range map[string]string{"own": own, "inherited": heir} {
		b.Run(name, func(b *testing.B) {
			var text strings.Builder
			text.WriteString(`[general]
[phone](!)
autoprov=yes
profile=bench
timezone=Europe/Berlin
linekeys=2
`)
			for i := range users {
				fmt.Fprintf(&text, user, i)
			}
			dir := b.TempDir()
			testkit.Write(b, filepath.Join(dir, "users.conf"), text.String())
			b.ReportAllocs()
			for b.Loop() {
				f, err := (&Loader{Dir: dir}).Load("users.conf")
				if err != nil || len(f.Categories) != users+1 {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("files", func(b *testing.B) {
		read := func(path string) ([]byte, error) {
			if strings.HasSuffix(path, "users.conf") {
				return []byte("[general]\n#include \"*.user\"\n"), nil
			}
			var i int
			if _, err := fmt.Sscanf(filepath.Base(path), "%d.user", &i); err != nil {
				return nil, err
			}
			return fmt.Appendf(nil, own, i), nil
		}
		paths := make([]string, users)
		for i := range paths {
			paths[i] = fmt.Sprintf("/d/%06d.user", i)
		}
		l := Loader{Dir: "/d", ReadFile: read, Glob: func(string) ([]string, error) { return paths, nil }}
		b.ReportAllocs()
		for b.Loop() {
			f, err := l.Load("users.conf")
			if err != nil || len(f.Categories) != users+1 {
				b.Fatal(err)
			}
		}
	})
}
