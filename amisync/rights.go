package amisync

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// right is a right that the account needs in manager.conf.
type right struct {
	option, class string // read or write, and a class of it
	// witness is an action that Asterisk lists to accounts with the right, and to no others.
	witness string
	without string // what does not work without the right
}

// neededRights were measured on Asterisk 16 and 22 (TestRights). DBPut belongs to Asterisk's core, and needs no other
// class than system.
var neededRights = [...]right{
	{"write", "system", "DBPut", "the configuration, the endpoints and the peers cannot be read, phones cannot be told that their files have changed, and nothing can be kept in Asterisk's database (ami.astdb)"},
	{"write", "reporting", "Getvar", "functions in templates cannot be asked, and files that use them are 503"},
	{"read", "system", "", "reloads of asterisk are not seen: changes show after the resync period or on SIGHUP only"},
	{"read", "call", "", "the states of peers are those of the last sync"},
}

// account says what an account may do, as far as that is known.
type account struct {
	user    string
	actions ami.Message     // the actions that Asterisk lists to it; nil: unknown
	read    map[string]bool // its classes of events in manager.conf; nil: unknown
	booted  bool            // Asterisk sent it FullyBooted, so it reads system
}

// readAccount asks Asterisk what the account of a connection may do. ListCommands needs no right. The classes of events
// are only in manager.conf, which an account with write = system may read. GetConfig returns only the account's
// section, and its secret is dropped.
func readAccount(ctx context.Context, c *ami.Conn) (account, error) {
	a := account{user: c.Username(), booted: c.IsBooted()}
	var refused *ami.ActionError
	var err error
	if a.actions, err = c.Do(ctx, "ListCommands", nil); err != nil && !errors.As(err, &refused) {
		return a, err
	}
	answer, err := c.Do(ctx, "GetConfig", ami.Message{"Filename": managerFile, "Category": a.user})
	if errors.As(err, &refused) {
		return a, nil
	}
	if err != nil {
		return a, err
	}
	file, err := parseConfig(managerFile, answer)
	if err != nil {
		return a, fmt.Errorf("%s: %w", managerFile, err)
	}
	a.read = eventClasses(file, a.user)
	return a, nil
}

const managerFile = "manager.conf"

// eventClasses returns the classes of an account's read=; nil if the file has no such account.
func eventClasses(file *astconf.File, user string) map[string]bool {
	for _, c := range file.Categories {
		if c.Name != user {
			continue
		}
		read := map[string]bool{}
		v, _ := c.Last("read")
		for class := range strings.SplitSeq(v.Value, ",") {
			read[strings.ToLower(strings.TrimSpace(class))] = true
		}
		return read
	}
	return nil
}

// lacks reports whether a right is known to be missing.
func (a account) lacks(r right) bool {
	switch {
	case r.option == "write":
		return a.actions != nil && a.actions[r.witness] == ""
	case r.class == "system" && a.booted:
		return false
	case a.read != nil:
		return !a.read[r.class] && !a.read["all"]
	}
	return false
}

// hearsNoReloads reports that Asterisk is known to send the account neither reloads nor FullyBooted.
func (a account) hearsNoReloads() bool {
	for _, r := range neededRights {
		if r.option == "read" && r.class == "system" {
			return a.lacks(r)
		}
	}
	return false
}

// missing says what does not work, for each right that is missing.
func (a account) missing() (texts []string) {
	for _, r := range neededRights {
		if a.lacks(r) {
			texts = append(texts, fmt.Sprintf("user %q lacks %s = %s in manager.conf: %s", a.user, r.option, r.class, r.without))
		}
	}
	return texts
}
