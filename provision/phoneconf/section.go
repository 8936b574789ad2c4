package phoneconf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Section returns the text of the section that makes a phone's line. For provision.UsersProvider it is a section of the
// users file. Otherwise it is a section of pjsip_wizard.conf, which makes the endpoint too.
func Section(provider string, p Phone, secret provision.Secret) string {
	if provider == provision.UsersProvider {
		return render(p.Extension, userOptions(p, secret), style{})
	}
	return render(p.Extension, slices.Concat(wizardOptions(p, secret), wizardPhone(p)), style{common: phoneDefaults[:]})
}

// option is a line of a section.
type option struct{ name, value string }

// style holds what a new section shares with the sections of the other phones.
type style struct {
	bases  []string      // the templates that the section inherits from
	common []option      // options that all other phones have with the same value
	given  []astconf.Var // the options of the templates
}

// userOptions returns the options of a section of the users file.
func userOptions(p Phone, secret provision.Secret) []option {
	return []option{
		{"autoprov", "yes"},
		{"username", p.Extension},
		{"fullname", strings.TrimSpace(p.Name)},
		{"cid_number", p.Extension},
		{"secret", secret.Reveal()},
		{"macaddress", p.MAC.String()},
		{"profile", p.Profile},
		{"label", p.Extension},
		{"linenumber", fmt.Sprint(p.Line)},
	}
}

// wizardOptions returns the options of an account: the PJSIP wizard makes an endpoint, an AOR and an auth from them.
func wizardOptions(p Phone, secret provision.Secret) []option {
	return []option{
		{"type", "wizard"},
		{"accepts_registrations", "yes"},
		{"accepts_auth", "yes"},
		{"endpoint/callerid", callerID(p)},
		{"inbound_auth/username", p.Extension},
		{"inbound_auth/password", secret.Reveal()},
	}
}

// callerID returns `"Name" <number>`, with a backslash before each quote and backslash of the name. Asterisk removes
// these backslashes.
func callerID(p Phone) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.TrimSpace(p.Name)) + `" <` + p.Extension + ">"
}

// wizardPhone returns the options of a phone: the PJSIP wizard makes a phoneprov section from them.
func wizardPhone(p Phone) []option {
	options := []option{{"has_phoneprov", "yes"}}
	for _, o := range phoneOptions(p) {
		options = append(options, option{"phoneprov/" + o.name, o.value})
	}
	return options
}

// phoneOptions returns the variables of a phoneprov section of pjsip.conf. Asterisk distinguishes upper and lower case
// in their names.
func phoneOptions(p Phone) []option {
	return []option{{"MAC", p.MAC.String()}, {"PROFILE", p.Profile}, {"LABEL", p.Extension}, {"LINE", fmt.Sprint(p.Line)}}
}

// pjsipOptions returns the options of a phoneprov section of pjsip.conf for an existing endpoint.
func pjsipOptions(p Phone, endpoint string) []option {
	return slices.Concat([]option{{"type", "phoneprov"}, {"endpoint", endpoint}}, phoneOptions(p))
}

// phoneDefaults are the options that a wizard's section gets if the other phones do not decide them. "default" is
// Asterisk's own default for the context; the section has it so that the admin sees it.
var phoneDefaults = [...]option{
	{"endpoint/context", "default"},
	{"endpoint/allow", "!all,g722,alaw,ulaw"},
	{"aor/max_contacts", "1"},
	{"aor/remove_existing", "yes"},
}

// peerDefaults are the options that a peer of chan_sip gets in the users file if the other phones do not decide them.
var peerDefaults = [...]option{{"hassip", "yes"}, {"host", "dynamic"}, {"context", "default"}}

// render returns the text of a section. It leaves out an option that the templates give with the same value.
func render(name string, options []option, s style) string {
	var b strings.Builder
	b.WriteString("[" + name + "]")
	if len(s.bases) > 0 {
		b.WriteString("(" + strings.Join(s.bases, ",") + ")")
	}
	b.WriteString("\n")
	for _, o := range slices.Concat(options, s.common) {
		if given, ok := last(s.given, o.name); !ok || given != o.value {
			b.WriteString(o.name + " = " + escape(o.value) + "\n")
		}
	}
	return b.String()
}

// last returns the last value of an option, or false if there is none. It ignores the case of the name.
func last(vars []astconf.Var, name string) (value string, ok bool) {
	for _, v := range vars {
		if strings.EqualFold(v.Name, name) {
			value, ok = v.Value, true
		}
	}
	return value, ok
}

// escape returns a value as it stands in a file: with a backslash before each semicolon, which would begin a comment.
func escape(value string) string { return strings.ReplaceAll(value, ";", `\;`) }
