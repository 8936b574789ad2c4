package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// joined is the text of one expansion after the other. It ends with ctx and at the limit of any output: a text that is
// within it can stand for every one of 100,000 phones. Where one is pending the others are expanded to the end.
type joined struct {
	text    strings.Builder
	pending error
}

func (j *joined) add(ctx context.Context, c *dialplan.Call, t *dialplan.Template, sc *scope) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	text, err := c.Expand(ctx, t, sc.env())
	if err == nil && j.text.Len()+len(text) > dialplan.DefaultOutput {
		err = fmt.Errorf("%s: %w", c.Name, dialplan.ErrTooLong)
	}
	if errors.Is(err, dialplan.ErrPending) {
		j.pending = err
		return nil
	}
	if err != nil {
		return err
	}
	j.text.WriteString(text)
	return nil
}

// whole is the text, unless some of it is pending.
func (j *joined) whole() (string, error) {
	if j.pending != nil {
		return "", j.pending
	}
	return j.text.String(), nil
}

// eachUser is PP_EACH_USER(text[,exclude_mac]): the text for the lowest line of every phone but the excluded, in the
// order of the configuration, with %{NAME} for that line's variables.
func (rd *rendering) eachUser(ctx context.Context, c *dialplan.Call) (string, error) {
	args := splitArguments(c.Args)
	if args[0] == "" {
		c.Diag("PP_EACH_USER needs a text")
		return "", nil
	}
	exclude := ""
	if len(args) > 1 {
		exclude = phoneID(strings.TrimSpace(args[1]))
	}
	t := dialplan.Parse("PP_EACH_USER", strings.ReplaceAll(args[0], "%{", "${"))
	var out joined
	for _, p := range rd.snap.phoneList {
		if p.ID == exclude {
			continue
		}
		if err := out.add(ctx, c, t, rd.scope(p, p.Lines[0])); err != nil {
			return "", err
		}
	}
	return out.whole()
}

// eachExtension is PP_EACH_EXTENSION(mac,template): the template file for each line of that phone, by line number.
func (rd *rendering) eachExtension(ctx context.Context, c *dialplan.Call) (string, error) {
	args := splitArguments(c.Args)
	if len(args) < 2 || strings.TrimSpace(args[0]) == "" || strings.TrimSpace(args[1]) == "" {
		c.Diag("PP_EACH_EXTENSION needs a MAC and a template")
		return "", nil
	}
	mac, name := strings.TrimSpace(args[0]), strings.TrimSpace(args[1])
	p := rd.snap.Phone(mac)
	if p == nil {
		c.Diag("PP_EACH_EXTENSION: there is no phone of that MAC")
		return "", nil
	}
	t, err := rd.template(name)
	if errors.Is(err, fs.ErrNotExist) {
		c.Diag("PP_EACH_EXTENSION: there is no template file of that name")
		return "", nil
	}
	if err != nil {
		return "", err
	}
	var out joined
	for _, l := range p.Lines {
		if err := out.add(ctx, c, t, rd.scope(p, l)); err != nil {
			return "", err
		}
	}
	return out.whole()
}

// splitArguments splits at commas as Asterisk's functions do: not inside double quotes, parentheses or brackets, nor
// after a backslash, which goes away. The quotes stay. There is at least one argument.
func splitArguments(s string) []string {
	var args []string
	var arg strings.Builder
	nested, quoted := 0, false
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			arg.WriteByte(s[i])
			continue
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '(' || c == '[':
			nested++
		case (c == ')' || c == ']') && nested > 0:
			nested--
		case c == ',' && nested == 0:
			args = append(args, arg.String())
			arg.Reset()
			continue
		}
		arg.WriteByte(s[i])
	}
	return append(args, arg.String())
}
