package provision

import (
	"fmt"
	"path"
	"strings"

	"github.com/phoneprov/phoneprov/provision/astconf"
	"github.com/phoneprov/phoneprov/provision/dialplan"
)

// Profile is a section of phoneprov.conf: the files that its phones get.
type Profile struct {
	Name    string
	pos     astconf.Pos
	setvars []setvar
	statics []*file
	files   []*file
}

func (p *Profile) hasFiles() bool { return len(p.statics)+len(p.files) > 0 }

// setvar is a variable that a profile gives its phones, expanded per line.
type setvar struct {
	name  string
	text  string
	value *dialplan.Template // of text
	pos   astconf.Pos

	of   string        // the variable that it is another name of, or of a part; empty: of none
	part dialplan.Part // of that
}

func newSetvar(name, text string, pos astconf.Pos) setvar {
	v := setvar{name: name, text: text, value: dialplan.Parse(pos.String(), text), pos: pos}
	v.of, v.part = v.value.Variable()
	v.of = canonicalName(v.of)
	return v
}

// file is a file of a profile: static, or a template under a name of its own for every phone.
type file struct {
	name    string             // as configured
	uri     *dialplan.Template // of the file's name; nil: static
	path    string             // under the data directory
	mime    string             // as configured; empty: none
	unknown string             // the profile's mime_type, for an extension that names no type; empty: none
	profile *Profile
	pos     astconf.Pos
	number  int // in the files of the snapshot's routes
}

// general is what [general] of phoneprov.conf gives the users provider, and no other.
type general struct {
	server, port, profile astconf.Var
}

// readProfiles reads phoneprov.conf. Profile names are case-sensitive; of two sections of one name the first counts.
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

// readProfile reads one section. mime_type and staticdir are for the files after them, as in Asterisk. Every option that
// is none of the known is the name of a file with its template.
func (b *builder) readProfile(c *astconf.Category) *Profile {
	p := &Profile{Name: c.Name, pos: c.Pos}
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

// readSetvar reads NAME=value. One without a value sets nothing, so that a later one of the name counts.
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

// splitMIME splits "file[,MIME type]". Only the file's name loses quotes and backslashes.
func splitMIME(value string) (name, mime string) {
	name, mime, _ = dialplan.CutArgument(value, ',')
	return name, strings.TrimSpace(mime)
}

// readGeneral reads the defaults of the users provider from phoneprov.conf. serveraddr wins over serveriface.
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
