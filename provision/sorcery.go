package provision

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// The modules of sorcery.conf whose objects are read here.
const (
	phoneprovModule = "res_pjsip_phoneprov_provider"
	pjsipModule     = "res_pjsip"
)

// source says where sorcery.conf has the objects of a type: the sections of a file that meet all criteria, or that have
// the explicit name. Without both, it is all sections.
type source struct {
	file     string
	criteria []criterion
	explicit string
}

// criterion is met by a section whose first option of that name has the value.
type criterion struct{ name, value string }

func (s source) has(c *astconf.Category) bool {
	if s.explicit != "" && (s.explicit == c.Name || len(s.criteria) == 0) {
		return s.explicit == c.Name
	}
	return !slices.ContainsFunc(s.criteria, func(x criterion) bool {
		for v := range c.Vars() {
			if strings.EqualFold(v.Name, x.name) {
				return v.Value != x.value
			}
		}
		return true
	})
}

// defaultSource is where the objects of a type are if sorcery.conf does not say.
func defaultSource(object string) source {
	return source{file: "pjsip.conf", criteria: []criterion{{"type", object}}}
}

// mapping is what sorcery.conf says of a type.
type mapping struct {
	source   source
	none     bool // no file has the type
	findings diagnostics
}

// mappingOf reads the lines of a type as Asterisk 16 and 22 do (measured). They take one line of each wizard and stop
// at the first line that they cannot take. If they took none, the type is where it is without sorcery.conf. Case
// counts, except in the module's name, and blanks count too.
func mappingOf(config Config, module, object string) mapping {
	m := mapping{none: true}
	seen := map[string]bool{}
	report := func(v astconf.Var, severity Severity, format string, args ...any) {
		m.findings.add(severity, v.Pos, "[%s] %s=%s: %s", module, v.Name, v.Value, fmt.Sprintf(format, args...))
	}
lines:
	for v := range moduleLines(config, module) {
		name, option, _ := strings.Cut(v.Name, "/")
		wizard, data, _ := strings.Cut(v.Value, ",")
		if name != object || option == "cache" && wizard == "memory_cache" {
			continue
		}
		switch {
		case option == "cache":
			report(v, Error, "only a memory_cache is followed as a cache: it is not read")
			continue
		case seen[wizard]:
			report(v, Warning, "asterisk takes one line of %q only: this one is not read", wizard)
			continue
		case wizard == "config" && data != "":
			s, err := parseSource(data)
			if err != nil {
				report(v, Error, "%v: it is not read", err)
				break lines
			}
			if config[s.file] == nil {
				report(v, Error, "%s is missing, or cannot be read: none of its sections is served", s.file)
			}
			m.source, m.none = s, false
		case wizard == "realtime" && data != "":
			report(v, Error, "%s", m.notFollowed(object, "in a database"))
		case wizard == "memory", wizard == "astdb" && data != "":
			report(v, Error, "%s", m.notFollowed(object, "in no file"))
		default:
			report(v, Error, "asterisk has no such wizard, or it needs more: this line and those after it are not read")
			break lines
		}
		seen[wizard] = true
	}
	if len(seen) == 0 {
		m.source, m.none = defaultSource(object), false
	}
	return m
}

// notFollowed returns the message for a line that leads to no file.
func (*mapping) notFollowed(object, where string) string {
	if object == "phoneprov" {
		return "these sections are " + where + ", and cannot be read: asterisk 16 and 22 make no phones of them either. Move them to pjsip.conf"
	}
	return "objects of this type are " + where + ", which only the running asterisk can tell of: give phoneprov its manager interface"
}

// moduleLines returns the options of a module's section in sorcery.conf.
func moduleLines(config Config, module string) iter.Seq[astconf.Var] {
	for _, c := range categories(config[SorceryFile]) {
		if strings.EqualFold(c.Name, module) {
			return c.Vars()
		}
	}
	return func(func(astconf.Var) bool) {}
}

