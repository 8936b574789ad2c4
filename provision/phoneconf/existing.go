package phoneconf

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Existing holds the phones, endpoints and profiles of a configuration.
type Existing struct {
	tree      *Tree
	config    provision.Config
	users     string // the users file
	Phones    []provision.PhoneSection
	endpoints []provision.PJSIPSection
	Profiles  []string             // names of the profiles in phoneprov.conf, in order
	byMAC     map[device.MAC][]int // indexes in Phones
	names     map[string]named     // by extension, in lower case
}

// named is a section that has the name of an extension.
type named struct {
	pos      astconf.Pos
	what     string // "a section", "an endpoint" or "a phone"
	endpoint bool
}

// Existing reads the configuration, with the tree's edits. The error says which file cannot be read.
func (t *Tree) Existing() (*Existing, error) {
	config, err := t.config()
	if err != nil {
		return nil, err
	}
	e := &Existing{tree: t, config: config, byMAC: map[device.MAC][]int{}, names: map[string]named{}}
	if e.users, err = usersFile(config); err != nil {
		return nil, err
	}
	e.Phones = provision.PhoneSections(config, e.users)
	e.endpoints = provision.PJSIPSections(config, "endpoint")
	e.Profiles = provision.ProfileNames(config)
	for i, p := range e.Phones {
		if mac, err := device.ParseMAC(p.MAC); err == nil {
			e.byMAC[mac] = append(e.byMAC[mac], i)
		}
		e.note(p.User, named{pos: p.Section.Pos, what: "a phone"})
	}
	if file := config[e.users]; file != nil {
		for _, c := range file.Categories {
			e.note(c.Name, named{pos: c.Pos, what: "a section"})
		}
	}
	for _, p := range e.endpoints {
		e.note(p.Section.Name, named{pos: p.Section.Pos, what: "an endpoint", endpoint: true})
	}
	return e, nil
}

// note records a section by its name, unless an earlier section has that name.
func (e *Existing) note(name string, n named) {
	if _, ok := e.names[strings.ToLower(name)]; !ok {
		e.names[strings.ToLower(name)] = n
	}
}

// usersFile returns the name of the users file. If both users files have phones, it returns an error: Asterisk's
// version decides which one Asterisk reads.
func usersFile(config provision.Config) (string, error) {
	old, next := provision.UsersFiles[0], provision.UsersFiles[1]
	switch {
	case config[old] != nil && config[next] != nil && hasUsers(config[old]) && hasUsers(config[next]):
		return "", fmt.Errorf("%s and %s both have phones, and asterisk reads one of them only: remove the other one", old, next)
	case config[next] != nil && !hasUsers(config[old]):
		return next, nil
	}
	return old, nil
}

func hasUsers(f *astconf.File) bool {
	return f != nil && slices.ContainsFunc(f.Categories, func(c *astconf.Category) bool { return c.Name != "general" })
}

// Phone returns the lines of the phone with a MAC.
func (e *Existing) Phone(mac device.MAC) []provision.PhoneSection {
	var lines []provision.PhoneSection
	for _, i := range e.byMAC[mac] {
		lines = append(lines, e.Phones[i])
	}
	return lines
}

// Provider returns the provider for new phones: the provider of the existing phones. If both providers have phones, it
// returns PJSIP's, because PJSIP's sections make the endpoint too. If no provider has phones, it returns PJSIP's too,
// except on a machine with chan_sip: the users file makes peers of chan_sip, and PJSIP has no transport.
func (e *Existing) Provider() string {
	for _, p := range e.Phones {
		if p.Provider == provision.PJSIPProvider {
			return provision.PJSIPProvider
		}
	}
	if len(e.Phones) > 0 || e.userPeers() && len(provision.PJSIPSections(e.config, "transport")) == 0 {
		return provision.UsersProvider
	}
	return provision.PJSIPProvider
}

// userPeers reports whether sections of the users file make peers of chan_sip. Such a section needs no other account.
func (e *Existing) userPeers() bool {
	for _, p := range e.Phones {
		if p.Provider == provision.UsersProvider && p.File != "" {
			if v, ok := p.Section.Last("hassip"); ok {
				return yes(v.Value)
			}
		}
	}
	v, _ := e.config[e.users].Category("general").Last("hassip")
	return yes(v.Value)
}

// check returns the reasons why Add cannot add a phone, joined. It returns nil if Add can.
func (e *Existing) check(p Phone, o Options) error {
	errs := []error{p.Check()}
	fault := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	switch {
	case p.Profile == "":
		fault("no profile is given, and none can be told: %s", e.profilesText())
	case !slices.Contains(e.Profiles, p.Profile):
		fault("there is no profile %q: %s", p.Profile, e.profilesText())
	}
	if n, ok := e.names[strings.ToLower(p.Extension)]; ok {
		switch {
		case !n.endpoint:
			fault("%s: there is %s of extension %s already", n.pos, n.what, p.Extension)
		case !o.Existing:
			fault("%s: there is an endpoint %s already: -existing gives it the phone", n.pos, p.Extension)
		}
	} else if o.Existing {
		fault("there is no endpoint %s in asterisk's files that the phone could have", p.Extension)
	}
	for _, have := range e.Phone(p.MAC) {
		switch {
		case have.Line == p.Line:
			fault("%s: phone %s has line %d already, %s: another line of it needs -line", have.Section.Pos, p.MAC, p.Line, have.User)
		case have.Provider != o.Provider:
			fault("%s: phone %s stands in %s, and one phone's lines stand in one kind of file", have.Section.Pos, p.MAC, have.File)
		case have.Profile != "" && p.Profile != "" && have.Profile != p.Profile:
			fault("%s: phone %s has profile %q, and one phone's lines have one profile", have.Section.Pos, p.MAC, have.Profile)
		}
	}
	return errors.Join(errs...)
}

// profilesText returns a text that lists the profiles of phoneprov.conf.
func (e *Existing) profilesText() string {
	if len(e.Profiles) == 0 {
		return "phoneprov.conf has no profile; `phoneprov profiles add NAME` adds one"
	}
	return "phoneprov.conf has " + strings.Join(e.Profiles, ", ") + "; `phoneprov profiles add NAME` adds others"
}

// placeOf returns the file that a new section goes to: main or a file that main includes. have holds the positions of
// the existing sections of the same kind. The error says why placeOf cannot choose a file.
func (e *Existing) placeOf(main string, have []astconf.Pos) (string, error) {
	if at, ok := provision.InDatabase(e.config, main); ok {
		return "", fmt.Errorf("%s: asterisk reads %s from a database: add the phone there", at, main)
	}
	var files []string
	add := func(file string) {
		if !slices.Contains(files, file) {
			files = append(files, file)
		}
	}
	for _, pos := range have {
		add(pos.File)
	}
	file := e.config[main]
	if len(files) == 0 && file != nil {
		for _, c := range file.Categories {
			if c.Name != "general" {
				add(c.Pos.File)
			}
		}
		if len(files) == 0 && (len(file.Sources) > 1 || len(file.Dirs) > 1) {
			return "", fmt.Errorf("%s includes other files and has no phones yet, so which file new ones belong to cannot be told: -file says it", main)
		}
	}
	switch len(files) {
	case 0:
		return main, nil
	case 1:
		return files[0], nil
	}
	const most = 5
	if len(files) > most {
		files = append(files[:most], "...")
	}
	return "", fmt.Errorf("the phones of %s stand in several files (%s), so which one new ones belong to cannot be told: -file says it", main, strings.Join(files, ", "))
}
