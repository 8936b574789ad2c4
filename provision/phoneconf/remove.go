package phoneconf

import (
	"fmt"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Find returns the lines that a text names. If the text is the MAC of a phone, they are all lines of the phone.
// Otherwise they are the lines whose user name or section is the text.
func (e *Existing) Find(what string) (lines []provision.PhoneSection) {
	if mac, err := device.ParseMAC(what); err == nil {
		if lines = e.Phone(mac); len(lines) > 0 {
			return lines
		}
	}
	for _, p := range e.Phones {
		if strings.EqualFold(p.User, what) || strings.EqualFold(p.Section.Name, what) {
			lines = append(lines, p)
		}
	}
	return lines
}

// Removed is a section that Remove removed.
type Removed struct {
	Pos  astconf.Pos
	Name string
}

// Remove removes the sections of lines, in the tree's edits. A section of the wizard makes the phone and its endpoint,
// so both go. For a section of the users file, Remove also removes the section of the wizard that Add wrote with it: it
// has the same name and the same secret. notes names the endpoints that stay. After an error, the tree has no edits.
func (e *Existing) Remove(lines []provision.PhoneSection) (removed []Removed, notes []string, err error) {
	before := sections(e.config)
	var gone []section
	cuts := map[string][]astconf.Pos{}
	cut := func(main string, c *astconf.Category) {
		gone = append(gone, newSection(main, c.Name, c.Bases, slices.Collect(c.Vars())))
		cuts[c.Pos.File] = append(cuts[c.Pos.File], c.Pos)
		removed = append(removed, Removed{c.Pos, c.Name})
	}
	for _, p := range lines {
		cut(p.File, p.Section)
		for _, account := range e.endpoints {
			switch {
			case account.Section == p.Section:
			case p.Provider == provision.UsersProvider && account.Wizard && account.Section.Name == p.User && sameSecret(account.Section, p.Section):
				cut(account.File, account.Section)
			case account.Section.Name == p.Endpoint && !p.Wizard, p.Provider == provision.UsersProvider && account.Section.Name == p.User:
				notes = append(notes, fmt.Sprintf("%s: endpoint %s stays, so its extension still works", account.Section.Pos, account.Section.Name))
			}
		}
	}
	for file, at := range cuts {
		path := e.tree.path(file)
		text, err := e.tree.text(path)
		if err != nil {
			return nil, nil, err
		}
		if text, err = cutSections(text, at); err != nil {
			return nil, nil, err
		}
		e.tree.Edit(path, text)
	}
	after, err := e.tree.config()
	if err == nil {
		if wrong, ok := verify(before, sections(after), nil, gone); !ok {
			err = fmt.Errorf("to take its lines away would change what [%s] of %s is to asterisk", wrong.name, wrong.file)
		}
	}
	if err != nil {
		clear(e.tree.edits)
		return nil, nil, fmt.Errorf("%s cannot be removed: %w: nothing was written; remove it by hand", removed[0].Pos, err)
	}
	return removed, notes, nil
}

// sameSecret reports whether a section of the wizard has the secret of a section of the users file, and makes no phone.
func sameSecret(wizard, user *astconf.Category) bool {
	phone, _ := wizard.Last("has_phoneprov")
	password, _ := wizard.Last("inbound_auth/password")
	secret, _ := user.Last("secret")
	return !yes(phone.Value) && secret.Value != "" && password.Value == secret.Value
}

// cutSections returns a text without the sections that begin at the positions. A section ends with its last option. The
// comments after that option belong to the next section, and stay. The error says that no section begins at a position.
func cutSections(text string, at []astconf.Pos) (string, error) {
	lines := strings.SplitAfter(text, "\n")
	drop := make([]bool, len(lines))
	for _, pos := range at {
		first := pos.Line - 1
		if first >= len(lines) || !strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(lines[first], "\ufeff")), "[") {
			return "", fmt.Errorf("%s: here begins no section: the file has changed meanwhile", pos)
		}
		end := first + 1
		for i := end; i < len(lines); i++ {
			line := strings.TrimSpace(lines[i])
			if strings.HasPrefix(line, "[") || strings.HasPrefix(line, "#") {
				break
			}
			if line != "" && line[0] != ';' {
				end = i + 1
			}
		}
		blank := func(i int) bool { return i >= len(lines) || strings.TrimSpace(lines[i]) == "" }
		if first > 0 && blank(first-1) && blank(end) {
			first-- // remove the blank line before it too
		}
		for i := first; i < end; i++ {
			drop[i] = true
		}
	}
	var out strings.Builder
	for i, line := range lines {
		if !drop[i] {
			out.WriteString(line)
		}
	}
	return out.String(), nil
}
