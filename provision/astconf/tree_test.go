package astconf

import (
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"strings"
)

// The text of a tree, in the same form for ours and for GetConfig's: one line for each category with its templates, and
// its variables below as GetConfig writes them, "name=value". The text of a refused file is "error".
const (
	refused = "error\n"
	missing = "missing\n"
)

func tree(f *File, err error) string {
	switch broken := (*Error)(nil); {
	case errors.As(err, &broken):
		return refused
	case errors.Is(err, fs.ErrNotExist):
		return missing
	case err != nil:
		return err.Error()
	}
	var out strings.Builder
	for _, c := range f.Categories {
		printCategory(&out, c.Name, strings.Join(c.Bases, ","))
		for v := range c.Vars() {
			printVar(&out, v.Name+"="+v.Value)
		}
	}
	return out.String()
}

func printCategory(out *strings.Builder, name, bases string) {
	fmt.Fprintf(out, "[%q]", name)
	if bases != "" {
		fmt.Fprintf(out, " of %q", bases)
	}
	out.WriteByte('\n')
}

func printVar(out *strings.Builder, text string) {
	if len(text) > 300 {
		fmt.Fprintf(out, "%q… %d bytes, CRC %08x\n", text[:40], len(text), crc32.ChecksumIEEE([]byte(text)))
		return
	}
	fmt.Fprintf(out, "%q\n", text)
}
