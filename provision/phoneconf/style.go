package phoneconf

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// alikeWizard are options of the PJSIP wizard. A new phone gets an option if all other phones have it with the same
// value.
var alikeWizard = [...]string{
	"transport", "endpoint/transport", "endpoint/context", "endpoint/disallow", "endpoint/allow", "endpoint/dtmf_mode", "endpoint/direct_media",
	"endpoint/rtp_symmetric", "endpoint/force_rport", "endpoint/rewrite_contact", "endpoint/media_encryption", "endpoint/media_encryption_optimistic",
	"endpoint/language", "aor/max_contacts", "aor/remove_existing", "aor/qualify_frequency",
}

// alikeUsers are such options of the users file.
var alikeUsers = [...]string{"hassip", "host", "type", "context", "disallow", "allow", "nat", "qualify", "timezone", "vmexten", "transport", "encryption"}

// usersTarget returns the target for the users file, in the style of its phones.
func (a *adding) usersTarget() (*target, error) {
	var have []*astconf.Category
	var at []astconf.Pos
	for _, p := range a.Phones {
		if p.Provider == provision.UsersProvider && p.File != "" {
			have, at = append(have, p.Section), append(at, p.Section.Pos)
		}
	}
	t, err := a.newTarget(a.users, a.options.File, at, style{})
	if err != nil {
		return nil, err
	}
	if err = a.learn(t, have, alikeUsers[:], ""); err != nil {
		return nil, err
	}
	if a.userPeers() {
		t.defaults(peerDefaults[:])
	}
	if a.options.Context != "" {
		t.style.common = set(t.style.common, "context", a.options.Context)
	}
	return t, nil
}

func yes(value string) bool {
	return slices.Contains([]string{"yes", "true", "y", "t", "1", "on"}, strings.ToLower(value))
}

// wizardTarget returns the target for pjsip_wizard.conf, in the style of its phones. If it has no phones, the style is
// that of the endpoints in pjsip.conf.
func (a *adding) wizardTarget(file string) (*target, error) {
	var wizards, endpoints []*astconf.Category
	var at []astconf.Pos
	for _, p := range a.endpoints {
		registers, _ := p.Section.Last("accepts_registrations")
		switch {
		case p.Wizard && yes(registers.Value):
			wizards, at = append(wizards, p.Section), append(at, p.Section.Pos)
		case !p.Wizard && p.Section.Name != "anonymous":
			endpoints = append(endpoints, p.Section)
		}
	}
	t, err := a.newTarget(provision.WizardFile, file, at, style{})
	if err != nil {
		return nil, err
	}
	if len(wizards) > 0 {
		err = a.learn(t, wizards, alikeWizard[:], "")
	} else {
		err = a.learn(t, endpoints, alikeWizard[:], "endpoint/")
	}
	if err != nil {
		return nil, err
	}
	if a.options.Context != "" {
		t.style.common = set(t.style.common, "endpoint/context", a.options.Context)
	} else if several := differing(wizards, endpoints); len(several) > 1 {
		return nil, fmt.Errorf("the other phones have several contexts (%s): -context says which one the new one has", strings.Join(several, ", "))
	}
	if transports := provision.PJSIPSections(a.config, "transport"); len(transports) == 1 {
		if _, given := last(t.style.given, "endpoint/transport"); !given { // Asterisk's res_phoneprov needs a transport
			t.defaults([]option{{"transport", transports[0].Section.Name}})
		}
	}
	t.defaults(phoneDefaults[:])
	return t, nil
}

// defaults adds each option that neither the templates nor the other phones give.
func (t *target) defaults(options []option) {
	for _, o := range options {
		if _, given := last(t.style.given, o.name); !given && !slices.ContainsFunc(t.style.common, func(c option) bool { return c.name == o.name }) {
			t.style.common = append(t.style.common, o)
		}
	}
}

// pjsipTarget returns the target for the phoneprov sections of pjsip.conf, or of the file that sorcery.conf names.
func (a *adding) pjsipTarget() (*target, error) {
	main := cmp.Or(provision.PhoneprovFile(a.config), provision.PJSIPFile)
	var at []astconf.Pos
	for _, p := range a.Phones {
		if p.Provider == provision.PJSIPProvider && !p.Wizard && p.File != "" {
			at = append(at, p.Section.Pos)
		}
	}
	return a.newTarget(main, a.options.File, at, style{})
}

// differing returns the contexts of the phones, each once.
func differing(wizards, endpoints []*astconf.Category) (contexts []string) {
	have, name := wizards, "endpoint/context"
	if len(wizards) == 0 {
		have, name = endpoints, "context"
	}
	for _, c := range have {
		if v, _ := c.Last(name); !slices.Contains(contexts, cmp.Or(v.Value, "default")) {
			contexts = append(contexts, cmp.Or(v.Value, "default"))
		}
	}
	return contexts
}

// learn sets the style of a target from existing sections: their templates, if all sections have the same, and the
// options in alike that all sections have with the same value. The names in alike have the prefix, and those in the
// sections lack it.
func (a *adding) learn(t *target, have []*astconf.Category, alike []string, prefix string) error {
	if len(have) == 0 {
		return nil
	}
	bases := have[0].Bases
	for _, c := range have {
		if prefix != "" || !slices.Equal(c.Bases, bases) {
			bases = nil
		}
	}
	if len(bases) > 0 {
		given, err := a.given(t, bases)
		if err != nil {
			return err
		}
		t.style.bases, t.style.given = bases, given
	}
	for _, name := range alike {
		there, ok := strings.CutPrefix(name, prefix)
		if _, given := last(t.style.given, name); given || !ok {
			continue
		}
		if value, ok := same(have, there); ok {
			t.style.common = append(t.style.common, option{name, value})
		}
	}
	return nil
}

// same returns the value of an option, or false if not all sections have the same value.
func same(have []*astconf.Category, name string) (value string, ok bool) {
	for i, c := range have {
		v, has := c.Last(name)
		if !has || v.Value == "" || i > 0 && v.Value != value {
			return "", false
		}
		value = v.Value
	}
	return value, true
}

// given returns the options that a new section at the end of a target gets from templates. An error means that the
// section cannot use these templates there.
func (a *adding) given(t *target, bases []string) ([]astconf.Var, error) {
	const name = "phoneprov-new-phone" // no section has that name
	path := a.tree.path(t.file)
	text, err := a.tree.text(path)
	if err != nil {
		return nil, err
	}
	a.tree.Edit(path, text+"\n"+render(name, nil, style{bases: bases}))
	defer delete(a.tree.edits, path)
	file, err := a.tree.Load(t.main)
	if err != nil {
		return nil, fmt.Errorf("a new phone has the templates of the others: %w", err)
	}
	return slices.Collect(file.Category(name).Vars()), nil
}

// set replaces an option, or adds it.
func set(options []option, name, value string) []option {
	i := slices.IndexFunc(options, func(o option) bool { return strings.EqualFold(o.name, name) })
	if i < 0 {
		return append(options, option{name, value})
	}
	options[i].value = value
	return options
}
