package dialplan

import (
	"context"
	"io/fs"
	"strconv"
	"strings"
)

// stat is STAT(what,path). The letters are: d is a directory, e exists, f is a regular file, m mode in octal, s size, A
// C M time of access, change, modification.
func stat(_ context.Context, c *Call) (string, error) {
	what, path, _ := strings.Cut(c.Args, ",")
	if what == "" || path == "" || c.Env.Stat == nil {
		return "0", nil
	}
	info, err := c.Env.Stat(path)
	if err != nil {
		return "0", nil
	}
	switch what[0] {
	case 'd':
		return truth(info.IsDir()), nil
	case 'e':
		return "1", nil
	case 'f':
		return truth(info.Mode().IsRegular()), nil
	case 'm':
		return strconv.FormatUint(uint64(unixMode(info.Mode())), 8), nil
	case 's':
		return strconv.FormatInt(info.Size(), 10), nil
	case 'A', 'C', 'M':
		return strconv.FormatInt(fileTime(info, what[0]), 10), nil
	}
	return "0", nil
}

// unixMode returns st_mode: the type and the permissions.
func unixMode(m fs.FileMode) uint32 {
	bits := uint32(m.Perm())
	for _, flag := range [...]struct {
		go_  fs.FileMode
		unix uint32
	}{
		{fs.ModeSetuid, 0o4000}, {fs.ModeSetgid, 0o2000}, {fs.ModeSticky, 0o1000},
	} {
		if m&flag.go_ != 0 {
			bits |= flag.unix
		}
	}
	switch m.Type() {
	case fs.ModeDir:
		return bits | 0o040000
	case fs.ModeSymlink:
		return bits | 0o120000
	case fs.ModeNamedPipe:
		return bits | 0o010000
	case fs.ModeSocket:
		return bits | 0o140000
	case fs.ModeDevice:
		return bits | 0o060000
	case fs.ModeDevice | fs.ModeCharDevice:
		return bits | 0o020000
	}
	return bits | 0o100000
}
