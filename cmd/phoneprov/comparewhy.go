package main

import (
	"context"
	"errors"
	"maps"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/amisync"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/datadir"
)

// The purposes with which phoneprov differs, in the words of deploy/doc/DIFFERENCES.md. A test holds that.
const (
	whyOrder      = "PP_EACH_USER lists phones in the order of the configuration"
	whyQuotes     = "PP_EACH_USER keeps the double quotes of its text"
	whyEscaped    = "in an XML file, one whose template begins with `<`, what comes from the configuration, a setvar too, is escaped, unless `[profile NAME] escape = none`"
	whyNoStatic   = "a missing static file is 404"
	whyNoTemplate = "a template that is missing, empty or being written is served as it last was, and where it never was is 503"
	whySlash      = "staticdir needs no slash at its end"
	whyExtension  = "the MIME type goes by the extension where the configuration names none"
	whyBlanks     = "blanks around a MIME type's comma mean nothing"
	whyUsername   = "username defaults to the section's name"
	whyInherits   = "a section's own option wins over the one it inherits"
	whyTwice      = "of an option that stands twice in a section the last counts"
	whySpellings  = "a MAC in two spellings is one phone"
	whyLines      = "no line of a phone is lost, in whatever order they stand"
	whyTransport  = "an endpoint without transport gets its only transport's port, else 5060"
	whyServer     = "SERVER is known in a setvar and for every phone of PP_EACH_USER"
	whyVoicemail  = "VOCIEMAIL_EXTEN, as Asterisk's sample spells it, is VOICEMAIL_EXTEN"
)

// cause is a set of purposes that change what the configuration means. Without them, phoneprov would serve snapshot.
type cause struct {
	whys     []string
	snapshot *provision.Snapshot
}

// configChanges make a configuration mean what Asterisk takes it for.
var configChanges = [...]struct {
	why    string
	change func(file string, cs []*astconf.Category) []*astconf.Category
}{
	{whyInherits, func(_ string, cs []*astconf.Category) []*astconf.Category { return firstWins(cs, true) }},
	{whyTwice, func(_ string, cs []*astconf.Category) []*astconf.Category { return firstWins(cs, false) }},
	{whyUsername, withoutUsername},
	{whySpellings, otherSpellings},
	{whyTransport, withoutTransport},
}

// newCauses builds the snapshot of the configuration after each change that changes something, and one after all of them.
func (c *comparer) newCauses(ctx context.Context) (causes []cause) {
	all := cause{}
	whole := maps.Clone(c.now.config())
	for _, row := range configChanges {
		config := maps.Clone(c.now.config())
		if !change(config, row.change) {
			continue
		}
		change(whole, row.change)
		all.whys = append(all.whys, row.why)
		causes = c.addCause(ctx, causes, []string{row.why}, config)
	}
	if len(all.whys) > 1 {
		causes = c.addCause(ctx, causes, all.whys, whole)
	}
	return causes
}

// change changes the files of a configuration, and reports whether that made a difference.
func change(config provision.Config, f func(string, []*astconf.Category) []*astconf.Category) (changed bool) {
	for name, file := range config {
		if file == nil || name == "phoneprov.conf" {
			continue
		}
		if cs := f(name, file.Categories); !slices.Equal(cs, file.Categories) {
			config[name], changed = astconf.NewFile(name, cs, file.Warnings, file.Templates()), true
		}
	}
	return changed
}

// addCause adds the snapshot of a changed configuration, if it can be built.
func (c *comparer) addCause(ctx context.Context, causes []cause, whys []string, config provision.Config) []cause {
	p := c.now.service.pbxs[0]
	in := provision.Input{PBX: p.name, Config: config, Zone: serverZone(), Interfaces: amisync.InterfaceAddr}
	if p.amiAddress != "" {
		in.Ask = p.sync.Ask
	}
	s, _, err := provision.Build(ctx, in, time.Now())
	if err != nil {
		return causes
	}
	return append(causes, cause{whys, s})
}

// whys returns the purposes that explain a difference completely. It proves each: with what the purpose changes taken
// back, our answer is theirs.
func (c *comparer) whys(ctx context.Context, route *provision.Route, theirs, ours answer) []string {
	if why := c.whyStatus(route, theirs, ours); why != "" {
		return []string{why}
	}
	var type_ []string
	if theirs.status == ours.status && theirs.mime != ours.mime {
		why := c.whyType(route)
		if why == "" {
			return nil
		}
		type_ = []string{why}
		if theirs.body == ours.body {
			return type_
		}
	}
	if whys := c.whyBody(ctx, route, theirs, ours, c.now.snapshot); whys != nil {
		return append(type_, whys...)
	}
	for _, cause := range c.causes {
		other := cause.snapshot.Lookup(route.URI)
		if other == nil || other.Static() != route.Static() {
			if theirs.status == http.StatusNotFound && ours.status == http.StatusOK {
				return cause.whys
			}
			continue
		}
		as := c.render(ctx, c.now.renderer, cause.snapshot, other)
		if as.status == theirs.status && as.body == theirs.body {
			return append(type_, cause.whys...)
		}
		if as.status == theirs.status {
			if whys := c.whyBody(ctx, other, theirs, as, cause.snapshot); whys != nil {
				return slices.Concat(type_, cause.whys, whys)
			}
		}
	}
	if !route.Static() && len(route.Phone.Lines) > 1 && theirs.mime == ours.mime && isPart(theirs.body, ours.body) {
		return []string{whyLines}
	}
	return nil
}

