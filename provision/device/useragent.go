package device

import (
	"regexp"
	"sync"
)

// Device is what a phone says of itself in its User-Agent. None of it is proven.
type Device struct {
	Vendor   string // as in userAgents; empty: the phone is not known, and all other fields are empty
	Model    string // as the phone writes it; it has letters, digits, blanks, _ and - only
	Firmware string // it has letters, digits and . _ + - only
	MAC      MAC    // zero: the User-Agent has none, as most
}

// MaxUserAgent bounds in bytes the User-Agents that are read: twice the longest one that we know of.
const MaxUserAgent = 256

// Parts of userAgents. What they match goes into phones' files, so it has letters, digits and few signs only, and a
// bounded length.
const (
	uaModel    = `(?P<model>[A-Za-z0-9][\w-]{0,31})`
	uaModels   = `(?P<model>[A-Za-z0-9][\w -]{0,31})` // may have several words
	uaFirmware = `(?P<firmware>[0-9A-Za-z][\w.+-]{0,47})`
	uaMAC      = `(?P<mac>[0-9A-Fa-f]{12}|(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{2}-){5}[0-9A-Fa-f]{2})`
)

// userAgents are the User-Agents of phones over HTTP, and of a few over SIP. Digits count as a MAC only where the
// vendor puts one: Cisco's serial numbers, for example, may have twelve hexadecimal digits.
// Compiling all patterns takes longer than all else at the start of a command: each waits for the first User-Agent.
var userAgents = [...]struct {
	vendor  string
	pattern func() *regexp.Regexp
}{
	{"Poly", lazily(`^(?:FileTransport )?Poly(?:com)?\w{1,31}-` + uaModel + `-UA/` + uaFirmware + `(?: \(SN:` + uaMAC + `\))?(?: |$)`)},
	{"Yealink", lazily(`^[Yy]ealink[ -](?:SIP[ -])?` + uaModel + ` +` + uaFirmware + `(?: +` + uaMAC + `| +[\d.]+)?$`)},
	{"Yealink", lazily(`^(?P<model>VP530P?|W52P) +` + uaFirmware + ` +` + uaMAC + `$`)},
	{"Snom", lazily(`^(?:Mozilla/4\.0 \(compatible; )?[Ss]nom ?(?P<model>\w{1,16})(?:-SIP)?[ /](?P<firmware>\d+\.[\d.]{1,31})` +
		`(?:$|[ ;)](?:(?:.* )?` + uaMAC + `[ )])?)`)},
	{"Grandstream", lazily(`^Grandstream Model HW ` + uaModel + `(?: +V\S+)? SW ` + uaFirmware + `(?: DevId ` + uaMAC + `)?$`)},
	{"Grandstream", lazily(`^Grandstream ` + uaModel + ` \(.*:` + uaFirmware + `\) DevId ` + uaMAC + `$`)},
	{"Grandstream", lazily(`^Grandstream ` + uaModel + ` \(DevId (?:` + uaMAC + `|[0-9A-Fa-f]{12} / [0-9A-Fa-f]{12})\)$`)},
	{"Grandstream", lazily(`^Grandstream ` + uaModel + ` ` + uaFirmware + `$`)},
	{"Cisco", lazily(`^Cisco-(?P<model>CP-[\w-]{1,29})/` + uaFirmware + `(?: \(` + uaMAC + `\))?$`)},
	{"Cisco", lazily(`^(?:Cisco|Linksys)/(?P<model>(?:SPA-?|PAP)\w{1,16})-(?P<firmware>[\d.]{1,31}[a-z]?)(?:\(\w+\))?` +
		`(?: \(` + uaMAC + `\)\(\w+\)| \(\w+\))?$`)},
	{"Fanvil", lazily(`^Fanvil ` + uaModels + ` ` + uaFirmware + ` ` + uaMAC + `$`)},
	{"Mitel", lazily(`^(?:Mitel|Aastra) ?` + uaModel + ` MAC:` + uaMAC + ` V:(?P<firmware>\d[\w.-]{0,47}?)(?:-SIP)?$`)},
	{"Gigaset", lazily(`^Gigaset ` + uaModels + `/` + uaFirmware + `(?:;` + uaMAC + `)?$`)},
	{"Htek", lazily(`^Htek ` + uaModel + ` ` + uaFirmware + `(?: ` + uaMAC + `)?$`)},
	{"Panasonic", lazily(`^Panasonic[_ ](?P<model>KX-\w{1,29})/` + uaFirmware + `(?: \(` + uaMAC + `\))?$`)},
	{"Sangoma", lazily(`^(?:Digium|Sangoma) (?P<model>[DP]\w{1,16}) (?P<firmware>\d[\d_.]{0,31})(?: |$)`)},
	{"Linphone", lazily(`^(?P<model>Linphone[\w-]{0,24})/` + uaFirmware + `(?: |$)`)},
}

// lazily returns a function that compiles the pattern when it is first called.
func lazily(pattern string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })
}

// ParseUserAgent returns what a User-Agent says of its phone. The result is empty for an unknown User-Agent.
func ParseUserAgent(s string) Device {
	if len(s) > MaxUserAgent {
		return Device{}
	}
	for _, ua := range userAgents {
		pattern := ua.pattern()
		m := pattern.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		part := func(name string) string {
			if i := pattern.SubexpIndex(name); i >= 0 {
				return m[i]
			}
			return ""
		}
		d := Device{Vendor: ua.vendor, Model: part("model"), Firmware: part("firmware")}
		if mac, err := ParseMAC(part("mac")); err == nil {
			d.MAC = mac
		}
		return d
	}
	return Device{}
}
