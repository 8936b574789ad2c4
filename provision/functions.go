package provision

import (
	"context"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Function is one row of the table of our own functions, like dialplan.Function.
type Function struct {
	Name     string
	Args     string // what stands between the parentheses; [what may be missing]
	Synopsis string
	Example  string // a template
	run      func(*rendering, context.Context, *dialplan.Call) (string, error)
}

// Functions is the table of what sees more than one phone.
func Functions() []Function {
	return []Function{
		{"PP_EACH_EXTENSION", "mac,template", "the template file for each line of that phone, by line number",
			"${PP_EACH_EXTENSION(${MAC},line.xml)}", (*rendering).eachExtension},
		{"PP_EACH_USER", "text[,mac]", "the text for the lowest line of every phone but that one, with %{NAME} for its variables",
			"${PP_EACH_USER(%{USERNAME}=%{DISPLAY_NAME};,${MAC})}", (*rendering).eachUser},
	}
}

// functions are those of the table, for this rendering.
func (rd *rendering) functions() map[string]dialplan.Func {
	if rd.each == nil {
		rd.each = map[string]dialplan.Func{}
		for _, f := range Functions() {
			rd.each[f.Name] = func(ctx context.Context, c *dialplan.Call) (string, error) { return f.run(rd, ctx, c) }
		}
	}
	return rd.each
}
