package provision

import (
	"context"
	"fmt"
	"io"
	"path"
	"regexp"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// xml reports what is wrong with a rendered file that is XML, or that should be by its name.
func (c *checker) xml(ctx context.Context, s *Snapshot, r *Renderer, rt *Route, doc *Document) {
	t, err := r.options.Data.Template(ctx, rt.file.path)
	if err != nil {
		return // it was there a moment ago: it is being edited
	}
	if !t.XML {
		c.noXML(rt, t)
		return
	}
	text := new(strings.Builder)
	if _, err := io.Copy(text, doc.Content); err != nil {
		return // it is in memory, so there is no error
	}
	if line, err := malformed(strings.NewReader(text.String())); err != nil {
		why := err.Error()
		if why == invalidUTF8 {
			why += notUTF8(s, rt, text.String())
		}
		c.report(Diagnostic{Pos: astconf.Pos{File: rt.file.path}, Severity: Error,
			Message: fmt.Sprintf("malformed XML for %s, line %d of %q: %s", rt.whose(), line, rt.URI, why)})
	}
	if r.escape(rt).escapes(t) {
		c.escapedTags(rt, doc, text.String())
	}
}

// noXML reports a template that should be XML by its name or its file's name, and is not.
func (c *checker) noXML(rt *Route, t *datadir.Template) {
	if t.OnlyBlanks || !strings.EqualFold(path.Ext(rt.file.path), ".xml") && !strings.EqualFold(path.Ext(rt.URI), ".xml") {
		return
	}
	c.reportOnce("no XML "+rt.file.path, Diagnostic{Pos: astconf.Pos{File: rt.file.path}, Severity: Warning,
		Message: fmt.Sprintf(`the template of %q does not begin with "<", so it is no XML and values are not escaped in it: `+
			`let it begin with "<", or give the file another name than .xml`, rt.URI)})
}

// tagPattern matches a tag of XML, a comment, a CDATA section and so on. Its first group is the beginning.
var tagPattern = regexp.MustCompile(`(<(?:[/?]?[A-Za-z_][\w.:-]*|!))[^<>]*>`)

// escapedTags reports setvars with tags that became text in a file, because the file's values are escaped.
func (c *checker) escapedTags(rt *Route, doc *Document, text string) {
	for _, v := range doc.setvars {
		for _, tag := range tagPattern.FindAllStringSubmatch(v.text, -1) {
			if !strings.Contains(text, "&lt;"+tag[1][1:]) {
				continue
			}
			c.reportOnce(fmt.Sprint("escaped tags ", v.name, v.pos, rt.file.path), Diagnostic{Pos: v.pos, Severity: Warning,
				Message: fmt.Sprintf("setvar %s has tags, and values are escaped in %q: if they are to be tags there, set escape = none in [profile %s] of phoneprov.ini",
					v.name, rt.URI, rt.file.profile.Name)})
			break
		}
	}
}
