package provision

import (
	"context"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/dialplan"
	"github.com/phoneprov/phoneprov/provision/zone"
)

// RequestVariable is a variable that is computed for a request when a template uses it. A variable of that name in the
// configuration wins.
type RequestVariable struct {
	Name, Synopsis string
	Example        string // a template
	from           requestOrigin
	value          func(*scope) string
	// compose computes the value of other variables. It is set instead of from and value.
	compose func(ctx context.Context, v view) (dialplan.Value, error)
}

// find returns the value and how long it holds.
func (r *RequestVariable) find(ctx context.Context, v view) (dialplan.Value, error) {
	if r.compose != nil {
		return r.compose(ctx, v)
	}
	return dialplan.Value{Text: r.value(v.scope), Varies: r.from.varies(v.scope)}, nil
}

// requestOrigin is what a RequestVariable is computed from. It determines how long the value holds.
type requestOrigin uint8

const (
	ofPhone  requestOrigin = iota // the phone that the file is for
	ofZone                        // the time zone of the line
	ofURL                         // the URL that the phone asked for
	ofDevice                      // the device that asks, by its User-Agent
	ofPBX                         // the Asterisk that the phone is of
)

// varies returns how long a value holds.
func (o requestOrigin) varies(s *scope) dialplan.Varies {
	switch o {
	case ofPhone:
		return perLine
	case ofZone:
		return s.zoneFacts().varies()
	case ofURL:
		return dialplan.Varies{With: byURL}
	case ofPBX: // of a content, and what is remembered is of one content
		return dialplan.Varies{}
	}
	return dialplan.Varies{With: byUserAgent}
}

// origin returns the origin that Explain shows.
func (o requestOrigin) origin(s *scope) string {
	switch o {
	case ofPhone:
		return fromPhone
	case ofZone:
		return s.zoneOrigin()
	case ofPBX:
		return fromPBX
	}
	return fromRequest
}

