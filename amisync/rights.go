package amisync

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/phoneprov/phoneprov/amisync/ami"
	"github.com/phoneprov/phoneprov/provision/astconf"
)

// right is one that the account needs in manager.conf.
type right struct {
	option, class string // read or write, and its class
	// witness is an action that Asterisk lists to those who have the right to write, and to nobody else.
	witness string
	without string // what does not work without it
}

// neededRights are measured on Asterisk 16 and 22 (TestRights). DBPut is of Asterisk's core, and system is its only class.
var neededRights = [...]right{
	{"write", "system", "DBPut", "the configuration, the endpoints and the peers cannot be read, and phones cannot be told that their files have changed"},
	{"write", "reporting", "Getvar", "functions in templates cannot be asked, and files that use them are 503"},
	{"read", "system", "", "reloads of asterisk are not seen: changes show after the resync period or on SIGHUP only"},
	{"read", "call", "", "the states of peers are those of the last sync"},
}

// account is what an account may do, as far as that can be told.
type account struct {
	user    string
	actions ami.Message     // that Asterisk lists to it; nil: not known
	read    map[string]bool // the classes of its events as manager.conf has them; nil: not known
	booted  bool            // it was told of FullyBooted: it reads system
}

// readAccount asks Asterisk what the account of a connection may do. ListCommands needs no right. The classes of events are in
// manager.conf alone, which who writes system may read: GetConfig gives only the section asked for, and its secret is dropped.
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

// eventClasses are those of an account's read=; nil where the file has no such account.
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

// deaf reports whether Asterisk is known to tell the account nothing of reloads, nor when it is booted.
func (a account) deaf() bool {
	for _, r := range neededRights {
		if r.option == "read" && r.class == "system" {
			return a.lacks(r)
		}
	}
	return false
}

// missing says for each right that is missing what does not work without it.
func (a account) missing() (texts []string) {
	for _, r := range neededRights {
		if a.lacks(r) {
			texts = append(texts, fmt.Sprintf("user %q lacks %s = %s in manager.conf: %s", a.user, r.option, r.class, r.without))
		}
	}
	return texts
}