// whyStatus explains answers of which one is a refusal.
func (c *comparer) whyStatus(route *provision.Route, theirs, ours answer) string {
	option, dir := c.option(route)
	switch {
	case theirs.status == http.StatusOK && ours.status == http.StatusOK:
		return ""
	case route.Static() && ours.status == http.StatusNotFound:
		return whyNoStatic
	case errors.Is(ours.err, datadir.ErrNoGoodFile) && (theirs.status != http.StatusOK || theirs.body == ""):
		return whyNoTemplate
	case ours.status == http.StatusOK && theirs.status != http.StatusOK && blanksAtComma(option):
		return whyBlanks
	case route.Static() && ours.status == http.StatusOK && dir != "" && !strings.HasSuffix(dir, "/"):
		return whySlash
	}
	return ""
}

// whyType explains another Content-Type.
func (c *comparer) whyType(route *provision.Route) string {
	option, _ := c.option(route)
	switch _, mime, named := strings.Cut(option, ","); {
	case named && blanksAtComma(option):
		return whyBlanks
	case (!named || mime == "") && provision.TypedByExtension(route.URI):
		return whyExtension
	}
	return ""
}

// whyBody explains another text of the same file.
func (c *comparer) whyBody(ctx context.Context, route *provision.Route, theirs, ours answer, s *provision.Snapshot) []string {
	if theirs.status != http.StatusOK || ours.status != http.StatusOK || route.Static() {
		return nil
	}
	plain := c.render(ctx, c.plain, s, route).body
	for _, try := range []struct {
		whys         []string
		theirs, ours string
	}{
		{[]string{whyEscaped}, theirs.body, plain},
		{[]string{whyOrder}, inAnyOrder(theirs.body), inAnyOrder(ours.body)},
		{[]string{whyQuotes}, unquoted(theirs.body), unquoted(ours.body)},
		{[]string{whyEscaped, whyOrder}, inAnyOrder(theirs.body), inAnyOrder(plain)},
		{[]string{whyQuotes, whyOrder}, inAnyOrder(unquoted(theirs.body)), inAnyOrder(unquoted(ours.body))},
		{[]string{whyEscaped, whyQuotes, whyOrder}, inAnyOrder(unquoted(theirs.body)), inAnyOrder(unquoted(plain))},
		{[]string{whyServer}, theirs.body, strings.ReplaceAll(ours.body, c.request.Server, "")},
	} {
		if try.theirs == try.ours {
			return try.whys
		}
	}
	template, _ := os.ReadFile(filepath.Join(c.now.settings.dataDir, filepath.FromSlash(route.File())))
	if strings.Contains(string(template), "VOCIEMAIL_EXTEN") && withoutValue(ours.body, theirs.body, c.voicemail()) {
		return []string{whyVoicemail}
	}
	if strings.Contains(string(template), "PP_EACH_EXTENSION") && strings.Contains(string(template), "(${MAC})") && isWithout(ours.body, theirs.body) {
		return []string{whySpellings} // ${PP_EACH_EXTENSION(${TOUPPER(${MAC})},...)} finds no phone there
	}
	return nil
}

// newPlain returns a renderer that does not escape in XML.
func (c *comparer) newPlain() *provision.Renderer {
	o := c.now.service.rendererOptions(c.now.settings, c.now.service.pbxs[0])
	if file := c.now.config()["phoneprov.conf"]; file != nil {
		for _, profile := range file.Categories {
			o.Profiles[profile.Name] = provision.ProfileOptions{Escape: provision.EscapeNone}
		}
	}
	return provision.NewRenderer(o)
}

// voicemail returns the extension of voicemail in the users file.
func (c *comparer) voicemail() string {
	for name, file := range c.now.config() {
		if v, ok := file.Category("general").Last("vmexten"); ok && name != "phoneprov.conf" {
			return v.Value
		}
	}
	return ""
}

