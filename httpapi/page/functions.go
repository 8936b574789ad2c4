package page

import (
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/httpapi/printable"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/ledger"
	"github.com/phoneprov/phoneprov/provision/words"
)

// maxShown bounds in characters a foreign text in a table. The page of the phone shows more of it.
const maxShown = 80

// pages are the parts of the navigation, by path.
var pages = [...]string{"", "phones", "strangers", "problems", "requests", "syncs", "profiles", "settings"}

// functions returns the functions of the templates in one language.
func (s *Site) functions(l *words.Language) template.FuncMap {
	return template.FuncMap{
		"t": l.Text, "n": l.Count, "num": words.Number, "said": l.Said,
		"pages":    func() []string { return pages[:] },
		"agoWords": func() (string, error) { return agoWords(l) },
		"when":     func(t any) template.HTML { return s.when(l, t) },
		"since":    func(t *time.Time) template.HTML { return s.since(l, t) },
		"ms":       ms,
		"clock":    clock, "hour": onTheHour,
		"state":  func(of ledger.State) string { return l.Or("state."+string(of), of.Text()) },
		"means":  func(d ledger.Definition) string { return l.Or("state."+string(d.State)+".means", d.Means) },
		"advice": func(of ledger.State) string { return optional(l, "advice."+string(of)) },
		"kind":   func(k ledger.EventKind) string { return l.Text("kind." + string(k)) },
		"about":  func(what string) string { return l.Text("about." + what) },
		"reason": func(p ledger.Phone) string { return reason(l, p) },
		"why":    func(f ledger.File) string { return fileReason(l, f) },
		"registration": func(p ledger.Phone) string {
			return l.Text("registration." + string(p.Registration()))
		},
		"mark": mark, "statusMark": statusMark, "severityMark": severityMark,
		"name": name, "whole": whole, "spelt": spelt, "plain": printable.Only, "displayNames": displayNames,
		"size": size, "first": firstChanges, "dict": dict,
	}
}

// agoWords returns the words of times for page.js, as JSON.
func agoWords(l *words.Language) (string, error) {
	list := map[string]string{}
	for _, key := range []string{"now", "s", "min", "h", "d"} {
		list[key] = l.Text("ago." + key)
	}
	text, err := json.Marshal(list)
	return string(text), err
}

func optional(l *words.Language, key string) string {
	text, _ := l.Find(key)
	return text
}

// mark returns the sign of a state. The word stands beside it.
func mark(of ledger.State) template.HTML {
	if !of.Valid() {
		of = ledger.Unknown
	}
	return template.HTML(`<svg class="mark s-` + string(of) + `" aria-hidden="true"><use href="#m-` + string(of) + `"/></svg>`) // a state is one of a table
}

// timeOf returns a time.Time or *time.Time; nil for none.
func timeOf(value any) *time.Time {
	switch t := value.(type) {
	case time.Time:
		if !t.IsZero() {
			return &t
		}
	case *time.Time:
		if t != nil && !t.IsZero() {
			return t
		}
	}
	return nil
}

// exactly is the format of a time of which page.js makes one in the browser's zone.
const exactly = "2006-01-02 15:04:05 UTC"

// when returns how long ago a time was, with the exact time on hover.
func (s *Site) when(l *words.Language, value any) template.HTML {
	t := timeOf(value)
	text := template.HTMLEscapeString(l.Ago(t, s.now()))
	if t == nil {
		return template.HTML(`<span class="none">` + text + `</span>`)
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.UTC().Format(time.RFC3339), t.UTC().Format(exactly), text))
}

// since is when for the beginning of a state, which may not be known.
func (s *Site) since(l *words.Language, t *time.Time) template.HTML {
	if t == nil {
		return `<span class="none">–</span>`
	}
	return s.when(l, t)
}

// ms returns a measured duration; nil: it was not measured.
func ms(d *float64) string {
	if d == nil {
		return ""
	}
	return fmt.Sprintf("%.0f ms", *d)
}

// clock returns a time of the day, with the exact time on hover.
func clock(value any) template.HTML { return ofDay(value, "s", "15:04:05") }

// onTheHour is clock without seconds.
func onTheHour(value any) template.HTML { return ofDay(value, "min", "15:04") }

