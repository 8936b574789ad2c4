package provision

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Check renders every route of a snapshot and reports what its author should know: files that cannot be made, what the
// templates' language has to say, unknown functions, files that differ at every fetch, what was asked of Asterisk and what it
// gave, XML that is malformed, and templates that nothing uses. Each
// finding is there once, for the first phone that has it. Where Asterisk cannot be asked that is an error as well.
func Check(ctx context.Context, s *Snapshot, r *Renderer, q Request) []Diagnostic {
	c := checker{seen: map[string]bool{}, used: map[string]bool{}, templates: map[string]bool{}, hidden: newHidden(s)}
	for _, rt := range s.Routes() {
		if ctx.Err() != nil {
			c.report(Diagnostic{Severity: Error, Message: ctx.Err().Error()})
			break
		}
		c.route(ctx, s, r, rt, q)
	}
	c.functions(ctx, s, r)
	c.profiles(s, r)
	c.unused(r.Data)
	return c.found
}

type checker struct {
	found []Diagnostic
	seen  map[string]bool
	// Files under the data directory: all that are used, and those of them that are templates.
	used, templates map[string]bool
	hidden          *hidden
}

func (c *checker) report(d Diagnostic) { c.reportOnce(d.String(), d) }

// reportOnce reports the first finding of a key.
func (c *checker) reportOnce(key string, d Diagnostic) {
	if !c.seen[key] {
		c.seen[key] = true
		c.found = append(c.found, d)
	}
}

func (c *checker) route(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request) {
	c.used[localName(rt.file.path)] = true
	doc, err := c.render(ctx, s, r, rt, q)
	if err != nil {
		severity := Error
		if errors.Is(err, ErrNotFound) { // Asterisk's sample lists firmware that few have
			severity = Warning
		}
		c.reportOnce(err.Error(), Diagnostic{Pos: rt.file.pos, Severity: severity,
			Message: fmt.Sprintf("%s (file %q of %s)", withoutPos(err, rt.file.pos), rt.URI, rt.owner())})
		c.templates[localName(rt.file.path)] = !rt.Static()
		return
	}
	defer doc.Close()
	for _, d := range doc.Diagnostics {
		c.report(d)
	}
	for _, name := range doc.Templates {
		c.used[name], c.templates[name] = true, true
	}
	c.volatile(ctx, s, r, rt, q, doc)
	if rt.isXML() && !rt.Static() {
		if line, err := malformed(doc.Content); err != nil {
			c.report(Diagnostic{Pos: astconf.Pos{File: rt.file.path}, Severity: Error,
				Message: fmt.Sprintf("malformed XML for %s, line %d of %q: %v", rt.owner(), line, rt.URI, err)})
		}
	}
}

// render makes the document of a route, and reports what it asked of Asterisk.
func (c *checker) render(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request) (*Document, error) {
	if rt.Static() {
		return r.static(rt)
	}
	b := r.asking(ctx)
	defer b.end()
	doc, err := r.render(ctx, s, rt, q, b, nil)
	for _, a := range c.hidden.listAsked(b) {
		c.reportOnce("asked "+a.Call, Diagnostic{Pos: a.Pos, Severity: Info, Message: "asked of Asterisk: " + a.Text(false)})
	}
	return doc, err
}

// withoutPos is an error of rendering less the place that it begins with.
func withoutPos(err error, pos astconf.Pos) string {
	return strings.TrimPrefix(err.Error(), pos.String()+": ")
}

// malformed returns the line and the fault of the first place that is not well-formed.
func malformed(content io.Reader) (line int, err error) {
	text, err := io.ReadAll(content)
	if err != nil {
		return 0, err
	}
	dec := xml.NewDecoder(bytes.NewReader(text))
	dec.CharsetReader = charsetReader
	for roots, depth := 0, 0; ; {
		token, err := dec.Token()
		if err == io.EOF && roots == 0 {
			return 1, errors.New("no element")
		}
		if err == io.EOF {
			return 0, nil
		}
		if err != nil {
			line, _ = dec.InputPos()
			var syntax *xml.SyntaxError
			if errors.As(err, &syntax) {
				return syntax.Line, errors.New(withoutContent(syntax.Msg))
			}
			return line, errors.New("not XML")
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth == 1 {
				roots++
			}
			if roots > 1 {
				line, _ = dec.InputPos()
				return line, errors.New("a second element after the first")
			}
		case xml.EndElement:
			depth--
		}
	}
}

