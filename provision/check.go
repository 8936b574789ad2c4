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
	"github.com/phoneprov/phoneprov/provision/datadir"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Check renders every route of a snapshot and reports what an admin should know: files that cannot be rendered,
// diagnostics of the language, unknown functions and variables, files that differ at every fetch, calls to Asterisk and
// their answers, malformed XML, and files that nothing uses. It reports a finding for each phone that has it; Group
// combines them. If Asterisk cannot be asked, that is an error too.
func Check(ctx context.Context, s *Snapshot, r *Renderer, q Request) []Diagnostic {
	var found []Diagnostic
	used := map[string]map[string]bool{} // by data directory, which parts may share
	for _, part := range s.each() {
		r := r.ofPart(part.pbx)
		c := checker{seen: map[string]bool{}, used: map[string]bool{}, templates: map[string]bool{}, hidden: newHidden(part),
			profilesOf: map[string]map[*Profile]bool{}, shapes: shapesOf(part), unknown: map[string]bool{}}
		if had := used[r.options.Data.Path()]; had != nil {
			c.used = had
		}
		used[r.options.Data.Path()] = c.used
		c.part(ctx, part, r, q)
		found = append(found, OfPBX(r.options.PBX, c.found)...)
	}
	return append(found, checkTogether(s, r, used)...)
}

// part checks the configuration of one Asterisk.
func (c *checker) part(ctx context.Context, s *Snapshot, r *Renderer, q Request) {
	for _, rt := range s.Routes() {
		if ctx.Err() != nil {
			c.report(Diagnostic{Severity: Error, Message: ctx.Err().Error()})
			break
		}
		c.route(ctx, s, r, rt, q)
	}
	c.functions(ctx, s, r)
	c.texts(ctx, s, r)
}

// checkTogether reports what can be said of all Asterisks together only: profiles in phoneprov.ini that none has, and
// files that none uses.
func checkTogether(s *Snapshot, r *Renderer, used map[string]map[string]bool) []Diagnostic {
	c := checker{seen: map[string]bool{}}
	done := map[string]bool{}
	for _, part := range s.each() {
		r := r.ofPart(part.pbx)
		c.profiles(s, r)
		if dir := r.options.Data.Path(); !done[dir] {
			done[dir], c.used = true, used[dir]
			c.unused(r.options.Data)
		}
	}
	return c.found
}

type checker struct {
	found []Diagnostic
	seen  map[string]bool
	// Files under the data directory: all that are used, and the templates among them.
	used, templates map[string]bool
	profilesOf      map[string]map[*Profile]bool // the profiles that use a template
	shapes          map[*Profile]map[*shape]bool // the shapes of the lines of each profile's phones
	unknown         map[string]bool              // unknownKey of the calls of unknown functions
	unanswered      []Diagnostic                 // diagnostics of renderings about such functions
	undecided       []*undecidedFunctions
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
	c.used[datadir.LocalName(rt.file.path)] = true
	doc, err := c.render(ctx, s, r, rt, q)
	if err != nil {
		severity := Error
		if errors.Is(err, ErrNotFound) { // Asterisk's sample lists firmware that few sites have
			severity = Warning
		}
		if likelyOption(rt.file.name) == "" && !strings.HasPrefix(rt.file.path, ">") { // CheckConfig reports the others
			c.report(Diagnostic{Pos: rt.file.pos, Severity: severity,
				Message: fmt.Sprintf("%s (file %q of %s)", withoutPos(err, rt.file.pos), rt.URI, rt.whose())})
		}
		if !rt.Static() {
			c.uses(rt, datadir.LocalName(rt.file.path))
		}
		return
	}
	defer doc.Close()
	for _, d := range doc.Diagnostics {
		c.fromRendering(d)
	}
	for _, name := range doc.Templates() {
		c.uses(rt, name)
	}
	c.volatile(ctx, s, r, rt, q, doc)
	c.shared(ctx, s, r, rt, q, doc)
	if !rt.Static() {
		c.xml(ctx, s, r, rt, doc)
	}
}

