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

// isLog reports a file that may be removed.
func isLog(name string) bool { return strings.EqualFold(path.Ext(name), ".log") }