// ofDay returns a time of the day to a unit. page.js knows the unit.
func ofDay(value any, unit, format string) template.HTML {
	t := timeOf(value)
	if t == nil {
		return ""
	}
	return template.HTML(fmt.Sprintf(`<time data-clock="%s" datetime="%s" title="%s">%s</time>`, unit, t.UTC().Format(time.RFC3339), t.UTC().Format(exactly), t.UTC().Format(format)))
}

// name returns a foreign text for a table, isolated from the direction of the text around it.
func name(s string) template.HTML {
	return isolated(s, maxShown)
}

// maxWhole bounds in characters a foreign text on its own page.
const maxWhole = 4096

func whole(s string) template.HTML { return isolated(s, maxWhole) }

func isolated(s string, most int) template.HTML {
	if s == "" {
		return `<span class="none">–</span>`
	}
	if runes := []rune(s); len(runes) > most {
		s = string(runes[:most]) + "…"
	}
	return template.HTML("<bdi>" + template.HTMLEscapeString(printable.Only(s)) + "</bdi>")
}

// spelt returns the ID of a phone. A MAC is shown with colons, as on the phone's label.
func spelt(id string) string {
	if len(id) != 12 || strings.Trim(id, "0123456789abcdef") != "" {
		return printable.Only(id)
	}
	var pairs []string
	for i := 0; i < len(id); i += 2 {
		pairs = append(pairs, id[i:i+2])
	}
	return strings.Join(pairs, ":")
}

// maxChanges is the number of changes that a summary of a sync names.
const maxChanges = 5

func firstChanges(all []ledger.SyncChange) []ledger.SyncChange {
	return all[:min(len(all), maxChanges)]
}

// displayNames returns the display names of a phone's lines.
func displayNames(p ledger.Phone) string {
	var names []string
	for _, line := range p.Lines {
		if line.DisplayName != "" && !slices.Contains(names, line.DisplayName) {
			names = append(names, line.DisplayName)
		}
	}
	return strings.Join(names, ", ")
}

// statusMark returns the sign of how a request ended.
func statusMark(q ledger.Request) template.HTML {
	switch {
	case q.Status >= http.StatusInternalServerError:
		return mark(ledger.Failing)
	case q.Refused, q.Status >= http.StatusBadRequest:
		return mark(ledger.Refused)
	}
	return mark(ledger.UpToDate)
}

// severityMark returns the sign of a problem.
func severityMark(severity string) template.HTML {
	switch severity {
	case provision.Error.String():
		return mark(ledger.Failing)
	case provision.Warning.String():
		return mark(ledger.NoReaction)
	}
	return mark(ledger.Unknown)
}

// size returns a number of bytes for people.
func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}

// dict returns a map of names and values, for a template that needs several.
func dict(pairs ...any) (map[string]any, error) {
	m := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		key, ok := pairs[i].(string)
		if !ok {
			return nil, fmt.Errorf("dict: %v is no name", pairs[i])
		}
		m[key] = pairs[i+1]
	}
	return m, nil
}

// reason says why a phone is in its state, in a language. The ledger's own text is English.
func reason(l *words.Language, p ledger.Phone) string {
	if l == words.English() {
		return printable.Only(p.Reason)
	}
	var names []string
	why := ""
	for _, f := range p.Files {
		if f.State != p.State || p.Reason == "" {
			continue
		}
		if names = append(names, f.Name); why == "" {
			why = fileReason(l, f)
		}
	}
	if len(names) == 0 {
		return printable.Only(l.Said(p.Reason))
	}
	text := strings.Join(names, ", ")
	if why != "" {
		text += ": " + why
	}
	return printable.Only(text)
}

// fileReason says why a file is in its state, in a language.
func fileReason(l *words.Language, f ledger.File) string {
	if l != words.English() && f.State == ledger.Refused && f.Refusal != nil {
		if f.Refusal.Count == 1 {
			return printable.Only(l.Said(f.Refusal.Reason))
		}
		return printable.Only(l.Text("reason.times", l.Said(f.Refusal.Reason), f.Refusal.Count))
	}
	return printable.Only(l.Said(f.Reason))
}
