package provision

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// The options of phoneprov.conf. Every other option of a profile is the name of a file.
var (
	generalOptions = []string{"serveraddr", "serveriface", "serverport", "default_profile"}
	profileOptions = []string{"mime_type", "setvar", "static_file", "staticdir"}
)

// CheckConfig reports what Asterisk accepts silently and what is likely a mistake: misspelt options and types, values
// that are not numbers, file names that were cut. Build reports what makes a phone lose its files.
func CheckConfig(c Config) []Diagnostic {
	k := configChecker{profiles: profileNames(c["phoneprov.conf"])}
	if c["phoneprov.conf"] == nil {
		k.add(Error, astconf.Pos{File: "phoneprov.conf"}, "there is no such file: no phone has a profile")
	}
	for _, s := range categories(c["phoneprov.conf"]) {
		if s.Name == "general" {
			k.general(s)
		} else {
			k.profile(s)
		}
	}
	k.users(c["users.conf"])
	k.users(c["phoneprov_users.conf"])
	k.pjsip(c["pjsip.conf"])
	k.wizard(c[WizardFile])
	return k.diagnostics
}

type configChecker struct {
	diagnostics
	profiles []string
}

// profileNames returns the names of the profiles, in order.
func profileNames(f *astconf.File) []string {
	var names []string
	for _, c := range categories(f) {
		if c.Name != "general" {
			names = append(names, c.Name)
		}
	}
	return names
}

// named reports whether a list has a name, in any case.
func named(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, name) })
}

// general checks [general] of phoneprov.conf.
func (k *configChecker) general(c *astconf.Category) {
	for v := range c.Vars() {
		switch {
		case named(profileOptions, v.Name), strings.ContainsAny(v.Name, "$."):
			k.add(Warning, v.Pos, "[general] has no files and no setvars: %q belongs in a profile", v.Name)
		case !named(generalOptions, v.Name):
			k.add(Warning, v.Pos, "[general]: there is no option %q%s", v.Name, meant(v.Name, slices.Values(generalOptions)))
		case strings.EqualFold(v.Name, "serverport"):
			k.number(v.Pos, "[general]: ", "serverport", v.Value, maxPort)
		case strings.EqualFold(v.Name, "default_profile") && v.Value != "" && !slices.Contains(k.profiles, v.Value):
			k.add(Warning, v.Pos, "[general]: default_profile %q: there is no such section%s", v.Value, meant(v.Value, slices.Values(k.profiles)))
		}
	}
}

// Upper bounds of numbers.
const (
	maxPort  = 65535
	maxLines = 999 // no phone has so many lines or keys
)

// number reports a value that is not a whole number from 1 to most. An empty value means that the option is not set.
func (k *configChecker) number(pos astconf.Pos, subject, option, value string, most int) {
	if value == "" {
		return
	}
	if n, err := strconv.Atoi(value); err != nil || n < 1 || n > most {
		k.add(Warning, pos, "%s%s %q is not a number from 1 to %d", subject, option, value, most)
	}
}

// profile checks a profile of phoneprov.conf.
func (k *configChecker) profile(c *astconf.Category) {
	setvars := map[string]astconf.Pos{}
	files := 0
	var waiting []astconf.Var // mime_type and staticdir options that no file follows
	for v := range c.Vars() {
		if strings.HasPrefix(v.Value, ">") {
			k.add(Error, v.Pos, "profile %q: %q: what follows the \"=\" begins with \">\": write \"=>\" without a blank in it", c.Name, v.Name)
			continue
		}
		switch strings.ToLower(v.Name) {
		case "setvar":
			k.setvar(c, v, setvars)
		case "mime_type":
			k.mime(c, v, v.Value)
			waiting = append(waiting, v)
		case "staticdir":
			waiting = append(waiting, v)
		default:
			if k.file(c, v) {
				files++
				waiting = nil
			}
		}
	}
	for _, v := range waiting {
		k.add(Warning, v.Pos, "profile %q: %s counts for the files after it, and there is none", c.Name, v.Name)
	}
	if files == 0 {
		k.add(Warning, c.Pos, "profile %q has no files: its phones get nothing", c.Name)
	}
}

