package page

import (
	"html/template"
	"regexp"
	"strings"
	"unicode"
)

// maxPreview bounds a shown file in bytes: more than any phone's configuration, and few enough for a browser.
const maxPreview = 256 << 10

// Secrets are masked with this text; in XML it is escaped.
const (
	maskText = "<secret>"
	maskXML  = "&lt;secret&gt;"
)

// highlight returns a file's text as HTML that shows its syntax: of XML, or of lines with names and values.
func highlight(text string) template.HTML {
	cut := false
	if len(text) > maxPreview {
		text, cut = text[:maxPreview], true
	}
	text = visibleText(text)
	var b strings.Builder
	if strings.HasPrefix(strings.TrimSpace(text), "<") && !strings.HasPrefix(strings.TrimSpace(text), maskText) {
		highlightXML(&b, text)
	} else {
		for line := range strings.Lines(text) {
			highlightLine(&b, line)
		}
	}
	if cut {
		b.WriteString("\n…")
	}
	return template.HTML(b.String())
}

// visibleText is visible for a text of several lines.
func visibleText(text string) string {
	return strings.Map(func(c rune) rune {
		if c == '\n' || c == '\t' || c == '\r' || c == unicode.ReplacementChar || unicode.IsPrint(c) {
			return c
		}
		return unicode.ReplacementChar
	}, text)
}

// span writes a text in a class; without a class it stands alone. A mask in it is marked.
func span(b *strings.Builder, class, text string) {
	if text == "" {
		return
	}
	if class != "" {
		b.WriteString(`<span class="x-` + class + `">`)
	}
	for i, part := range strings.Split(strings.ReplaceAll(text, maskXML, maskText), maskText) {
		if i > 0 {
			b.WriteString(`<span class="x-secret">` + maskXML + `</span>`)
		}
		b.WriteString(template.HTMLEscapeString(part))
	}
	if class != "" {
		b.WriteString(`</span>`)
	}
}

// Tokens of XML.
var (
	xmlToken = regexp.MustCompile(`(?s)<!--.*?(?:-->|$)|<[!?/]?[A-Za-z_](?:[^<>"']|"[^"]*"|'[^']*')*>`)
	xmlParts = regexp.MustCompile(`(?s)^(<[!?/]?[\w:.-]+)(.*?)([?/]?>)$`)
	xmlValue = regexp.MustCompile(`(?s)([\w:.-]+)(\s*=\s*)("[^"]*"|'[^']*')`)
)

func highlightXML(b *strings.Builder, text string) {
	at := 0
	for _, m := range xmlToken.FindAllStringIndex(text, -1) {
		token := text[m[0]:m[1]]
		if token == maskText { // of a template that is no XML after all
			continue
		}
		span(b, "text", text[at:m[0]])
		at = m[1]
		parts := xmlParts.FindStringSubmatch(token)
		if strings.HasPrefix(token, "<!--") || parts == nil {
			span(b, "note", token)
			continue
		}
		span(b, "tag", parts[1])
		rest := 0
		for _, v := range xmlValue.FindAllStringSubmatchIndex(parts[2], -1) {
			span(b, "", parts[2][rest:v[0]])
			span(b, "name", parts[2][v[2]:v[3]])
			span(b, "", parts[2][v[4]:v[5]])
			span(b, "value", parts[2][v[6]:v[7]])
			rest = v[1]
		}
		span(b, "", parts[2][rest:])
		span(b, "tag", parts[3])
	}
	span(b, "text", text[at:])
}

// pair is a line "name = value", "name: value" or "name value" of the vendors' formats.
var pair = regexp.MustCompile(`^(\s*[\w.\[\]@%$-]+[!&]?)(\s*[=:]\s*)(.*)$`)

func highlightLine(b *strings.Builder, line string) {
	body := strings.TrimRight(line, "\r\n")
	end, trimmed := line[len(body):], strings.TrimSpace(body)
	switch parts := pair.FindStringSubmatch(body); {
	case strings.HasPrefix(trimmed, "#"), strings.HasPrefix(trimmed, ";"), strings.HasPrefix(trimmed, "//"):
		span(b, "note", body)
	case strings.HasPrefix(trimmed, "[") && strings.HasSuffix(trimmed, "]"):
		span(b, "section", body)
	case parts != nil:
		span(b, "name", parts[1])
		span(b, "", parts[2])
		span(b, "value", parts[3])
	default:
		span(b, "", body)
	}
	b.WriteString(end)
}

// highlightDiff returns a unified diff as HTML. The signs at the beginning of lines stay, so that colour is not needed.
func highlightDiff(text string) template.HTML {
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(visibleText(text), "\n"), "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		class := ""
		switch {
		case strings.HasPrefix(line, "+++ "), strings.HasPrefix(line, "--- "), strings.HasPrefix(line, "@@"):
			class = "at"
		case strings.HasPrefix(line, "+"):
			class = "add"
		case strings.HasPrefix(line, "-"):
			class = "del"
		}
		span(&b, class, line)
	}
	return template.HTML(b.String())
}
