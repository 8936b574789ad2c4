package provision

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// Severity says how bad a Diagnostic is. The zero Severity is Info.
type Severity int

// The severities: Info is worth knowing, Warning likely not what was meant, Error a phone or file that is not served
// as the configuration says.
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

// Diagnostic is something in the configuration or a template that its author should know, and that Asterisk would only
// log: the rest of the configuration is served.
type Diagnostic struct {
	Pos      astconf.Pos // the zero Pos: no place in a file
	Severity Severity
	Message  string
}

// String is "file:line: severity: message".
func (d Diagnostic) String() string {
	if d.Pos.File == "" {
		return d.Severity.String() + ": " + d.Message
	}
	return d.Pos.String() + ": " + d.Severity.String() + ": " + d.Message
}

// diagnostics collects what Build and Render have to say, in order.
type diagnostics []Diagnostic

func (ds *diagnostics) add(s Severity, p astconf.Pos, format string, args ...any) {
	*ds = append(*ds, Diagnostic{p, s, fmt.Sprintf(format, args...)})
}

// maxExamples is how many of the findings that are like another one its line names.
const maxExamples = 3

// Group makes one finding of those that differ only in the phone, the section or the line that they are of: the first,
// with the number of the others and the names of some. What is only worth knowing, as a call that went to Asterisk, stays.
func Group(all []Diagnostic) []Diagnostic {
	type group struct {
		place    int
		more     int
		examples []string
	}
	var grouped []Diagnostic
	groups := map[string]*group{}
	for _, d := range all {
		key := d.Severity.String() + d.Pos.File + alike(d.Message)
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

// ownWords are the parts of a message that are of one phone, section, file or place only.
var ownWords = regexp.MustCompile(`^\[[^]]*\]: (?:"[^"]*": )?|\[[^]]*\]|\bphone \S+|\bMAC "[^"]*"|\bof "[^"]*"|\bfile (?:name )?"[^"]*"|` +
	`\bstatic file of profile "[^"]*"|\bof profile "[^"]*"|\([^()]*:\d+\)|\bcolumn \d+|\bendpoint "[^"]*"|\bauth "[^"]*"`)

// alike is what the messages of one finding have in common.
func alike(message string) string { return ownWords.ReplaceAllString(message, "~") }

// subject is who a message is about.
var subject = regexp.MustCompile(`^\[[^]]*\]|\bphone [^\s:;,)]*\d[^\s:;,)]*|\bendpoint "[^"]*"`)

// example names one of several findings that are alike: by its place, else by who it is about.
func (d Diagnostic) example() string {
	if who := subject.FindString(d.Message); who != "" {
		return who
	}
	return d.Pos.String()
}