// uses records that a route uses a template.
func (c *checker) uses(rt *Route, name string) {
	c.used[name], c.templates[name] = true, true
	if c.profilesOf[name] == nil {
		c.profilesOf[name] = map[*Profile]bool{}
	}
	c.profilesOf[name][rt.Profile()] = true
}

// fromRendering reports a diagnostic of a rendering. A bracket that is not closed is an error, because it spoils the
// text after it. A call of an unknown function is reported later, where the call stands.
func (c *checker) fromRendering(d Diagnostic) {
	switch _, message, _ := strings.Cut(d.Message, ": "); {
	case strings.HasPrefix(message, "missing '"):
		d.Severity = Error
	case strings.HasSuffix(message, noSuchFunction):
		c.unanswered = append(c.unanswered, d)
		return
	}
	c.report(d)
}

// noSuchFunction is the end of dialplan's message for a function that Asterisk does not have.
const noSuchFunction = ": no such function in Asterisk"

// unknownKey identifies a call of a function.
func unknownKey(pos astconf.Pos, function string) string { return pos.String() + " " + function }

// render renders a route and reports its calls to Asterisk.
func (c *checker) render(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, q Request) (*Document, error) {
	if rt.Static() {
		return r.static(ctx, rt)
	}
	b := r.newCalls(ctx)
	defer b.end()
	doc, err := r.render(ctx, s, nil, rt, q, b)
	for _, a := range c.hidden.answeredCalls(b) {
		if errors.Is(a.Err, dialplan.ErrNoFunction) {
			continue // the method functions reports it
		}
		c.reportOnce("asked "+a.Call, Diagnostic{Pos: a.Pos, Severity: Info, Message: "asked of Asterisk: " + a.Text(false)})
	}
	return doc, err
}

// withoutPos returns the text of an error without the position at its beginning.
func withoutPos(err error, pos astconf.Pos) string {
	return strings.TrimPrefix(err.Error(), pos.String()+": ")
}