// RequestVariables is the table of these variables, for lookup, for Explain, and for the reference of the language.
func RequestVariables() []RequestVariable {
	var vars []RequestVariable
	for _, r := range []struct {
		name, synopsis, example string
		from                    requestOrigin
		value                   func(*scope) string
	}{
		{"PP_MAC_LOWER", "the phone's MAC address in lower case; of a phone whose MAC is none, here and below, what stands for it", "${PP_MAC_LOWER}.cfg", ofPhone,
			macVar(func(digits string) string { return digits })},
		{"PP_MAC_UPPER", "the MAC address in upper case", "SEP${PP_MAC_UPPER}.cnf.xml", ofPhone, macVar(strings.ToUpper)},
		{"PP_MAC_COLON", "the MAC address in lower case with colons", "${PP_MAC_COLON}", ofPhone, macVar(separated(":"))},
		{"PP_MAC_DASH", "the MAC address in lower case with dashes", "${PP_MAC_DASH}", ofPhone, macVar(separated("-"))},
		{"PP_LINE_COUNT", "how many lines the phone has", "${IF($[${PP_LINE_COUNT}>1]?several:one)}", ofPhone,
			func(s *scope) string { return strconv.Itoa(len(s.phone.Lines)) }},
		{"PP_PBX", "the name of the phone's Asterisk: `name` of `[asterisk]` in phoneprov.ini, or NAME of `[ami NAME]` for one of several", "directory-${PP_PBX}.xml", ofPBX,
			func(s *scope) string { return s.rd.snap.pbx }},
		{"PP_TRANSPORT", "udp, tcp, tls, ws or wss: the protocol of the transport of the line's endpoint, else of the only transport; empty for a line of the users file", "${PP_TRANSPORT}", ofPhone,
			func(*scope) string { return "" }}, // bindEndpoint gives what there is
		{"PP_URL", "the URL that the phone has before the names of its files, without a slash at its end", "${PP_URL}/logo.bmp", ofURL,
			func(s *scope) string { return s.rd.request.url() }},
		{"PP_HOST", "the host of that URL, with its port where it has one", "${PP_HOST}", ofURL, func(s *scope) string { return s.rd.request.Host }},
		{"PP_SCHEME", "http or https", "${PP_SCHEME}", ofURL, func(s *scope) string { return s.rd.request.Scheme }},
		{"PP_VENDOR", "who made the phone, by its User-Agent; empty where that is none that is known", "${IF($[\"${PP_VENDOR}\"=\"Yealink\"]?yes:no)}", ofDevice,
			func(s *scope) string { return s.rd.phoneDevice().Vendor }},
		{"PP_MODEL", "the phone's model as its User-Agent has it", "${PP_MODEL}", ofDevice, func(s *scope) string { return s.rd.phoneDevice().Model }},
		{"PP_FIRMWARE", "its firmware's version as its User-Agent has it", "${PP_FIRMWARE}", ofDevice, func(s *scope) string { return s.rd.phoneDevice().Firmware }},
		{"PP_TZ_POSIX", "the line's time zone as a POSIX TZ string", "${PP_TZ_POSIX}", ofZone,
			func(s *scope) string { return zone.POSIX(s.line.zone, s.rd.now, s.zoneFacts().rule) }},
		{"PP_TZ_OFFSET_MINUTES", "minutes that its standard time is east of Greenwich: of its two clocks the earlier one, whatever the law calls it",
			"${PP_TZ_OFFSET_MINUTES}", ofZone, func(s *scope) string { return strconv.Itoa(s.zoneFacts().rule.Offset / 60) }},
		{"PP_TZ_OFFSET_HOURS", "the same in hours, with a sign, as +5.5", "${PP_TZ_OFFSET_HOURS}", ofZone, func(s *scope) string { return decimalHours(s.zoneFacts().rule.Offset) }},
		{"PP_TZ_OFFSET_HHMM", "the same in hours and minutes, as +05:30", "${PP_TZ_OFFSET_HHMM}", ofZone,
			func(s *scope) string {
				sign, h, m := zone.HoursAndMinutes(s.zoneFacts().rule.Offset)
				return fmt.Sprintf("%s%02d:%02d", sign, h, m)
			}},
		{"PP_TZ_WINDOWS", "Windows' name of the zone, by the CLDR; empty where it has none", "${PP_TZ_WINDOWS}", ofZone,
			func(s *scope) string { return zone.Windows(s.line.zone.String()) }},
		{"PP_DST_ENABLE", "1 where the clock changes to summer time and back, else 0", "${PP_DST_ENABLE}", ofZone,
			func(s *scope) string {
				if s.zoneFacts().rule.Save == 0 {
					return "0"
				}
				return "1"
			}},
		{"PP_DST_SAVE_MINUTES", "minutes that summer time adds; 0 where there is none", "${PP_DST_SAVE_MINUTES}", ofZone,
			func(s *scope) string { return strconv.Itoa(s.zoneFacts().rule.Save / 60) }},
	} {
		vars = append(vars, RequestVariable{Name: r.name, Synopsis: r.synopsis, Example: r.example, from: r.from, value: r.value})
	}
	vars = append(vars,
		RequestVariable{Name: "PP_SERVER_HOST", Synopsis: "SERVER as it stands in a URL, in a SIP URI and before a port: an IPv6 address has brackets there, and SERVER itself has none",
			Example: "sip:${USERNAME}@${PP_SERVER_HOST}", from: ofURL, compose: serverHost},
		RequestVariable{Name: "PP_SERVER_HOSTPORT", Synopsis: "the same with a colon and SERVER_PORT, where there is one",
			Example: "sip:${PP_SERVER_HOSTPORT}", from: ofURL, compose: serverHostPort})
	vars = append(vars, changeVars("START", "summer time begins", func(r zone.Rule) zone.WallClock { return r.Start })...)
	return append(vars, changeVars("END", "summer time ends", func(r zone.Rule) zone.WallClock { return r.End })...)
}

