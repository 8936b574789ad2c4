package phoneconf

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Options say how Add adds phones.
type Options struct {
	Provider string // provision.UsersProvider or PJSIPProvider; empty: the provider of the existing phones
	File     string // the file to add to; Asterisk must read it, directly or through an #include; empty: the file of the other phones
	Context  string // the context of calls from the phone; empty: the context of the other phones
	Existing bool   // the endpoint exists: Add adds only the phone
}

// Added is a section that Add added.
type Added struct {
	File string // the name that Asterisk shows
	Text string // with the secret
}

// Result says what Add did.
type Result struct {
	Added []Added
	Notes []string // texts for the admin
	Dial  string   // the channel by which the dialplan reaches the first phone
}

// Add adds phones to the tree's edits. It adds all phones, or none and returns an error. If phones cannot be added, Add
// calls fault with each phone's index and reasons, and returns ErrRefused. Then it sets e to the configuration with the
// new phones. After an error the caller must not use e again.
func (e *Existing) Add(phones []Phone, o Options, fault func(i int, err error)) (result *Result, err error) {
	defer func() {
		if err != nil {
			clear(e.tree.edits)
		}
	}()
	if len(phones) == 0 {
		return new(Result), nil
	}
	o.Provider = cmp.Or(o.Provider, e.Provider())
	failed := false
	for i, p := range phones {
		if err := e.check(p, o); err != nil {
			failed = true
			fault(i, err)
			continue
		}
		e.noteNew(p, o)
	}
	if failed {
		return nil, ErrRefused
	}
	a := &adding{Existing: e, options: o}
	if err := a.prepare(); err != nil {
		return nil, err
	}
	for _, p := range phones {
		if err := a.add(p); err != nil {
			return nil, err
		}
	}
	return a.finish(phones)
}

// ErrRefused is the error of Add after it has called fault.
var ErrRefused = errors.New("nothing was written")

// noteNew adds a phone to e, so that the checks of the next phones see it.
func (e *Existing) noteNew(p Phone, o Options) {
	pos := p.From
	e.names[strings.ToLower(p.Extension)] = named{pos: pos, what: "a phone"}
	e.byMAC[p.MAC] = append(e.byMAC[p.MAC], len(e.Phones))
	e.Phones = append(e.Phones, provision.PhoneSection{
		Provider: o.Provider, Section: astconf.NewCategory(p.Extension, pos, nil, nil),
		MAC: p.MAC.String(), Profile: p.Profile, User: p.Extension, Name: p.Name, Line: p.Line,
	})
}

// adding is one run of Add.
type adding struct {
	*Existing
	options Options
	before  []section
	targets []*target
	phone   *target // gets the phones' sections: in the users file, pjsip_wizard.conf or pjsip.conf
	account *target // gets the sections that make the endpoints; nil: they exist, or the phone's section makes them
	expect  []section
	result  Result
}

// target is a file that Add appends sections to.
type target struct {
	main  string // the name that Asterisk reads
	file  string // the file itself: main, or a file that main includes
	style style
	text  strings.Builder
}

// prepare chooses the files and the style of the sections.
func (a *adding) prepare() (err error) {
	a.before = sections(a.config)
	users := a.options.Provider == provision.UsersProvider
	switch {
	case users:
		a.phone, err = a.usersTarget()
		if err == nil && !a.options.Existing && !a.sip() {
			a.account, err = a.wizardTarget("")
		}
	case a.options.Existing:
		a.phone, err = a.pjsipTarget()
	default:
		a.phone, err = a.wizardTarget(a.options.File)
	}
	return err
}

func (a *adding) newTarget(main, file string, have []astconf.Pos, s style) (*target, error) {
	var err error
	if file == "" {
		if file, err = a.placeOf(main, have); err != nil {
			return nil, err
		}
	}
	t := &target{main: main, file: file, style: s}
	a.targets = append(a.targets, t)
	return t, nil
}

