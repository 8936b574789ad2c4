package uploads

import (
	"path"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// maxName bounds the name of a file, in bytes. No vendor has names as long.
const maxName = 128

// alphabet has the bytes of a name. None of them means anything to a shell, a file system or a terminal.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// NameOf returns the name under which a file is stored: the last part of its path, with the MAC as MAC.String writes
// it. ok is false if no file of a phone can have the name.
func NameOf(n device.Name) (name string, ok bool) {
	name = path.Base(n.Canonical())
	if !n.InBase() || !isName(name) {
		return "", false
	}
	return name, true
}

func isName(name string) bool {
	return name != "" && len(name) <= maxName && !strings.HasPrefix(name, ".") && strings.Trim(name, alphabet) == ""
}

// Name returns the MAC and the name of the file that a URI names, without knowing which phones there are.
func Name(uri string) (mac device.MAC, name string, ok bool) {
	n := device.ReadName(uri)
	if name, ok = NameOf(n); !ok {
		return device.MAC{}, "", false
	}
	return n.MAC, name, true
}

// isLog reports a file that may be removed.
func isLog(name string) bool { return strings.EqualFold(path.Ext(name), ".log") }
