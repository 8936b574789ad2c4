package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"strings"

	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// eachText collects the texts of several expansions. It ends with ctx, and at the limit of an output: a small text may
// be repeated for 100,000 phones. If one expansion is pending, the others are still expanded.
type eachText struct {
	text    strings.Builder
	varies  dialplan.Varies
	pending error
}

// expander is Call.Expand or Call.Include.
type expander func(context.Context, *dialplan.Template, *dialplan.Env) (dialplan.Value, error)

func (j *eachText) add(ctx context.Context, expand expander, t *dialplan.Template, sc *scope) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	v, err := expand(ctx, t, &sc.env)
	j.varies.Add(v.Varies)
	if err == nil && j.text.Len()+len(v.Text) > dialplan.DefaultOutput {
		err = fmt.Errorf("%s: %w", t.Name(), dialplan.ErrTooLong)
	}
	if errors.Is(err, dialplan.ErrPending) {
		j.pending = err
		return nil
	}
	if err != nil {
		return err
	}
	j.text.WriteString(v.Text)
	return nil
}

// inlineText returns the text of a PP_EACH function as a template. %{NAME} stands for a variable of each line.
func inlineText(c *dialplan.Call, text string) *dialplan.Template {
	return dialplan.Parse(c.Name, strings.ReplaceAll(text, "%{", "${"))
}

// value returns the whole text, or ErrPending if a part is pending.
func (j *eachText) value() (dialplan.Value, error) {
	if j.pending != nil {
		return dialplan.Value{Varies: j.varies}, j.pending
	}
	return dialplan.Value{Text: j.text.String(), Varies: j.varies}, nil
}

// eachUser is PP_EACH_USER(text[,exclude_mac]): the text for the lowest line of every phone except the excluded one, in
// the order of the configuration. %{NAME} stands for that line's variables.
func (s *scope) eachUser(ctx context.Context, c *dialplan.Call) (dialplan.Value, error) {
	args := c.SplitText(2)
	if args[0] == "" {
		c.Diag("PP_EACH_USER needs a text")
		return dialplan.Value{}, nil
	}
	exclude := ""
	if len(args) > 1 {
		exclude = s.excluded(c, c.Plain(args[1]))
	}
	t := inlineText(c, args[0])
	if s.rd.caches != nil {
		l, err := s.rd.userList(ctx, c, t, args[0])
		if err != nil {
			return dialplan.Value{}, err
		}
		return c.Reuse(dialplan.Value{Text: l.without(s.rd.snap.phoneNumber(exclude)), Varies: l.inputs.varies}), nil
	}
	var out eachText
	for _, p := range s.rd.snap.phoneList {
		if p.ID == exclude {
			continue
		}
		if err := out.add(ctx, c.Expand, t, s.rd.scope(p, p.Lines[0])); err != nil {
			return dialplan.Value{}, err
		}
	}
	return out.value()
}

// excluded returns the ID of the phone that an argument names. As in Asterisk, blanks and quotes are part of the
// argument.
func (s *scope) excluded(c *dialplan.Call, mac string) string {
	if s.rd.snap.phone(phoneID(mac)) != nil && mac == strings.Trim(mac, " \t\r\n") {
		return phoneID(mac)
	}
	if s.rd.snap.phone(phoneID(strings.Trim(mac, " \t\r\n\""))) != nil || strings.Contains(mac, ",") {
		c.Diag("PP_EACH_USER: everything after the first comma is the MAC, with blanks and quotes: no phone is left out")
	}
	return ""
}

// eachLine is PP_EACH_LINE(text[,mac]): the text for every line of every phone, or of one phone. Phones come in the
// order of the configuration, and the lines of a phone by number.
func (s *scope) eachLine(ctx context.Context, c *dialplan.Call) (dialplan.Value, error) {
	args := c.SplitText(math.MaxInt)
	if args[0] == "" {
		c.Diag("PP_EACH_LINE needs a text")
		return dialplan.Value{}, nil
	}
	phones := s.rd.snap.phoneList
	if len(args) > 1 {
		p := s.rd.snap.Phone(strings.TrimSpace(c.Plain(args[1])))
		if p == nil {
			c.Diag("PP_EACH_LINE: there is no phone of that MAC")
			return dialplan.Value{}, nil
		}
		phones = []*Phone{p}
	}
	t := inlineText(c, args[0])
	var out eachText
	for _, p := range phones {
		for _, l := range p.Lines {
			if err := out.add(ctx, c.Expand, t, s.rd.scope(p, l)); err != nil {
				return dialplan.Value{}, err
			}
		}
	}
	return out.value()
}

// eachExtension is PP_EACH_EXTENSION(mac,template): the template file for each line of a phone, by line number.
func (s *scope) eachExtension(ctx context.Context, c *dialplan.Call) (dialplan.Value, error) {
	args := dialplan.Arguments(c.Plain(c.Args), ',', 2)
	if len(args) < 2 || args[0] == "" || args[1] == "" {
		c.Diag("PP_EACH_EXTENSION needs a MAC and a template")
		return dialplan.Value{}, nil
	}
	mac, name := args[0], args[1] // as in Asterisk the name is the whole rest, with blanks, quotes and commas
	p := s.rd.snap.Phone(mac)
	if p == nil || mac != strings.TrimSpace(mac) {
		c.Diag("PP_EACH_EXTENSION: there is no phone of that MAC")
		return dialplan.Value{}, nil
	}
	if s.rd.data == nil {
		c.Diag("PP_EACH_EXTENSION is not for the name of a file")
		return dialplan.Value{}, nil
	}
	t, err := s.rd.template(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		if name != strings.TrimSpace(name) || strings.Contains(name, ",") {
			c.Diag("PP_EACH_EXTENSION: there is no template file of that name: everything after the first comma is the name, with blanks")
			return dialplan.Value{Varies: dialplan.Varies{With: dialplan.Unpredictable}}, nil
		}
		c.Diag("PP_EACH_EXTENSION: there is no template file of that name")
		return dialplan.Value{Varies: dialplan.Varies{With: dialplan.Unpredictable}}, nil // the file may appear later
	}
	if err != nil {
		return dialplan.Value{}, fmt.Errorf("PP_EACH_EXTENSION: template %q: %w", name, noPath(err))
	}
	out := eachText{varies: dialplan.Varies{With: dialplan.ByPlace}} // it reads a file
	for _, l := range p.Lines {
		if err := out.add(ctx, c.Include, t.Template, s.rd.scope(p, l)); err != nil {
			return dialplan.Value{}, err
		}
	}
	return out.value()
}