func (k *configChecker) setvar(c *astconf.Category, v astconf.Var, seen map[string]astconf.Pos) {
	name, value, found := strings.Cut(v.Value, "=")
	name, value = strings.TrimSpace(name), strings.TrimSpace(value)
	if !found || name == "" || value == "" {
		return // Build reports it, or the admin left it empty on purpose
	}
	if strings.ContainsAny(name, "${}%") {
		k.add(Warning, v.Pos, "profile %q: setvar %q: the name of a variable is written without ${}", c.Name, name)
		return
	}
	if strings.HasPrefix(value, ">") {
		k.add(Warning, v.Pos, "profile %q: setvar %s: its value begins with \">\": between name and value stands \"=\"", c.Name, name)
	}
	if first, ok := seen[name]; ok {
		k.add(Warning, v.Pos, "profile %q: setvar %s is set already%s: the first one counts", c.Name, name, at(first))
		return
	}
	seen[name] = v.Pos
}

// at returns " (file:line)", or "" without a line.
func at(pos astconf.Pos) string {
	if pos.Line == 0 {
		return ""
	}
	return " (" + pos.String() + ")"
}

// mime reports a MIME type that is not one.
func (k *configChecker) mime(c *astconf.Category, v astconf.Var, mime string) {
	if mime != "" && !strings.Contains(mime, "/") {
		k.add(Warning, v.Pos, "profile %q: %q is not a MIME type, which is type/subtype; a line names one file", c.Name, mime)
	}
}

// file checks a line of a profile that names a file. It reports whether the line is likely a file.
func (k *configChecker) file(c *astconf.Category, v astconf.Var) bool {
	name, mime := splitMIME(v.Value)
	if strings.EqualFold(v.Name, "static_file") {
		k.mime(c, v, mime)
		return true
	}
	switch {
	case likelyOption(v.Name) != "":
		k.add(Error, v.Pos, "profile %q: %q is taken for the name of a file; is the option %q meant?", c.Name, v.Name, likelyOption(v.Name))
		return false
	case named(generalOptions, v.Name):
		k.add(Error, v.Pos, "profile %q: %q is an option of [general]; here it is taken for the name of a file", c.Name, v.Name)
		return false
	case cutName(v.Name, v.Value):
		k.add(Error, v.Pos, "profile %q: the file name %q ends at the first \"=\" of the line; "+
			"a name with \"=\" in it is set with setvar => NAME=..., and the file is then ${NAME}", c.Name, v.Name)
		return true
	}
	k.mime(c, v, mime)
	if word := otherBrackets(v.Name); word != "" {
		k.add(Warning, v.Pos, "profile %q: file name %q: a variable is written ${%s}", c.Name, v.Name, word)
	}
	if strings.HasPrefix(v.Name, "/") {
		k.add(Warning, v.Pos, "profile %q: file name %q begins with a slash: phones have to ask for it with two", c.Name, v.Name)
	}
	return name != ""
}

// likelyOption returns the option of a profile that a file name is likely meant to be, or "".
func likelyOption(name string) string {
	if strings.ContainsAny(name, "$./{}%<>") {
		return ""
	}
	return Nearest(name, slices.Values(profileOptions))
}

// cutName reports whether a file name was cut at a "=" that the admin meant as a part of it.
func cutName(name, value string) bool {
	return strings.Contains(value, "=>") || len(dialplan.Parse("", name).Unclosed()) > 0 && strings.Contains(value, "=")
}

// otherBracket matches a variable in the notation of other programs and phones.
var otherBracket = regexp.MustCompile(`\$\(([A-Za-z_]+)\)|\$([A-Za-z_]+)|%([A-Za-z_]+)%?|[{<]([A-Za-z_]+)[}>]|\[([A-Za-z_]+)\]`)

// otherBrackets returns the variable that a file name has in a notation that is not Asterisk's, or "".
func otherBrackets(name string) string {
	found := ""
	dialplan.Parse("", name).Literals(func(text string, _, _ int) {
		for _, m := range otherBracket.FindAllStringSubmatch(text, -1) {
			for _, word := range m[1:] {
				if v := lineVariable(word); v != "" && found == "" {
					found = v
				}
			}
		}
	})
	return found
}

// lineVariable returns the variable of a line with that name in any case, or "".
func lineVariable(word string) string {
	for _, name := range lineVariables() {
		if strings.EqualFold(name, word) {
			return name
		}
	}
	return ""
}
