package dialplan

import (
	"io/fs"
	"syscall"
)

// fileTime returns a time of a file in seconds: 'A' access, 'C' change, else modification.
func fileTime(info fs.FileInfo, which byte) int64 {
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		switch which {
		case 'A':
			return int64(st.Atim.Sec)
		case 'C':
			return int64(st.Ctim.Sec)
		}
	}
	return info.ModTime().Unix()
}