// option returns the value that names a file in phoneprov.conf, and the staticdir before it.
func (c *comparer) option(route *provision.Route) (value, dir string) {
	profile := c.now.config()["phoneprov.conf"].Category(route.Profile().Name)
	for v := range profile.Vars() {
		name, _, _ := strings.Cut(v.Value, ",")
		name = strings.TrimSpace(name)
		switch {
		case strings.EqualFold(v.Name, "staticdir"):
			dir = v.Value
		case strings.EqualFold(v.Name, "static_file") != route.Static() || strings.EqualFold(v.Name, "setvar"):
		case route.Static() && path.Join(dir, name) == route.File(), !route.Static() && name == route.File() && path.Ext(v.Name) == path.Ext(route.URI):
			return v.Value, dir
		}
	}
	return "", dir
}

func blanksAtComma(option string) bool {
	before, after, ok := strings.Cut(option, ",")
	return ok && (strings.TrimSpace(before) != before || strings.TrimSpace(after) != after)
}

func inAnyOrder(text string) string {
	lines := strings.SplitAfter(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func unquoted(text string) string { return strings.ReplaceAll(text, `"`, "") }

// isPart reports whether each line of part is in whole, in the same order, and whole has more.
func isPart(part, whole string) bool {
	lines := strings.SplitAfter(whole, "\n")
	for line := range strings.Lines(part) {
		at := slices.Index(lines, line)
		if at < 0 {
			return false
		}
		lines = lines[at+1:]
	}
	return len(part) < len(whole)
}

// withoutValue reports whether without is text with a value left out in some places.
func withoutValue(text, without, value string) bool {
	return value != "" && strings.ReplaceAll(text, value, "") == strings.ReplaceAll(without, value, "")
}

// isWithout reports whether without is text with one part left out.
func isWithout(text, without string) bool {
	n := 0
	for n < min(len(text), len(without)) && text[n] == without[n] {
		n++
	}
	return len(without) < len(text) && strings.HasSuffix(text, without[n:])
}

// firstWins removes all but the first of each option that stands several times in a section: in sections that inherit,
// or in those that do not.
func firstWins(cs []*astconf.Category, inherit bool) []*astconf.Category {
	return replaced(cs, func(c *astconf.Category) *astconf.Category {
		if len(c.Bases) > 0 != inherit {
			return c
		}
		var vars []astconf.Var
		seen := map[string]bool{}
		all := 0
		for v := range c.Vars() {
			all++
			if name := strings.ToLower(v.Name); !seen[name] {
				seen[name] = true
				vars = append(vars, v)
			}
		}
		if len(vars) == all {
			return c
		}
		return astconf.NewCategory(c.Name, c.Pos, c.Bases, vars)
	})
}

// withoutUsername removes the users without a username.
func withoutUsername(file string, cs []*astconf.Category) []*astconf.Category {
	if !strings.Contains(file, "users") {
		return cs
	}
	return replaced(cs, func(c *astconf.Category) *astconf.Category {
		_, isPhone := c.Last("macaddress")
		if _, ok := c.Last("username"); ok || !isPhone {
			return c
		}
		return nil
	})
}

// otherSpellings gives sections whose MAC is spelled in another way than that of the first section a MAC of their own.
func otherSpellings(_ string, cs []*astconf.Category) []*astconf.Category {
	first := map[string]string{}
	return replaced(cs, func(c *astconf.Category) *astconf.Category {
		mac, ok := c.Last("macaddress")
		if !ok {
			if mac, ok = c.Last("MAC"); !ok {
				return c
			}
		}
		id := strings.ToLower(strings.NewReplacer(":", "", "-", "", ".", "").Replace(mac.Value))
		if first[id] == "" {
			first[id] = mac.Value
		}
		if first[id] == mac.Value {
			return c
		}
		var vars []astconf.Var
		for v := range c.Vars() {
			if v.Name == mac.Name {
				v.Value = "other-" + mac.Value
			}
			vars = append(vars, v)
		}
		return astconf.NewCategory(c.Name, c.Pos, c.Bases, vars)
	})
}

// withoutTransport removes the phones whose endpoint has no transport.
func withoutTransport(_ string, cs []*astconf.Category) []*astconf.Category {
	has := map[string]bool{}
	for _, c := range cs {
		if is, _ := c.Last("type"); is.Value == "endpoint" {
			t, ok := c.Last("transport")
			has[c.Name] = ok && t.Value != ""
		}
	}
	return replaced(cs, func(c *astconf.Category) *astconf.Category {
		is, _ := c.Last("type")
		endpoint, ok := c.Last("endpoint")
		if transport, known := has[endpoint.Value]; is.Value == "phoneprov" && ok && known && !transport {
			return nil
		}
		return c
	})
}

// replaced returns the sections as f changes them; nil removes one.
func replaced(cs []*astconf.Category, f func(*astconf.Category) *astconf.Category) (out []*astconf.Category) {
	for _, c := range cs {
		if c = f(c); c != nil {
			out = append(out, c)
		}
	}
	return out
}
