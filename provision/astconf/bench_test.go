package astconf

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkLoad reads users files as they are on disk.
func BenchmarkLoad(b *testing.B) {
	for _, n := range []int{10, 1_000, 100_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var text strings.Builder
			text.WriteString("[general]\nvmexten=*97\n[phone](!)\nautoprov=yes\nprofile=p\n")
			for i := range n {
				fmt.Fprintf(&text, "[%06d](phone)\nusername=%06[1]d\nsecret=secret%06[1]d ; of the phone\nfullname=User %[1]d\nmacaddress=%012[1]x\n", i)
			}
			data := []byte(text.String())
			loader := Loader{Dir: "/etc/asterisk", ReadFile: func(string) ([]byte, error) { return data, nil }}
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if f, err := loader.Load("users.conf"); err != nil || len(f.Categories) < n {
					b.Fatal(err)
				}
			}
		})
	}
}
