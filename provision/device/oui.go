package device

import (
	"encoding/hex"
	"strings"
)

// vendorOUIs are the first three bytes of the MACs of makers of phones, as the IEEE has registered them: from oui-data 2.1.9 of npm
// (BSD-2-Clause), by the names of the companies. Of Cisco only Linksys, whose phones are its SPA series: the other 1,300 are on all that
// Cisco makes, and its phones name themselves.
var vendorOUIs = [...]struct{ vendor, ouis string }{
	{"Cisco", "000c41 000e08 000f66 001217 001310 0014bf 0016b6 001839 0018f8 001a70 001c10 001d7e 001ee5 002129 00226b 002369 00259c 20aa4b 48f8b3 586d8f 687f74 98fc11 c0c1c0 c8b373 c8d719"},
	{"Fanvil", "0c383e"},
	{"Gigaset", "002104 14b370 589ec6 7c2f80"},
	{"Grandstream", "000b82 144cff c074ad ec74d7"},
	{"Htek", "001fc1"},
	{"Mitel", "00085d 0010bc 08000f 1400e9"},
	{"Panasonic", "0080f0 080023 bcc342"},
	{"Poly", "000389 0004f2 00197f 00237f 0ce0e4 385c76 482567 48c1ac 64167f 8c9b2d bcf292 e422a5 f4b688"},
	{"Sangoma", "000fd3 005058"},
	{"Snom", "000413 1c7126"},
	{"Yealink", "001565 249ad8 3497d7 44dbd2 644f56 805e0c 805ec0 b061a9 c4fc22 ec1da9 f01653"},
}

// VendorOfMAC is who made the device of a MAC, by its first three bytes; empty: no maker of phones that is known.
func VendorOfMAC(mac MAC) string {
	oui := hex.EncodeToString(mac[:3])
	for _, row := range vendorOUIs {
		if strings.Contains(row.ouis, oui) { // blanks between them: no part of two is one
			return row.vendor
		}
	}
	return ""
}