// malformed returns the first error in XML and its line. An empty file has no error, and neither has a file that has
// only a declaration and comments.
func malformed(content io.Reader) (line int, err error) {
	text, err := io.ReadAll(content)
	if err != nil {
		return 0, err
	}
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(text, []byte("\uFEFF"))))
	dec.CharsetReader = charsetReader
	for roots, depth, outside := 0, 0, false; ; {
		token, err := dec.Token()
		if err == io.EOF && roots == 0 && outside {
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
		switch token := token.(type) {
		case xml.CharData:
			outside = outside || depth == 0 && len(bytes.TrimSpace(token)) > 0
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

// withoutContent returns a message of encoding/xml without what it quotes of the file, which may be a password.
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

// functions reports each unknown function once, whether a rendering called it or not.
func (c *checker) functions(ctx context.Context, s *Snapshot, r *Renderer) {
	for _, p := range s.profiles {
		for _, v := range p.setvars {
			c.calls(ctx, r, optionText(v.value, v.pos))
		}
		for _, f := range p.files {
			c.calls(ctx, r, optionText(f.uri, f.pos))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.templates)) {
		if t, err := r.options.Data.Template(ctx, name); err == nil {
			if t.CutAtNUL {
				c.report(Diagnostic{Pos: astconf.Pos{File: name, Line: t.Lines()}, Severity: Error,
					Message: "a NUL byte ends the template here: the text after it is left out; save it as UTF-8 without NUL"})
			}
			c.calls(ctx, r, fileText(t.Template, name))
		}
	}
	c.reportUndecided()
	for _, d := range c.unanswered { // for example of a computed name
		_, message, _ := strings.Cut(d.Message, ": ")
		if !c.unknown[unknownKey(d.Pos, strings.TrimSuffix(message, noSuchFunction))] {
			c.report(d)
		}
	}
}

// undecidedFunctions are functions of which Asterisk does not tell whether it has them, and the reason.
type undecidedFunctions struct {
	reason    string
	functions []string
}

// undecidedFunction records a function for reportUndecided.
func (c *checker) undecidedFunction(function string, reason error) {
	i := slices.IndexFunc(c.undecided, func(u *undecidedFunctions) bool { return u.reason == reason.Error() })
	if i < 0 {
		i = len(c.undecided)
		c.undecided = append(c.undecided, &undecidedFunctions{reason: reason.Error()})
	}
	if u := c.undecided[i]; !slices.Contains(u.functions, function) {
		u.functions = append(u.functions, function)
	}
}

// reportUndecided reports one finding for each reason. With the least AMI rights the reason is the same for all
// functions.
func (c *checker) reportUndecided() {
	for _, u := range c.undecided {
		c.report(Diagnostic{Severity: Warning, Message: fmt.Sprintf("cannot find out whether Asterisk has these functions: %s: %s",
			strings.Join(u.functions, ", "), u.reason)})
	}
}

// calls reports the calls of unknown functions in a template.
func (c *checker) calls(ctx context.Context, r *Renderer, t text) {
	for _, call := range t.Calls() {
		known, err := r.knows(ctx, call.Name)
		if known {
			continue
		}
		if err != nil {
			c.unknown[unknownKey(t.pos(call.Line), call.Name)] = true
			c.undecidedFunction(call.Name, err)
			continue
		}
		d := Diagnostic{Pos: t.pos(call.Line), Severity: Error, Message: "unknown function " + call.Name + meant(call.Name, functionNames)}
		if r.options.Knows == nil {
			d.Message = fmt.Sprintf("function %s is none of phoneprov's own, and there is no AMI to ask%s", call.Name, meant(call.Name, functionNames))
		}
		c.unknown[unknownKey(d.Pos, call.Name)] = true
		c.report(d)
	}
}

// functionNames calls yield with the names of phoneprov's own functions.
func functionNames(yield func(string) bool) {
	for _, f := range Functions() {
		if !yield(f.Name) {
			return
		}
	}
	for _, f := range dialplan.Functions() {
		if !yield(f.Name) {
			return
		}
	}
}

// knows reports whether phoneprov or Asterisk has a function.
func (r *Renderer) knows(ctx context.Context, function string) (bool, error) {
	own := func(f Function) bool { return f.Name == function }
	if refused[function] != "" || slices.ContainsFunc(Functions(), own) || dialplan.Known(function) {
		return true, nil
	}
	if r.options.Knows == nil {
		return false, nil
	}
	return r.options.Knows(ctx, function)
}

// profiles reports sections of phoneprov.ini for profiles that do not exist.
func (c *checker) profiles(s *Snapshot, r *Renderer) {
	for _, d := range UnknownProfiles(s, slices.Sorted(maps.Keys(r.options.Profiles))) {
		c.report(d)
	}
}

// UnknownProfiles reports the names of [profile NAME] in phoneprov.ini that no profile has. If the name is near to a
// profile's, that is an error: a rule of access may not apply to the phones it was written for.
func UnknownProfiles(s *Snapshot, names []string) []Diagnostic {
	var profiles []string
	for _, p := range s.profiles {
		profiles = append(profiles, p.Name)
	}
	var found []Diagnostic
	for _, name := range names {
		if slices.Contains(profiles, name) {
			continue
		}
		d := Diagnostic{Severity: Warning, Message: fmt.Sprintf("[profile %s] of phoneprov.ini: phoneprov.conf has no profile of that name", name)}
		if near := meant(name, slices.Values(profiles)); near != "" {
			d.Severity = Error
			d.Message += near
		}
		found = append(found, d)
	}
	return found
}

// unused reports the files of the data directory that no route and no template uses.
func (c *checker) unused(data *datadir.Dir) {
	names, err := data.Names()
	if err != nil {
		c.report(Diagnostic{Severity: Warning, Message: fmt.Sprintf("data directory: %v", err)})
	}
	for _, name := range slices.Sorted(slices.Values(names)) {
		if !c.used[name] {
			c.report(Diagnostic{Pos: astconf.Pos{File: name}, Severity: Info, Message: "no route uses this file"})
		}
	}
}