// withoutContent is a message of encoding/xml less what it quotes of the file, in which there are passwords.
func withoutContent(message string) string {
	for beginning, instead := range map[string]string{
		"invalid character entity": "an & that begins no entity",
		"element <":                "a start tag and the end tag after it differ",
		"unexpected end element":   "an end tag without its start tag",
		"invalid XML name":         "an invalid name",
		"unsupported version":      "an unsupported version of XML",
	} {
		if strings.HasPrefix(message, beginning) {
			return instead
		}
	}
	return message
}

// functions reports the functions that are called and that nobody knows.
func (c *checker) functions(ctx context.Context, s *Snapshot, r *Renderer) {
	for _, p := range s.profiles {
		for _, v := range p.setvars {
			c.calls(ctx, r, v.value, v.pos.File, v.pos.Line)
		}
		for _, f := range p.files {
			c.calls(ctx, r, f.uri, f.pos.File, f.pos.Line)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.templates)) {
		if t, err := r.Data.template(name); err == nil && c.templates[name] {
			if t.cut {
				c.report(Diagnostic{Pos: astconf.Pos{File: name, Line: t.Lines()}, Severity: Error,
					Message: "a NUL byte ends the template here: what stands behind it is left out; save it as UTF-8 without NUL"})
			}
			c.calls(ctx, r, t.Template, name, 0)
		}
	}
}

// calls reports the unknown ones of a template's calls: at the line of the call in a file, or at the line of an option.
func (c *checker) calls(ctx context.Context, r *Renderer, t *dialplan.Template, file string, line int) {
	for _, call := range t.Calls() {
		known, err := r.knows(ctx, call.Name)
		if known {
			continue
		}
		d := Diagnostic{Pos: astconf.Pos{File: file, Line: line}, Severity: Error, Message: "unknown function " + call.Name}
		if line == 0 {
			d.Pos.Line = call.Line
		}
		if err != nil {
			d.Severity = Warning
			d.Message = fmt.Sprintf("function %s: whether Asterisk has it cannot be told: %v", call.Name, err)
		} else if r.Knows == nil {
			d.Message = fmt.Sprintf("function %s is none of phoneprov's own, and there is no AMI to ask", call.Name)
		}
		c.report(d)
	}
}

// knows says whether there is a function of that name: here, or in Asterisk.
func (r *Renderer) knows(ctx context.Context, function string) (bool, error) {
	own := func(f Function) bool { return f.Name == function }
	if refused[function] != "" || slices.ContainsFunc(Functions(), own) || dialplan.Known(function) {
		return true, nil
	}
	if r.Knows == nil {
		return false, nil
	}
	return r.Knows(ctx, function)
}

// profiles reports the options of profiles that there are none of.
func (c *checker) profiles(s *Snapshot, r *Renderer) {
	for _, name := range slices.Sorted(maps.Keys(r.Profiles)) {
		if !slices.ContainsFunc(s.profiles, func(p *Profile) bool { return p.Name == name }) {
			c.report(Diagnostic{Severity: Warning, Message: fmt.Sprintf("[profile %s] of phoneprov.ini: phoneprov.conf has no profile of that name", name)})
		}
	}
}

// unused reports the files of the data directory that no route and no template uses.
func (c *checker) unused(data *DataDir) {
	names, err := data.names()
	if err != nil {
		c.report(Diagnostic{Severity: Warning, Message: fmt.Sprintf("data directory: %v", err)})
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if !c.used[name] {
			c.report(Diagnostic{Pos: astconf.Pos{File: name}, Severity: Info, Message: "no route uses this file"})
		}
	}
}
