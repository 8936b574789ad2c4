package device

import "regexp"

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
var userAgents = [...]struct {
	vendor  string
	pattern *regexp.Regexp
}{
	{"Poly", regexp.MustCompile(`^(?:FileTransport )?Poly(?:com)?\w{1,31}-` + uaModel + `-UA/` + uaFirmware + `(?: \(SN:` + uaMAC + `\))?(?: |$)`)},
	{"Yealink", regexp.MustCompile(`^[Yy]ealink[ -](?:SIP[ -])?` + uaModel + ` +` + uaFirmware + `(?: +` + uaMAC + `| +[\d.]+)?$`)},
	{"Yealink", regexp.MustCompile(`^(?P<model>VP530P?|W52P) +` + uaFirmware + ` +` + uaMAC + `$`)},
	{"Snom", regexp.MustCompile(`^(?:Mozilla/4\.0 \(compatible; )?[Ss]nom ?(?P<model>\w{1,16})(?:-SIP)?[ /](?P<firmware>\d+\.[\d.]{1,31})` +
		`(?:$|[ ;)](?:(?:.* )?` + uaMAC + `[ )])?)`)},
	{"Grandstream", regexp.MustCompile(`^Grandstream Model HW ` + uaModel + `(?: +V\S+)? SW ` + uaFirmware + `(?: DevId ` + uaMAC + `)?$`)},
	{"Grandstream", regexp.MustCompile(`^Grandstream ` + uaModel + ` \(.*:` + uaFirmware + `\) DevId ` + uaMAC + `$`)},
	{"Grandstream", regexp.MustCompile(`^Grandstream ` + uaModel + ` \(DevId (?:` + uaMAC + `|[0-9A-Fa-f]{12} / [0-9A-Fa-f]{12})\)$`)},
	{"Grandstream", regexp.MustCompile(`^Grandstream ` + uaModel + ` ` + uaFirmware + `$`)},
	{"Cisco", regexp.MustCompile(`^Cisco-(?P<model>CP-[\w-]{1,29})/` + uaFirmware + `(?: \(` + uaMAC + `\))?$`)},
	{"Cisco", regexp.MustCompile(`^(?:Cisco|Linksys)/(?P<model>(?:SPA-?|PAP)\w{1,16})-(?P<firmware>[\d.]{1,31}[a-z]?)(?:\(\w+\))?` +
		`(?: \(` + uaMAC + `\)\(\w+\)| \(\w+\))?$`)},
	{"Fanvil", regexp.MustCompile(`^Fanvil ` + uaModels + ` ` + uaFirmware + ` ` + uaMAC + `$`)},
	{"Mitel", regexp.MustCompile(`^(?:Mitel|Aastra) ?` + uaModel + ` MAC:` + uaMAC + ` V:(?P<firmware>\d[\w.-]{0,47}?)(?:-SIP)?$`)},
	{"Gigaset", regexp.MustCompile(`^Gigaset ` + uaModels + `/` + uaFirmware + `(?:;` + uaMAC + `)?$`)},
	{"Htek", regexp.MustCompile(`^Htek ` + uaModel + ` ` + uaFirmware + `(?: ` + uaMAC + `)?$`)},
	{"Panasonic", regexp.MustCompile(`^Panasonic[_ ](?P<model>KX-\w{1,29})/` + uaFirmware + `(?: \(` + uaMAC + `\))?$`)},
	{"Sangoma", regexp.MustCompile(`^(?:Digium|Sangoma) (?P<model>[DP]\w{1,16}) (?P<firmware>\d[\d_.]{0,31})(?: |$)`)},
	{"Linphone", regexp.MustCompile(`^(?P<model>Linphone[\w-]{0,24})/` + uaFirmware + `(?: |$)`)},
}

// ParseUserAgent returns what a User-Agent says of its phone. The result is empty for an unknown User-Agent.
func ParseUserAgent(s string) Device {
	if len(s) > MaxUserAgent {
		return Device{}
	}
	for _, ua := range userAgents {
		m := ua.pattern.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		part := func(name string) string {
			if i := ua.pattern.SubexpIndex(name); i >= 0 {
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
