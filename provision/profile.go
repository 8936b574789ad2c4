package provision

import (
	"fmt"
	"path"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Profile is a section of phoneprov.conf: the files for its phones.
type Profile struct {
	Name    string
	PBX     string // Input.PBX of the Asterisk that the profile is of
	pos     astconf.Pos
	setvars []setvar
	statics []*file
	files   []*file
}

func (p *Profile) hasFiles() bool { return len(p.statics)+len(p.files) > 0 }

// setvar is a variable that a profile sets for its phones. It is expanded for each line.
type setvar struct {
	name  string
	text  string
	value *dialplan.Template // text, compiled
	pos   astconf.Pos

	of   string        // if the value is a plain variable or a part of one: that variable's name
	part dialplan.Part // the part
}

func newSetvar(name, text string, pos astconf.Pos) setvar {
	v := setvar{name: name, text: text, value: dialplan.Parse(pos.String(), text), pos: pos}
	v.of, v.part = v.value.Variable()
	v.of = canonicalName(v.of)
	return v
}

// file is a file of a profile: a static file, or a template with its own name for every phone.
type file struct {
	name    string             // as in the configuration
	uri     *dialplan.Template // name, compiled; nil: the file is static
	path    string             // under the data directory
	mime    string             // as in the configuration; empty: none
	unknown string             // the profile's mime_type, for extensions without a known type; empty: none
	profile *Profile
	pos     astconf.Pos
	number  int // index in routes.files
}

// general are the options of [general] of phoneprov.conf. They apply to the phones of the users file only.
type general struct {
	server, port, profile astconf.Var
}

// readProfiles reads the profiles of phoneprov.conf. The case of their names counts. If two have the same name, the
// first counts.
func (b *builder) readProfiles(f *astconf.File) {
	for _, c := range categories(f) {
		if c.Name == "general" {
			continue
		}
		if b.profiles[c.Name] != nil {
			b.diags.add(Warning, c.Pos, "profile %q: there is one of that name already; this one is ignored", c.Name)
			continue
		}
		p := b.readProfile(c)
		b.profiles[p.Name] = p
		b.snap.profiles = append(b.snap.profiles, p)
	}
}

// readProfile reads one profile. mime_type and staticdir apply to the files after them, as in Asterisk. Every other
// option is the name of a file with its template.
func (b *builder) readProfile(c *astconf.Category) *Profile {
	p := &Profile{Name: c.Name, PBX: b.in.PBX, pos: c.Pos}
	dir, mime := "", ""
	for v := range c.Vars() {
		switch strings.ToLower(v.Name) {
		case "mime_type":
			mime = v.Value
		case "staticdir":
			dir = v.Value
		case "setvar":
			b.readSetvar(p, v)
		case "static_file":
			f := &file{profile: p, pos: v.Pos, unknown: mime}
			if f.name, f.mime = splitMIME(v.Value); f.name == "" {
				b.diags.add(Error, v.Pos, "profile %q: static_file has no file name", p.Name)
				continue
			}
			f.path = path.Join(dir, f.name)
			p.statics = append(p.statics, f)
		default:
			f := &file{name: v.Name, uri: dialplan.Parse(v.Pos.String(), v.Name), profile: p, pos: v.Pos, unknown: mime}
			if f.path, f.mime = splitMIME(v.Value); f.path == "" {
				b.diags.add(Error, v.Pos, "profile %q: file %q has no template", p.Name, v.Name)
				continue
			}
			p.files = append(p.files, f)
		}
	}
	return p
}

// readSetvar reads NAME=value. A setvar without a value sets nothing, so that a later one of the same name counts.
func (b *builder) readSetvar(p *Profile, v astconf.Var) {
	name, value, found := dialplan.CutArgument(v.Value, '=')
	name, value = variableName(name), strings.TrimSpace(value)
	if name == "" || !found {
		b.diags.add(Warning, v.Pos, "profile %q: a setvar that is not NAME=value sets nothing", p.Name)
		return
	}
	if value == "" {
		return
	}
	p.setvars = append(p.setvars, newSetvar(name, value, v.Pos))
}

// splitMIME splits "file[,MIME type]". It removes quotes and backslashes from the file name only.
func splitMIME(value string) (name, mime string) {
	name, mime, _ = dialplan.CutArgument(value, ',')
	return name, strings.TrimSpace(mime)
}

// readGeneral reads [general] of phoneprov.conf. serveraddr wins over serveriface.
func (b *builder) readGeneral(f *astconf.File) {
	c := f.Category("general")
	b.general.profile, _ = c.Last("default_profile")
	if v, ok := c.Last("serverport"); ok && v.Value != "" {
		b.general.port = v
	}
	if v, ok := c.Last("serveraddr"); ok && v.Value != "" {
		b.general.server = v
		return
	}
	v, ok := c.Last("serveriface")
	if !ok || v.Value == "" {
		return
	}
	if b.in.Interfaces == nil {
		b.diags.add(Warning, v.Pos, "serveriface %q: no interface is known here; SERVER is the address the phone asks", v.Value)
		return
	}
	addr, err := b.in.Interfaces(v.Value)
	b.snap.iface, b.snap.address = v.Value, fmt.Sprint(addr, err)
	if err != nil {
		b.diags.add(Warning, v.Pos, "serveriface %q: %v; SERVER is the address the phone asks", v.Value, err)
		return
	}
	b.general.server = astconf.Var{Name: v.Name, Value: addr.String(), Pos: v.Pos}
}
