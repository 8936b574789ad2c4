package uploads

import (
	"path"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
)

// maxName bounds the name of a file in bytes; no vendor's comes near.
const maxName = 128

// alphabet are the bytes of a name: none that means something to a shell, a file system or a terminal.
const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

// Name is the name that a file is kept under, and whose it is: the URI without its directories, the MAC in it as
// MAC.String writes it. False: it is none that a phone's file can have.
func Name(uri string) (mac provision.MAC, name string, ok bool) {
	mac, name, ok = provision.FindMAC(path.Base(uri))
	switch {
	case !ok, len(name) > maxName, strings.HasPrefix(name, "."), strings.Trim(name, alphabet) != "":
		return provision.MAC{}, "", false
	}
	return mac, name, true
}

// isLog tells what may be thrown away.
func isLog(name string) bool { return strings.EqualFold(path.Ext(name), ".log") }
