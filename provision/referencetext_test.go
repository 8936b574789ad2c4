package provision_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// referenceSetvars are for examples that need a variable with a special value.
var referenceSetvars = [...]string{`CODECS=alaw&gsm&g722`, `SETTINGS={"ring": {"volume": 7}}`}

// asteriskVariables are the variables that the configuration sets, with Asterisk's names.
var asteriskVariables = [...]struct{ name, synopsis string }{
	{"MAC", "`macaddress`, or `MAC` of a phoneprov section, as it is written there"},
	{"USERNAME", "`username`, else the section's name; of an endpoint, its first inbound auth's"},
	{"DISPLAY_NAME", "`fullname`; of an endpoint, the name in `callerid`"},
	{"SECRET", "`secret`; of an endpoint, its auth's password"},
	{"LABEL", "`label`; of a phoneprov section, its name"},
	{"CALLERID", "`cid_number`; of an endpoint, the number in `callerid`"},
	{"TIMEZONE", "`timezone`: a zone of the time-zone database, or a POSIX TZ string"},
	{"LINE", "`linenumber`, else 1"},
	{"LINEKEYS", "`linekeys`, else 1"},
	{"VOICEMAIL_EXTEN", "`vmexten`, the section's or [general]'s of the users file (also as VOCIEMAIL_EXTEN)"},
	{"EXTENSION_LENGTH", "`localextenlength`, the section's or [general]'s of the users file"},
	{"PROFILE", "`profile`, else `default_profile` of phoneprov.conf"},
	{"SERVER", "`serveraddr` of phoneprov.conf, for the users file's phones; else the host that the phone asked for"},
	{"SERVER_PORT", "`serverport` of phoneprov.conf, else 5060; of an endpoint, the port its transport is bound to"},
	{"ENDPOINT_ID", "the endpoint of a phoneprov section"},
	{"TRANSPORT_ID", "the endpoint's transport"},
	{"AUTH_ID", "the endpoint's first inbound auth"},
	{"TZOFFSET", "the line's time zone: seconds that standard time is east of Greenwich"},
	{"DST_ENABLE", "1 where the zone has daylight saving time; without, this and those below are not set"},
	{"DST_START_MONTH", "the month in which it starts, by the change next to now, past or coming"},
	{"DST_START_MDAY", "its day of the month"},
	{"DST_START_HOUR", "its hour by the clock after the change"},
	{"DST_END_MONTH", "the month in which it ends, by the change next to now, past or coming"},
	{"DST_END_MDAY", "its day of the month"},
	{"DST_END_HOUR", "its hour by the clock after the change"},
	{"EPOCH", "the time of the request in seconds since 1970"},
}

// operators are the operators of expressions by precedence, with examples.
var operators = [...]struct{ operators, synopsis, example string }{
	{"? ::", "what stands before ::, or after it where the condition is empty or 0", "$[1 | 0 ? yes :: no]"},
	{"|", "the left side, or the right one where that is empty or 0 (also ||)", "$[0 & 0 | 5]"},
	{"&", "the left side, or 0 where a side is empty or 0 (also &&)", "$[7 & 2 = 2]"},
	{"= != < > <= >=", "1 or 0; compares numbers where both sides are, else texts (also ==)", "$[2 + 3 = 5]"},
	{"+ -", "sum and difference", "$[1 + 2 * 3]"},
	{"* / %", "product, quotient and remainder", "$[2 + 7 % 4]"},
	{"- !", "before an operand: its negative; 1 where it is empty or 0, else 0", "$[!abc : x]"},
	{": =~ ~~", "how many characters the regular expression on the right matches, or what its group does: `:` at the beginning, `=~` anywhere; `~~` joins",
		"$[\"${MAC}\" : \"(......)\"]"},
	{"( )", "what is in them first", "$[(1 + 2) * 3]"},
}

