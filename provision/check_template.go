package provision

import (
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// lineVariables are the variables that any line may have, whether its configuration sets them or not.
func lineVariables() []string {
	names := []string{"MAC", "USERNAME", "PROFILE", "LINE", "SERVER", "SERVER_PORT", "ENDPOINT_ID", "TRANSPORT_ID", "AUTH_ID", "EPOCH"}
	for _, o := range userOptions {
		names = append(names, o.variable)
	}
	names = append(names, zoneNames[:]...)
	for _, v := range RequestVariables() {
		names = append(names, v.Name)
	}
	return names
}

// variableAliases are what variables are called elsewhere. The options of the users file are too.
var variableAliases = [...]struct{ alias, variable string }{
	{"password", "SECRET"}, {"passwd", "SECRET"}, {"pass", "SECRET"}, {"exten", "USERNAME"}, {"extension", "USERNAME"},
	{"name", "DISPLAY_NAME"}, {"port", "SERVER_PORT"}, {"tz", "TIMEZONE"},
}

// nearestVariable is the variable that was likely meant by a name that no phone has; empty: none. More are names that a
// configuration gives.
func nearestVariable(name string, more []string) string {
	names := slices.Concat(lineVariables(), more)
	variableOf := map[string]string{}
	add := func(alias, variable string) {
		if !slices.Contains(names, alias) {
			names, variableOf[alias] = append(names, alias), variable
		}
	}
	for _, a := range variableAliases {
		add(a.alias, a.variable)
	}
	add("macaddress", "MAC")
	for _, o := range userOptions {
		add(o.option, o.variable)
	}
	folded := foldName(name)
	for alias, variable := range variableOf { // an alias that is written out is nearer than what begins like it
		if foldName(alias) == folded {
			return variable
		}
	}
	nearest := Nearest(name, slices.Values(names))
	if variable, ok := variableOf[nearest]; ok {
		return variable
	}
	return nearest
}

// known are the names of variables that phones have.
type known map[string]bool

// knownOf collects the variables of the phones and the setvars of some profiles; nil is all.
func (c *checker) knownOf(s *Snapshot, profiles map[*Profile]bool) known {
	names := known{"VOCIEMAIL_EXTEN": true}
	for _, name := range lineVariables() {
		names[name] = true
	}
	for name := range s.globals.places {
		names[name] = true
	}
	for _, p := range s.profiles {
		if profiles == nil || profiles[p] {
			for _, v := range p.setvars {
				names[v.name] = true
			}
			for shape := range c.shapes[p] {
				for _, v := range shape.vars {
					names[v.name] = true
				}
			}
		}
	}
	return names
}

// shapesOf are the shapes of the lines of each profile's phones.
func shapesOf(s *Snapshot) map[*Profile]map[*shape]bool {
	all := map[*Profile]map[*shape]bool{}
	for _, p := range s.phoneList {
		if all[p.Profile] == nil {
			all[p.Profile] = map[*shape]bool{}
		}
		for _, l := range p.Lines {
			all[p.Profile][l.shape] = true
		}
	}
	return all
}

// adminPassword is the variable of the password of a phone's own settings. Templates leave the parameter out where it is not
// set, so they test it; that a phone is open to whoever knows its maker's password is still told.
const adminPassword = "ADMIN_PASSWORD"

// text is a template that is checked: a file's, or the value or name of an option.
type text struct {
	*dialplan.Template
	file   string
	option astconf.Pos // zero: the text is a file's
}

// pos is a place in the text, the option's where it is one's.
func (t text) pos(line int) astconf.Pos {
	if t.option.File != "" {
		return t.option
	}
	return astconf.Pos{File: t.file, Line: line}
}

func fileText(t *dialplan.Template, name string) text { return text{Template: t, file: name} }

func optionText(t *dialplan.Template, pos astconf.Pos) text { return text{Template: t, option: pos} }

// texts checks the templates' files and what profiles have of the language, without regard to what is evaluated.
func (c *checker) texts(ctx context.Context, s *Snapshot, r *Renderer) {
	everybody := c.knownOf(s, nil)
	for _, p := range s.profiles {
		names := c.knownOf(s, map[*Profile]bool{p: true})
		for i, v := range p.setvars {
			t := optionText(v.value, v.pos)
			c.text(t, names, everybody)
			c.setLater(s, p, i)
		}
		for _, f := range p.files {
			c.text(optionText(f.uri, f.pos), names, everybody)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.templates)) {
		t, err := r.options.Data.Template(ctx, name)
		if err != nil || !c.templates[name] {
			continue
		}
		if c.text(fileText(t.Template, name), c.knownOf(s, c.profilesOf[name]), everybody); t.Blank() {
			c.report(Diagnostic{Pos: astconf.Pos{File: name}, Severity: Warning, Message: "the template is empty: phones get a file with nothing in it"})
		}
	}
}

// setLater reports the variables of a setvar that only setvars after it set.
func (c *checker) setLater(s *Snapshot, p *Profile, i int) {
	before := c.knownOf(s, map[*Profile]bool{})
	for shape := range c.shapes[p] {
		for _, v := range shape.vars {
			before[v.name] = true
		}
	}
	for _, v := range p.setvars[:i] {
		before[v.name] = true
	}
	for _, used := range p.setvars[i].value.Variables() {
		after := slices.IndexFunc(p.setvars[i:], func(v setvar) bool { return v.name == used.Name })
		if after >= 0 && !before[used.Name] {
			c.report(Diagnostic{Pos: p.setvars[i].pos, Severity: Warning,
				Message: fmt.Sprintf("setvar %s: %s is set no earlier%s: it is empty here", p.setvars[i].name, used.Name, at(p.setvars[i+after].pos))})
		}
	}
}

// text reports what is likely a mistake in a template: names are the variables that its phones have, everybody are all.
func (c *checker) text(t text, names, everybody known) {
	report := func(severity Severity, line, col int, format string, args ...any) {
		c.report(Diagnostic{Pos: t.pos(line), Severity: severity, Message: fmt.Sprintf("column %d: ", col) + fmt.Sprintf(format, args...)})
	}
	for _, d := range t.Unclosed() {
		report(Error, d.Line, d.Col, "%s", d.Message)
	}
	tested := map[string]bool{}
	for _, v := range t.Variables() {
		tested[v.Name] = tested[v.Name] || v.Tested
	}
	unknown := func(name string, line, col int, names known) {
		if name == adminPassword && !names[name] {
			report(Warning, line, col, "no phone has a variable %q, the password of the phone's own settings: phones keep the one that they have; "+
				"setvar => %[1]s=... in the profile gives one", name)
			return
		}
		if names[name] || tested[name] || name == "" {
			return
		}
		nearest := ""
		if nearest = nearestVariable(name, slices.Sorted(maps.Keys(names))); nearest != "" {
			nearest = fmt.Sprintf("; is %q meant?", nearest)
		}
		report(Warning, line, col, "no phone has a variable %s%s", printable(name), nearest)
	}
	for _, v := range t.Variables() {
		unknown(v.Name, v.Line, v.Col, names)
	}
	for _, call := range t.WrittenCalls() {
		if slices.Contains(inlineFunctions[:], call.Name) {
			everybody := everybody
			if call.Name == "PP_EACH_KEY" {
				everybody = withKeys(names)
			}
			for _, v := range inlineText(&dialplan.Call{Name: call.Name}, splitArguments(call.Args, call.Args)[0]).Variables() {
				unknown(v.Name, call.Line, call.Col, everybody)
			}
		}
		if pipes(call) {
			report(Warning, call.Line, call.Col, "%s: its arguments are separated by commas since Asterisk 1.6, and no longer by |", call.Name)
		}
	}
	t.Literals(func(text string, line, col int) {
		for _, m := range percentVariable.FindAllStringSubmatchIndex(text, -1) {
			name, before := text[m[2]:m[3]], text[:m[0]]
			if !names[name] {
				continue
			}
			if newline := strings.LastIndexByte(before, '\n'); newline >= 0 {
				col = -newline
			}
			report(Warning, line+strings.Count(before, "\n"), col+m[0],
				"%%{%s} stays as it is: %%{} is for the text of PP_EACH_USER and PP_EACH_LINE; here it is ${%[1]s}", name)
		}
	})
}

// inlineFunctions are those with a text in which %{NAME} stands for a variable.
var inlineFunctions = [...]string{"PP_EACH_KEY", "PP_EACH_LINE", "PP_EACH_USER"}

// withKeys are names and those of a key.
func withKeys(names known) known {
	names = maps.Clone(names)
	for _, v := range keyVariables {
		names[v.name] = true
	}
	return names
}

// percentVariable is how a variable of another line is written.
var percentVariable = regexp.MustCompile(`%\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// printable is a name for a message. What is no name may be anything, a password too.
func printable(name string) string {
	const most = 40 // bytes
	if len(name) > most || strings.Trim(strings.ToUpper(name), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ") != "" {
		return "of the name that stands here"
	}
	return fmt.Sprintf("%q", name)
}

// pipes reports whether a call of a function with several arguments has | where Asterisk wants commas. A | within $[] is
// "or", one in a text of its own is a text.
func pipes(call dialplan.WrittenCall) bool {
	args := expressions.ReplaceAllString(call.Args, "")
	i := strings.LastIndexByte(args, '|')
	if i < 0 || strings.Contains(nested.ReplaceAllString(args, ""), ",") {
		return false
	}
	signature, ok := argumentsOf(call.Name)
	if !ok || !strings.Contains(signature, ",") {
		return false
	}
	if strings.HasPrefix(signature, "text") { // which may well have a | in it
		mac := strings.TrimSpace(args[i+1:])
		_, err := device.ParseMAC(mac)
		return err == nil || strings.HasPrefix(mac, "${")
	}
	return true
}

var (
	expressions = regexp.MustCompile(`\$\[[^]]*\]`)
	nested      = regexp.MustCompile(`\$\{[^{}]*\}`)
)

// argumentsOf is what stands between the parentheses of a function of ours, as its table has it.
func argumentsOf(function string) (string, bool) {
	for _, f := range Functions() {
		if f.Name == function {
			return f.Args, true
		}
	}
	for _, f := range dialplan.Functions() {
		if f.Name == function {
			return f.Args, true
		}
	}
	return "", false
}