// add adds the sections of one phone.
func (a *adding) add(p Phone) error {
	secret := NewSecret()
	if a.options.Existing && a.options.Provider == provision.UsersProvider {
		user, password := provision.PasswordOf(a.config, p.Extension)
		if user != p.Extension || password == "" {
			return fmt.Errorf("endpoint %s has no password, or another user name than %s, in asterisk's files: write the phone's section by hand", p.Extension, p.Extension)
		}
		secret = password
	}
	if a.account != nil {
		a.write(a.account, p.Extension, wizardOptions(p, secret))
	}
	switch {
	case a.options.Provider == provision.UsersProvider:
		a.write(a.phone, p.Extension, userOptions(p, secret))
	case a.options.Existing:
		a.write(a.phone, p.Extension+"-phone", pjsipOptions(p, p.Extension))
	default:
		a.write(a.phone, p.Extension, slices.Concat(wizardOptions(p, secret), wizardPhone(p)))
	}
	return nil
}

func (a *adding) write(t *target, name string, options []option) {
	text := render(name, options, t.style)
	t.text.WriteString("\n" + text)
	a.result.Added = append(a.result.Added, Added{t.file, text})
	vars := slices.Clone(t.style.given)
	for _, o := range slices.Concat(options, t.style.common) {
		if given, ok := last(t.style.given, o.name); !ok || given != o.value {
			vars = append(vars, astconf.Var{Name: o.name, Value: strings.TrimSpace(o.value)})
		}
	}
	a.expect = append(a.expect, newSection(t.main, name, t.style.bases, vars))
}

// sip reports whether the new phones are peers of chan_sip.
func (a *adding) sip() bool { return a.options.Provider == provision.UsersProvider && a.userPeers() }

// finish edits the files and verifies the edits.
func (a *adding) finish(phones []Phone) (*Result, error) {
	for _, t := range a.targets {
		path := a.tree.path(t.file)
		text, err := a.tree.text(path)
		if err != nil {
			return nil, err
		}
		if text != "" && !strings.HasSuffix(text, "\n") {
			text += "\n"
		}
		added := t.text.String()
		if text == "" {
			added = strings.TrimPrefix(added, "\n")
		}
		a.tree.Edit(path, text+added)
	}
	after, err := a.tree.Existing()
	if err != nil {
		return nil, fmt.Errorf("with the new phone asterisk could not read its files: %w: nothing was written", err)
	}
	if wrong, ok := verify(a.before, sections(after.config), a.expect, nil); !ok {
		return nil, a.unsure(wrong)
	}
	have := map[string]bool{}
	for _, p := range after.Phones {
		have[p.MAC+" "+fmt.Sprint(p.Line)] = true
	}
	for _, p := range phones {
		if !have[p.MAC.String()+" "+fmt.Sprint(p.Line)] {
			return nil, fmt.Errorf("asterisk would not take [%s] of %s for a phone: nothing was written; look at sorcery.conf, and at the templates of that section", p.Extension, a.phone.file)
		}
	}
	a.notes(after)
	a.result.Dial = "PJSIP/" + phones[0].Extension
	if a.sip() {
		a.result.Dial = "SIP/" + phones[0].Extension
	}
	*a.Existing = *after
	return &a.result, nil
}

// unsure returns the error for an edit that would do more than add the new sections. wrong is the first section that
// the edit would change.
func (a *adding) unsure(wrong section) error {
	var files []string
	for _, t := range a.targets {
		files = append(files, t.file)
	}
	for _, t := range a.targets {
		if f := a.config[t.main]; f != nil {
			for _, w := range f.Warnings {
				if w.Pos.File == t.file && strings.Contains(w.Message, "comment") {
					return fmt.Errorf("%s: what is added at the end would be a part of it: nothing was written", w)
				}
			}
		}
	}
	return fmt.Errorf("a section at the end of %s would change what [%s] of %s is to asterisk, or asterisk would not read it: nothing was written; add the phone by hand, or to another file with -file",
		strings.Join(files, " or "), wrong.name, wrong.file)
}

// notes adds a note if the phones need a setting outside their own sections.
func (a *adding) notes(after *Existing) {
	note := func(format string, args ...any) {
		a.result.Notes = append(a.result.Notes, fmt.Sprintf(format, args...))
	}
	if !a.sip() && len(provision.PJSIPSections(after.config, "transport")) == 0 {
		note("pjsip.conf has no transport, so no phone can register: add [transport-udp] with type = transport, protocol = udp and bind = 0.0.0.0, or run `phoneprov init`")
	}
}