// changeVars returns the variables of one of the next two changes of the clock.
func changeVars(name, what string, change func(zone.Rule) zone.WallClock) []RequestVariable {
	row := func(field, synopsis string, value func(zone.WallClock) int) RequestVariable {
		name := "PP_DST_" + name + "_" + field
		return RequestVariable{Name: name, Synopsis: synopsis, Example: "${" + name + "}", from: ofZone, value: func(s *scope) string {
			if s.zoneFacts().rule.Save == 0 {
				return ""
			}
			return strconv.Itoa(value(change(s.zoneFacts().rule)))
		}}
	}
	return []RequestVariable{
		row("MONTH", "the month in which "+what+" next, 1 to 12; empty, as those below, where there is no summer time", func(w zone.WallClock) int { return w.Month }),
		row("MDAY", "its day of the month, of the coming time only: a phone that goes by it each year needs its file anew each year", func(w zone.WallClock) int { return w.MDay }),
		row("WEEK", "which of the month's days of that weekday it is, 1 to 4, or -1 for the last", func(w zone.WallClock) int { return w.Week }),
		row("WDAY", "its day of the week, 0 (Sunday) to 6", func(w zone.WallClock) int { return w.WDay }),
		row("HOUR", "its hour by the clock before the change", func(w zone.WallClock) int { return w.Hour }),
		row("MINUTE", "its minute by the clock before the change", func(w zone.WallClock) int { return w.Minute }),
	}
}

// requestVariables returns the table by name.
func requestVariables() map[string]RequestVariable {
	byName := map[string]RequestVariable{}
	for _, v := range RequestVariables() {
		byName[v.Name] = v
	}
	return byName
}

// serverHost returns SERVER, wherever it comes from, as it is written before a port.
func serverHost(ctx context.Context, v view) (dialplan.Value, error) {
	server, _, err := v.lookup(ctx, "SERVER")
	server.Text, server.Slot = bracketed(server.Text), 0
	return server, err
}

// serverHostPort returns serverHost with SERVER_PORT, if there is one.
func serverHostPort(ctx context.Context, v view) (dialplan.Value, error) {
	host, err := serverHost(ctx, v)
	if err != nil || host.Text == "" {
		return host, err
	}
	port, _, err := v.lookup(ctx, "SERVER_PORT")
	host.Varies.Add(port.Varies)
	if port.Text != "" {
		host.Text += ":" + port.Text
	}
	return host, err
}

// bracketed returns a name or an address as it is written before a port (RFC 3986, 3.2.2).
func bracketed(host string) string {
	if addr, err := netip.ParseAddr(strings.TrimSpace(host)); err == nil && addr.Is6() {
		return "[" + strings.TrimSpace(host) + "]"
	}
	return host
}

// macVar returns a function that writes the phone's MAC in a vendor's way.
func macVar(write func(digits string) string) func(*scope) string {
	return func(s *scope) string {
		if s.phone.MAC == (device.MAC{}) {
			return s.phone.ID
		}
		return write(s.phone.MAC.String())
	}
}

// separated returns a function that puts a separator between pairs of hexadecimal digits.
func separated(by string) func(string) string {
	return func(digits string) string {
		var pairs []string
		for ; len(digits) >= 2; digits = digits[2:] {
			pairs = append(pairs, digits[:2])
		}
		return strings.Join(pairs, by)
	}
}

// url returns the phone's URL up to the names of files.
func (q Request) url() string {
	if q.Host == "" {
		return ""
	}
	return q.Scheme + "://" + q.Host + q.Prefix
}

// phoneDevice returns what the User-Agent says of the phone.
func (rd *rendering) phoneDevice() device.Device {
	if rd.device == nil {
		d := device.ParseUserAgent(rd.request.UserAgent)
		rd.device = &d
	}
	return *rd.device
}

// decimalHours writes an offset in hours with a sign, such as +5.5.
func decimalHours(offset int) string {
	text := strconv.FormatFloat(float64(offset)/3600, 'f', -1, 64)
	if offset >= 0 {
		return "+" + text
	}
	return text
}