func (s *referenceSample) reference(t *testing.T) string {
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, setvar := range referenceSetvars {
		b.WriteString("    setvar => " + setvar + "\n")
	}
	s.operators(t, &b)
	s.functions(t, &b)
	b.WriteString(referenceAsked)
	s.variables(t, &b)
	fmt.Fprintf(&b, referenceLimits, dialplan.DefaultOutput>>20, dialplan.DefaultDepth, dialplan.DefaultSteps,
		provision.MaxTemplate>>20, provision.MaxAsked, provision.MaxAskedBytes>>20, provision.MaxPasses)
	return b.String()
}

const referenceHead = `# The templates' language

Generated from the code by ` + "`go test ./provision -run TestReference -update`" + `; do not edit. Each example was expanded for the phone
of a sample configuration, and "gives" is what came out (⏎ is a line break).

A template is text with three things in it, which may stand within each other:

    ${NAME}  ${NAME:offset}  ${NAME:offset:length}     a variable's value, or a part of it
    ${FUNCTION(arguments)}  ${FUNCTION(…):offset:…}    a function's value, or a part of it
    $[expression]                                      a value computed with the operators below

The inside of a ` + "`${}`" + ` is expanded first and then taken apart, so ` + "`${${A}}`" + ` is the variable that A names. What a variable or function
yields is not expanded again; EVAL alone does that. An offset counts bytes from 0, a negative one from the end; a negative
length leaves that many off the end. A name that nobody knows is empty. Arguments are separated by commas, but not by those
within quotes, parentheses and brackets or behind a backslash. In an expression a text with blanks or operators needs quotes.

What is malformed goes on as in Asterisk, and ` + "`phoneprov check`" + ` says where.

In a file that is XML, by its type or because its template's name ends in .xml, what a value gives is escaped: ` + "`&` becomes `&amp;`" + `
there. Entities that are in it already stay, and so does all that the template says. A setvar counts as a value, for it is
configuration. In phoneprov.ini, ` + "`escape = none`" + ` under ` + "`[profile NAME]`" + ` makes it as in Asterisk.

Some of the examples use variables of the sample's profile:

`

const referenceAsked = `
A function that is not in this table is asked of the running Asterisk over the manager interface when the phone fetches its
file: DB, the ODBC functions, AST_CONFIG, DEVICE_STATE, and those of modules that phoneprov never heard of. Where Asterisk
cannot be asked the file is not sent (503), for it must not have a hole. ` + "`phoneprov check`" + ` tells functions that nobody has.

A variable is looked for among those of the line, first what its section or endpoint gives, then its time zone's (TZOFFSET,
DST_…); then among the profile's setvars; then among the variables of the phone, its time zone and the request; then SERVER
of the request; then among the global variables of extensions.conf. So a setvar of a name of the third table wins over it.
A phoneprov section of pjsip.conf may give any NAME=value.
`

const referenceLimits = `
Of a zone's two clocks the later one is summer time here, whatever the law calls it (Ireland, Morocco in Ramadan). With these
variables a phone's clock is right until the coming two changes, but for this: they are of the coming changes, so in the week
after one a phone that goes by MDAY may take the coming year's date for one still to come this year, and so may one that goes
by WEEK in the few zones whose changes are on no such day (Chile, Cairo, Gaza, Greenland, Israel). Where summer time was
abolished the last change stands for the one that will not come, and a change that has no counterpart within a year, as when
a country takes another zone, shows only once it is over: phones that fetch their file daily follow.

The names of files are made when the configuration is read: in them what is the request's is empty.

## Limits

| what | limit |
| --- | --- |
| output of a file, and of every value on the way | %d MiB |
| nesting of ` + "`${}`, `$[]`" + `, EVAL and included templates | %d |
| substitutions for one file | %d |
| a template | %d MiB |
| calls of Asterisk for one file | %d |
| their answers together | %d MiB |
| time for one call of Asterisk, with waiting for a connection | 2s |
| time for one file, with all of its calls | 10s |

A file that would exceed one is not sent (500; 503 where it is one of time), and the log says why. Of one file
the same call is made once, and calls that do not need each other's answers are made side by side, as many as ` + "`[ami]`" + `
` + "`function_connections`" + ` lets; those that are nested deeper than %d one after the other.
`
