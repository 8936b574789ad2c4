package phoneconf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Section returns the section that makes a phone's line: a section of the users file for provision.UsersProvider, and of
// pjsip_wizard.conf for provision.PJSIPProvider. The latter makes the endpoint too. Asterisk reads the text as it is.
func Section(provider string, p Phone, secret provision.Secret) string {
	if provider == provision.UsersProvider {
		return render(p.Extension, userOptions(p, secret), style{})
	}
	return render(p.Extension, slices.Concat(wizardOptions(p, secret), wizardPhone(p)), style{common: phoneDefaults[:]})
}

// option is a line of a section.
type option struct{ name, value string }

// style is what a section has in common with the sections of other phones.
type style struct {
	bases  []string      // the templates that it inherits from
	common []option      // options that the others have alike
	given  []astconf.Var // the options that the templates have
}

// userOptions are the options of a section of the users file.
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

// wizardOptions are the options with which the PJSIP wizard makes an endpoint, its AOR and its auth.
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

// callerID is `"Name" <number>`. Asterisk takes a backslash before a quote away.
func callerID(p Phone) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(strings.TrimSpace(p.Name)) + `" <` + p.Extension + ">"
}

// wizardPhone are the options with which the PJSIP wizard makes the phoneprov section too.
func wizardPhone(p Phone) []option {
	options := []option{{"has_phoneprov", "yes"}}
	for _, o := range phoneOptions(p) {
		options = append(options, option{"phoneprov/" + o.name, o.value})
	}
	return options
}

// phoneOptions are the variables of a phoneprov section of pjsip.conf. Their case counts.
func phoneOptions(p Phone) []option {
	return []option{{"MAC", p.MAC.String()}, {"PROFILE", p.Profile}, {"LABEL", p.Extension}, {"LINE", fmt.Sprint(p.Line)}}
}

// pjsipOptions are the options of a phoneprov section of pjsip.conf for an endpoint that exists.
func pjsipOptions(p Phone, endpoint string) []option {
	return slices.Concat([]option{{"type", "phoneprov"}, {"endpoint", endpoint}}, phoneOptions(p))
}

// phoneDefaults are the options of a wizard's endpoint that no other phone tells. default is the context that Asterisk
// takes where none is given; it is written down so that the admin sees it.
var phoneDefaults = [...]option{
	{"endpoint/context", "default"},
	{"endpoint/allow", "!all,g722,alaw,ulaw"},
	{"aor/max_contacts", "1"},
	{"aor/remove_existing", "yes"},
}

// peerDefaults are the options of a peer of chan_sip in the users file.
var peerDefaults = [...]option{{"hassip", "yes"}, {"host", "dynamic"}, {"context", "default"}}

// render returns the text of a section. It leaves out what the templates give.
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

// last returns the last value of an option, in any case.
func last(vars []astconf.Var, name string) (value string, ok bool) {
	for _, v := range vars {
		if strings.EqualFold(v.Name, name) {
			value, ok = v.Value, true
		}
	}
	return value, ok
}

// escape writes a value so that Asterisk reads it: a semicolon would begin a comment.
func escape(value string) string { return strings.ReplaceAll(value, ";", `\;`) }
