package provision

import (
	"fmt"

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
