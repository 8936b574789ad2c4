package provision

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Severity is how bad a Diagnostic is. The zero Severity is Info.
type Severity int

// Info is worth knowing. Warning is likely not what the admin meant. Error means that a phone or file is not served as
// the configuration says.
const (
	Info Severity = iota
	Warning
	Error
)

func (s Severity) String() string {
	switch s {
	case Info:
		return "info"
	case Warning:
		return "warning"
	case Error:
		return "error"
	}
	return fmt.Sprintf("Severity(%d)", int(s))
}

// Diagnostic is something in the configuration or in a template that an admin should know. Asterisk would only log it,
// and the rest of the configuration is served.
type Diagnostic struct {
	Pos      astconf.Pos // the zero Pos: no position in a file
	Severity Severity
	Message  string
	PBX      string // the Asterisk that it is about, where there are several; empty: the only one, or all
}

// String returns "file:line: severity: message", after the name of the Asterisk and a colon if there is one.
func (d Diagnostic) String() string {
	text := d.Severity.String() + ": " + d.Message
	if d.Pos.File != "" {
		text = d.Pos.String() + ": " + text
	}
	if d.PBX != "" {
		text = d.PBX + ": " + text
	}
	return text
}

// OfPBX returns the diagnostics as those of one of several Asterisks.
func OfPBX(pbx string, all []Diagnostic) []Diagnostic {
	named := slices.Clone(all)
	for i := range named {
		named[i].PBX = pbx
	}
	return named
}

// diagnostics collects the diagnostics of Build or Render, in order.
type diagnostics []Diagnostic

func (ds *diagnostics) add(s Severity, p astconf.Pos, format string, args ...any) {
	*ds = append(*ds, Diagnostic{Pos: p, Severity: s, Message: fmt.Sprintf(format, args...)})
}

// maxExamples is how many of the other findings a combined finding names.
const maxExamples = 3

// Group combines findings that differ only in the phone, section or line. It keeps the first one and appends the number
// of the others and the names of some. It does not combine findings of severity Info, such as calls to Asterisk.
func Group(all []Diagnostic) []Diagnostic {
	type group struct {
		place    int
		more     int
		examples []string
	}
	var grouped []Diagnostic
	groups := map[string]*group{}
	for _, d := range all {
		key := d.PBX + d.Severity.String() + d.Pos.File + alike(d.Message)
		g := groups[key]
		if g == nil || d.Severity == Info {
			groups[key] = &group{place: len(grouped)}
			grouped = append(grouped, d)
			continue
		}
		g.more++
		if len(g.examples) < maxExamples {
			g.examples = append(g.examples, d.example())
		}
	}
	for _, g := range groups {
		if g.more == 0 {
			continue
		}
		text := strings.Join(g.examples, ", ")
		if g.more > len(g.examples) {
			text += ", ..."
		}
		grouped[g.place].Message += fmt.Sprintf(" (and %d more like it: %s)", g.more, text)
	}
	return grouped
}

// ownWords matches the parts of a message that name one phone, section, file or position.
var ownWords = regexp.MustCompile(`^\[[^]]*\]: (?:"[^"]*": )?|\[[^]]*\]|\bphone \S+|\bMAC "[^"]*"|\bof "[^"]*"|\bfile (?:name )?"[^"]*"|` +
	`\bstatic file of profile "[^"]*"|\bof profile "[^"]*"|\([^()]*:\d+\)|\bcolumn \d+|\bendpoint "[^"]*"|\bauth "[^"]*"`)

// alike returns what the messages of similar findings have in common.
func alike(message string) string { return ownWords.ReplaceAllString(message, "~") }

// subject matches whom a message is about.
var subject = regexp.MustCompile(`^\[[^]]*\]|\bphone [^\s:;,)]*\d[^\s:;,)]*|\bendpoint "[^"]*"`)

// example names one of several similar findings: whom it is about, or else its position.
func (d Diagnostic) example() string {
	if who := subject.FindString(d.Message); who != "" {
		return who
	}
	return d.Pos.String()
}
