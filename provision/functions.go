package provision

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Function is one row of the table of phoneprov's own functions, like dialplan.Function.
type Function struct {
	Name     string
	Args     string // the arguments, with optional ones in []
	Synopsis string
	Example  string // a template
	run      func(s *scope, ctx context.Context, c *dialplan.Call) (dialplan.Value, error)
}

// Functions is the table of functions that see more than the variables of one line. Asterisk has PP_EACH_USER and
// PP_EACH_EXTENSION only.
func Functions() []Function {
	return []Function{
		{"PP_EACH_EXTENSION", "mac,template", "the template file for each line of that phone, by line number",
			"${PP_EACH_EXTENSION(${MAC},line.xml)}", (*scope).eachExtension},
		{"PP_EACH_LINE", "text[,mac]", "the text for every line of every phone, or of that one, with %{NAME} for its variables; not in Asterisk",
			"${PP_EACH_LINE(<line number=\"%{LINE}\">%{USERNAME}</line>,${MAC})}", (*scope).eachLine},
		{"PP_EACH_USER", "text[,mac]", "the text for the lowest line of every phone but that one, with %{NAME} for its variables",
			"${PP_EACH_USER(%{USERNAME}=%{DISPLAY_NAME};,${MAC})}", (*scope).eachUser},
		{"PP_ENDPOINT", "option", "an option of the line's PJSIP endpoint, by its name in pjsip.conf, as the running Asterisk has it, in which yes is true; without AMI what the files say, which is no default; not in Asterisk",
			"${PP_ENDPOINT(dtmf_mode)}", (*scope).endpointOption},
		{"PP_USER", "option[,default]", "an option of the line's section in the users file, else of its [general], else the default; for a PJSIP phone, of its phoneprov section; not in Asterisk",
			"${PP_USER(callwaiting,yes)}", (*scope).userOption},
	}
}

// eachPrefix begins the names of the functions that can read other phones.
const eachPrefix = "PP_EACH_"

// namesItself reports whether a call of one of these functions names the phone that the file is for, and so reads no other.
func (s *scope) namesItself(c *dialplan.Call) bool {
	if c.Name == "PP_EACH_USER" {
		return false
	}
	args := c.SplitText(math.MaxInt)
	mac := args[0]
	if c.Name == "PP_EACH_LINE" && len(args) > 1 {
		mac = args[1]
	}
	return s.phone != nil && s.rd.snap.Phone(strings.TrimSpace(c.Plain(mac))) == s.phone
}

// ownFunctions returns the functions of the table by name. A function works on the scope that owns the Env of its call,
// so its value varies by line.
func ownFunctions() map[string]dialplan.Func {
	funcs := map[string]dialplan.Func{}
	for _, f := range Functions() {
		funcs[f.Name] = func(ctx context.Context, c *dialplan.Call) (dialplan.Value, error) {
			s, ok := c.Env.Owner.(*scope)
			if !ok {
				return dialplan.Value{}, fmt.Errorf("%s: of no line", f.Name)
			}
			v, err := f.run(s, ctx, c)
			v.Varies.Add(perLine)
			if strings.HasPrefix(f.Name, eachPrefix) && !s.namesItself(c) {
				v.Varies.With |= byOtherPhones
			}
			return v, err
		}
	}
	return funcs
}
