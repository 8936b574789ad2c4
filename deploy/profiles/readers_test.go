package profiles

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// reader parses a phone's file and returns its parameters by name. It is strict: it rejects anything that the make's
// format does not allow.
type reader func(text string) (map[string]string, error)

// params collects parameters. A repeated one is an error.
type params map[string]string

func (p params) add(name, value string) error {
	if _, ok := p[name]; ok {
		return fmt.Errorf("%s stands twice", name)
	}
	p[name] = value
	return nil
}

// lineReader returns a reader of lines. A line that begins with # is a comment.
func lineReader(first string, line *regexp.Regexp, repeated string) reader {
	return func(text string) (map[string]string, error) {
		out := params{}
		if text, ok := strings.CutSuffix(text, "\n"); !ok || strings.Contains(text, "\r") {
			return nil, errors.New("no newline at the end, or a carriage return")
		}
		for i, l := range strings.Split(text, "\n") {
			m := line.FindStringSubmatch(l)
			switch {
			case i == 0 && !strings.HasPrefix(l, first):
				return nil, fmt.Errorf("the first line is %q", l)
			case strings.HasPrefix(l, "#"), l == "":
			case m == nil:
				return nil, fmt.Errorf("line %d is none of this format: %q", i+1, l)
			case repeated != "" && m[1] == repeated:
			default:
				if err := out.add(m[1], m[2]); err != nil {
					return nil, err
				}
			}
		}
		return out, nil
	}
}

var (
	// Yealink: the first line must be exactly this. The others are "name = value".
	readYealink = lineReader("#!version:1.0.0.1", regexp.MustCompile(`^([a-z][A-Za-z0-9_.]*) = (\S(?:.*\S)?)$`), "")
	readMitel   = lineReader("#", regexp.MustCompile(`^([a-z][a-z0-9 .|\[\]-]*[a-z0-9]): (\S(?:.*\S)?)$`), "")
	readPlain   = lineReader("#", regexp.MustCompile(`^([a-z][a-z0-9.]*) = (.*)$`), "contact")
)

// Panasonic's limits, in bytes.
const (
	panasonicName, panasonicValue, panasonicLine, panasonicFile = 32, 500, 537, 120 * 1024
)

var panasonicLines = regexp.MustCompile(`^([A-Z][A-Z0-9_]*)="(.*)"$`)