// parseSource reads "FILE[,criteria=NAME=VALUE]...[,explicit_name=NAME]". Asterisk ignores other options.
func parseSource(data string) (source, error) {
	parts := strings.Split(data, ",")
	s := source{file: parts[0]}
	if s.file == "" {
		return s, fmt.Errorf("it names no file")
	}
	for _, part := range parts[1:] {
		name, value, _ := strings.Cut(part, "=")
		switch name {
		case "criteria":
			option, want, ok := strings.Cut(value, "=")
			if !ok {
				return s, fmt.Errorf("criteria=%s is not criteria=NAME=VALUE, which crashes asterisk", value)
			}
			s.criteria = append(s.criteria, criterion{option, want})
		case "explicit_name":
			s.explicit = value
		}
	}
	return s, nil
}

// sections returns the sections of a type, in order.
func sections(config Config, module, object string) []*astconf.Category {
	m := mappingOf(config, module, object)
	var found []*astconf.Category
	if m.none {
		return nil
	}
	for _, c := range categories(config[m.source.file]) {
		if m.source.has(c) {
			found = append(found, c)
		}
	}
	return found
}

// PJSIPObjects returns the names of the objects of a type, "endpoint" or "auth", that the files have: those where
// sorcery.conf says that they are, and those that the wizard makes.
func PJSIPObjects(config Config, object string) []string {
	var names []string
	for _, c := range sections(config, pjsipModule, object) {
		names = append(names, c.Name)
	}
	for c := range wizards(config) {
		if auth, ok := wizardAuth(c); object == "auth" && ok {
			names = append(names, auth)
		}
		if object == "endpoint" {
			names = append(names, c.Name)
		}
	}
	return names
}

// pjsipTypesRead are the types of PJSIP's objects that are read here.
var pjsipTypesRead = [...]string{"endpoint", "auth", "transport"}

// mappedFiles returns the files that sorcery.conf names for the types that are read here.
func mappedFiles(config Config) []string {
	var files []string
	add := func(module, object string) {
		if m := mappingOf(config, module, object); !m.none && !slices.Contains(ConfigFiles[:], m.source.file) && !slices.Contains(files, m.source.file) {
			files = append(files, m.source.file)
		}
	}
	add(phoneprovModule, "phoneprov")
	for _, object := range pjsipTypesRead {
		add(pjsipModule, object)
	}
	return files
}

// readMappings reports lines of sorcery.conf and extconfig.conf that are not followed. Lines for PJSIP's objects matter
// only without AMI.
func (b *builder) readMappings() {
	b.dropDatabases()
	b.diags = append(b.diags, mappingOf(b.in.Config, phoneprovModule, "phoneprov").findings...)
	if b.in.Live == nil {
		for _, object := range pjsipTypesRead {
			b.diags = append(b.diags, mappingOf(b.in.Config, pjsipModule, object).findings...)
		}
	}
}

// dropDatabases drops the files that Asterisk reads from a database: Asterisk does not use the file on the disk.
func (b *builder) dropDatabases() {
	for v := range b.in.Config[ExtConfigFile].Category("settings").Vars() {
		for name := range b.in.Config.Files() {
			if !strings.EqualFold(v.Name, name) || !inDatabase(v.Value) {
				continue
			}
			b.diags.add(Error, v.Pos, "[settings] %s => %s: asterisk reads this file from a database, which config = files cannot: "+
				"it is not read here. Set config = ami", v.Name, v.Value)
			b.in.Config = maps.Clone(b.in.Config) // the map belongs to the caller
			delete(b.in.Config, name)
		}
	}
}

// databases are the engines of extconfig.conf. With any other engine Asterisk reads the file from the disk.
var databases = [...]string{"odbc", "pgsql", "mysql", "sqlite", "sqlite3", "ldap", "curl"}

// inDatabase reports whether a value of extconfig.conf, "ENGINE,DATABASE[,TABLE]", names a database.
func inDatabase(value string) bool {
	engine, database, _ := strings.Cut(value, ",")
	return database != "" && slices.Contains(databases[:], strings.TrimSpace(engine))
}
