package provision

import (
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// phoneOptions are the options of the users file that make a phone.
var phoneOptions = func() []string {
	options := []string{"autoprov", "macaddress", "profile", "username", "linenumber"}
	for _, o := range userOptions {
		options = append(options, o.option)
	}
	return options
}()

// otherUserOptions are options of users.conf that other modules of Asterisk read, as in its sample. They are not
// misspelt options of phones, however near they are.
var otherUserOptions = strings.Fields("allow alternateexts callerid callgroup callwaiting callwaitingcallerid canreinvite cid_name " +
	"context dahdichan defaultuser description directmedia disallow dtmfmode email hasagent hasdirectory hasexten hash323 hasiax hasmanager " +
	"hassip hasvoicemail host insecure mailbox managerread managerwrite md5secret nat parkinglot permit deny pickupexten pickupgroup port qualify " +
	"register regexten signalling threewaycalling transfer transport trunkname trunkstyle type userbase vmsecret zapchan")

// users checks the sections of a users file that are likely phones.
func (k *configChecker) users(f *astconf.File) {
	for _, c := range categories(f) {
		vars := slices.Collect(c.Vars())
		if c.Name != "general" && likelyPhone(vars) {
			k.user(c, vars)
		}
	}
}

// likelyPhone reports whether a section has an option that only phones have, perhaps misspelt.
func likelyPhone(vars []astconf.Var) bool {
	return slices.ContainsFunc(vars, func(v astconf.Var) bool {
		option := misspelt(v.Name)
		return strings.EqualFold(v.Name, "autoprov") || strings.EqualFold(v.Name, "macaddress") || option == "autoprov" || option == "macaddress"
	})
}

// misspelt returns the option of a phone that an unknown option is near to, or "".
func misspelt(option string) string {
	if named(phoneOptions, option) || named(otherUserOptions, option) {
		return ""
	}
	return Nearest(option, slices.Values(phoneOptions))
}

func (k *configChecker) user(c *astconf.Category, vars []astconf.Var) {
	subject := "[" + c.Name + "]: "
	for _, v := range vars {
		if option := misspelt(v.Name); option != "" {
			if _, set := last(vars, option); !set {
				k.add(Warning, v.Pos, "%sthere is no option %q; is %q meant?", subject, v.Name, option)
			}
		}
	}
	autoprov, has := last(vars, "autoprov")
	mac, _ := last(vars, "macaddress")
	switch {
	case !has && mac.Value != "":
		k.add(Warning, mac.Pos, "%smacaddress without autoprov = yes: no phone gets it", subject)
	case has && !isTrue(autoprov.Value) && !isFalse(autoprov.Value):
		k.add(Warning, autoprov.Pos, "%sautoprov %q is neither yes nor no: no phone gets it", subject, autoprov.Value)
	}
	for _, option := range [...]string{"linenumber", "linekeys", "localextenlength"} {
		v, _ := last(vars, option)
		k.number(v.Pos, subject, option, v.Value, maxLines)
	}
}

// isFalse reports whether a value means no.
func isFalse(s string) bool {
	switch strings.ToLower(s) {
	case "", "no", "false", "n", "f", "0", "off":
		return true
	}
	return false
}
