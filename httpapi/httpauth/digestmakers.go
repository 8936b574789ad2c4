package httpauth

import (
	"github.com/phoneprov/phoneprov/provision/device"
)

// md5Makers has the first three bytes of MACs (IEEE's registry, from npm's oui-data 2.1.9) of makers of phones that, by
// their manuals, support Digest with MD5 only. The makers make little else. Cisco is not among them, because most of
// its 1,300 prefixes are not of phones.
var md5Makers = map[[3]byte]string{
	{0x00, 0x04, 0xf2}: "Poly", {0x48, 0x25, 0x67}: "Poly", {0x64, 0x16, 0x7f}: "Poly",
	{0x00, 0x15, 0x65}: "Yealink", {0x24, 0x9a, 0xd8}: "Yealink", {0x34, 0x97, 0xd7}: "Yealink", {0x44, 0xdb, 0xd2}: "Yealink",
	{0x64, 0x4f, 0x56}: "Yealink", {0x80, 0x5e, 0x0c}: "Yealink", {0x80, 0x5e, 0xc0}: "Yealink", {0xb0, 0x61, 0xa9}: "Yealink",
	{0xc4, 0xfc, 0x22}: "Yealink", {0xec, 0x1d, 0xa9}: "Yealink", {0xf0, 0x16, 0x53}: "Yealink",
	{0x0c, 0x38, 0x3e}: "Fanvil",
	{0x00, 0x08, 0x5d}: "Mitel", {0x00, 0x10, 0xbc}: "Mitel", {0x08, 0x00, 0x0f}: "Mitel", {0x14, 0x00, 0xe9}: "Mitel",
}

// NeedsMD5 returns the maker of the phone if its phones support Digest with MD5 only; "" otherwise.
func NeedsMD5(mac device.MAC) (maker string) { return md5Makers[[3]byte(mac[:3])] }
