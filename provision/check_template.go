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

// lineVariables returns the variables that any line may have, even if its configuration does not set them.
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

// variableAliases are names that other programs use for variables. The options of the users file are aliases too.
var variableAliases = [...]struct{ alias, variable string }{
	{"password", "SECRET"}, {"passwd", "SECRET"}, {"pass", "SECRET"}, {"exten", "USERNAME"}, {"extension", "USERNAME"},
	{"name", "DISPLAY_NAME"}, {"port", "SERVER_PORT"}, {"tz", "TIMEZONE"},
}

// nearestVariable returns the variable that was likely meant by a name that no phone has, or "". more are names that
// the configuration sets.
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
	for alias, variable := range variableOf { // the whole alias is nearer than a name that begins like it
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

// known is a set of names of variables that phones have.
type known map[string]bool

// knownOf returns the variables of phones and setvars of some profiles; nil: of all.
func (c *checker) knownOf(s *Snapshot, profiles map[*Profile]bool) known {
	names := known{"VOCIEMAIL_EXTEN": true}
	for _, name := range lineVariables() {
		names[name] = true
	}
	for name := range s.globals.indexes {
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

// shapesOf returns the shapes of the lines of each profile's phones.
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

// text is a template to check: a file, or the value or name of an option.
type text struct {
	*dialplan.Template
	file   string
	option astconf.Pos // zero: the text is a file
}

// pos returns the position of a line of the text. For an option it is the option's.
func (t text) pos(line int) astconf.Pos {
	if t.option.File != "" {
		return t.option
	}
	return astconf.Pos{File: t.file, Line: line}
}

func fileText(t *dialplan.Template, name string) text { return text{Template: t, file: name} }

func optionText(t *dialplan.Template, pos astconf.Pos) text { return text{Template: t, option: pos} }

// texts checks all text of templates and profiles, whether a rendering evaluates it or not.
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

// setLater reports the variables that a setvar uses and that only a later setvar sets.
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

// text reports likely mistakes in a template. names are the variables of its phones, everybody those of all phones.
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
		if call.Name == "PP_EACH_USER" || call.Name == "PP_EACH_LINE" {
			for _, v := range inlineText(&dialplan.Call{Name: call.Name}, call.Args).Variables() {
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

// percentVariable matches a variable of another line.
var percentVariable = regexp.MustCompile(`%\{([A-Za-z_][A-Za-z0-9_]*)\}`)

// printable returns a name for a message. It hides a text that is no name, because that may be anything, a password
// too.
func printable(name string) string {
	const most = 40 // bytes
	if len(name) > most || strings.Trim(strings.ToUpper(name), "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-. ") != "" {
		return "of the name that stands here"
	}
	return fmt.Sprintf("%q", name)
}

// pipes reports whether a call of a function with several arguments has a | where Asterisk wants a comma. A | within
// $[] is "or", and one in an argument that is a text is a part of it.
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
	if strings.HasPrefix(signature, "text") { // the text may have a |
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

// argumentsOf returns the arguments of one of our functions, as its table has them.
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