// readPanasonic expects a first line, CR LF, NAME="value" without blanks, and an empty line at the end.
func readPanasonic(text string) (map[string]string, error) {
	out := params{}
	lines := strings.Split(text, "\r\n")
	switch {
	case !strings.HasPrefix(text, "# Panasonic SIP Phone Standard Format File #"):
		return nil, fmt.Errorf("the first line is %q", lines[0])
	case !strings.HasSuffix(text, "\r\n\r\n"), strings.ContainsAny(strings.ReplaceAll(text, "\r\n", ""), "\r\n"):
		return nil, errors.New("a line does not end with CR LF, or there is no empty line at the end")
	case len(text) > panasonicFile:
		return nil, errors.New("the file is too long")
	}
	for i, l := range lines {
		if strings.HasPrefix(l, "#") || l == "" {
			continue
		}
		m := panasonicLines.FindStringSubmatch(l)
		if m == nil || len(m[1]) > panasonicName || len(m[2]) > panasonicValue || len(l)+2 > panasonicLine {
			return nil, fmt.Errorf("line %d is none of this format: %q", i+1, l)
		}
		if err := out.add(m[1], m[2]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// element is an element of an XML file.
type element struct {
	path []xml.StartElement // from the root to the element
	text string
	leaf bool // it has neither elements nor comments
}

func (e element) name() string { return e.path[len(e.path)-1].Name.Local }

func (e element) attr(name string) string {
	for _, a := range e.path[len(e.path)-1].Attr {
		if a.Name.Local == name {
			return a.Value
		}
	}
	return ""
}

// parent returns the parent element.
func (e element) parent() element {
	if len(e.path) < 2 {
		return element{path: []xml.StartElement{{}}}
	}
	return element{path: e.path[:len(e.path)-1]}
}

// elements returns all elements of an XML file. It is as strict as encoding/xml.
func elements(text string) ([]element, error) {
	var all []element
	var path []xml.StartElement
	var open []int
	d := xml.NewDecoder(strings.NewReader(text))
	for {
		token, err := d.Token()
		if err == io.EOF {
			if len(all) == 0 {
				return nil, errors.New("no element")
			}
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.StartElement:
			if len(open) > 0 {
				all[open[len(open)-1]].leaf = false
			}
			path = append(path, token.Copy())
			open = append(open, len(all))
			all = append(all, element{path: append([]xml.StartElement(nil), path...), leaf: true})
		case xml.EndElement:
			path, open = path[:len(path)-1], open[:len(open)-1]
		case xml.Comment:
			if len(open) > 0 {
				all[open[len(open)-1]].leaf = false // an element with one left out is no parameter
			}
		case xml.CharData:
			if len(open) > 0 {
				all[open[len(open)-1]].text += string(token)
			}
		}
	}
}

// xmlReader returns a reader of XML files with the given root. each adds the parameters of an element.
func xmlReader(root string, each func(e element, add func(name, value string))) reader {
	return func(text string) (map[string]string, error) {
		all, err := elements(text)
		if err != nil {
			return nil, err
		}
		if got := all[0].name(); got != root {
			return nil, fmt.Errorf("the root is %s, not %s", got, root)
		}
		out := params{}
		for _, e := range all {
			if strings.ContainsAny(e.text, "\r\n") && e.leaf {
				return nil, fmt.Errorf("%s has a newline in its value", e.name())
			}
			for _, a := range e.path[len(e.path)-1].Attr {
				if strings.ContainsAny(a.Value, "\r\n") {
					return nil, fmt.Errorf("%s of %s has a newline in its value", a.Name.Local, e.name())
				}
			}
			each(e, func(name, value string) {
				if problem := out.add(name, value); problem != nil && err == nil {
					err = problem
				}
			})
		}
		return out, err
	}
}

// ofElements adds leaves by their names: P-values, Cisco's flat profile.
func ofElements(e element, add func(name, value string)) {
	if e.leaf && len(e.path) > 1 {
		add(e.name(), e.text)
	}
}

// ofItems adds Grandstream's items by name.
func ofItems(e element, add func(name, value string)) {
	if e.name() == "item" {
		add(e.attr("name"), e.text)
	}
}

// ofAttributes adds Poly's attributes. Poly ignores text.
func ofAttributes(e element, add func(name, value string)) {
	for _, a := range e.path[len(e.path)-1].Attr {
		add(a.Name.Local, a.Value)
	}
}

// ofSnom adds settings by name and identity, and the keys.
func ofSnom(e element, add func(name, value string)) {
	if !e.leaf || e.parent().name() == "item" {
		return
	}
	name := e.name()
	if idx := e.attr("idx"); idx != "" {
		name += "[" + idx + "]"
	}
	if perm := e.attr("perm"); perm != "R" && perm != "RW" && e.parent().name() != "tbook" && e.parent().name() != "settings" {
		add(name, "perm is "+perm)
		return
	}
	add(name, e.text)
	if label := e.attr("label"); label != "" {
		add(name+"@label", label)
	}
}

// ofPaths adds leaves by their paths. An element's index or button is part of its path.
func ofPaths(e element, add func(name, value string)) {
	var steps []string
	for _, p := range e.path[1:] {
		step := p.Name.Local
		for _, a := range p.Attr {
			if a.Name.Local == "index" || a.Name.Local == "button" {
				step += "[" + a.Value + "]"
			}
		}
		steps = append(steps, step)
	}
	if e.leaf && len(steps) > 0 {
		add(strings.Join(steps, "/"), e.text)
	}
}

// ofEntries adds Linphone's entries by section and name. Each must overwrite.
func ofEntries(e element, add func(name, value string)) {
	if e.name() != "entry" {
		return
	}
	value := e.text
	if e.attr("overwrite") != "true" {
		value = "does not overwrite"
	}
	add(e.parent().attr("name")+"/"+e.attr("name"), value)
}

// ofParams adds Gigaset's parameters. A parameter inside an operation belongs to the operation.
func ofParams(e element, add func(name, value string)) {
	switch e.name() {
	case "param", "oper":
		name := e.attr("name")
		if e.parent().name() == "oper" {
			name = e.parent().attr("name") + "[" + e.parent().attr("value") + "]/" + name
		} else if e.name() == "oper" {
			name += "[" + e.attr("value") + "]"
		}
		add(name, e.attr("value"))
	}
}

// ofDigium adds settings by id, and the attributes of accounts by index.
func ofDigium(e element, add func(name, value string)) {
	switch e.name() {
	case "setting":
		add(e.attr("id"), e.attr("value"))
	case "account", "host_primary":
		account := e
		if e.name() != "account" {
			account = e.parent()
		}
		for _, a := range e.path[len(e.path)-1].Attr {
			add(e.name()+"["+account.attr("index")+"]@"+a.Name.Local, a.Value)
		}
	case "contacts", "firmware":
		for _, a := range e.path[len(e.path)-1].Attr {
			add(fmt.Sprintf("%s[%s]@%s", e.name(), e.attr("id"), a.Name.Local), a.Value)
		}
	}
}

var baresipAccount = regexp.MustCompile(`^"([^"]*)" <(sip:[^<>" ]+)>;auth_user=(.+);auth_pass=(.+);regint=(\d+);dtmfmode=(rtpevent|info|auto)(?:;mediaenc=(srtp|srtp-mand))?$`)

// readBaresip reads baresip's file of accounts: a line is one.
func readBaresip(text string) (map[string]string, error) {
	out := params{}
	n := 0
	for line := range strings.Lines(text) {
		if line = strings.TrimSuffix(line, "\n"); line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		n++
		m := baresipAccount.FindStringSubmatch(line)
		if m == nil {
			return nil, fmt.Errorf("line %d is no account", n)
		}
		for i, name := range [...]string{"name", "uri", "auth_user", "auth_pass", "regint", "dtmfmode", "mediaenc"} {
			if m[i+1] == "" {
				continue
			}
			if err := out.add(fmt.Sprintf("account.%d.%s", n, name), m[i+1]); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
