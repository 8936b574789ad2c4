package uploads

import (
	"path"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
)

// maxName bounds the name of a file in bytes; no vendor's comes near.
const maxName = 128

// alphabet are the bytes of a name: none that means something to a shell, a file system or a terminal.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// NameOf is the name that a file is kept under: the last part of the path, with the MAC in it as MAC.String writes it. False:
// it is none that a phone's file can have.
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

// Name reads the name of a URI, and whose it is, without knowing which phones there are.
func Name(uri string) (mac device.MAC, name string, ok bool) {
	n := device.ReadName(uri)
	if name, ok = NameOf(n); !ok {
		return device.MAC{}, "", false
	}
	return n.MAC, name, true
}

// isLog tells what may be thrown away.
func isLog(name string) bool { return strings.EqualFold(path.Ext(name), ".log") }
