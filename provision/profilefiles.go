package provision

// ProfileFile is a file of a profile, for display.
type ProfileFile struct {
	Name   string // as in the configuration, with its variables: "${MAC}.cfg"
	Path   string // of the template or the static file, under the data directory
	MIME   string // as in the configuration; empty: by the name's extension
	Static bool
	Origin string // file and line
}

// Profiles returns the profiles in the order of the configuration. The slice belongs to the snapshot.
func (s *Snapshot) Profiles() []*Profile { return s.profiles }

// Origin returns the file and line where the profile begins.
func (p *Profile) Origin() string { return p.pos.String() }

// Files returns the files of the profile: static ones first, each in the order of the configuration.
func (p *Profile) Files() []ProfileFile {
	var all []ProfileFile
	for _, f := range p.statics {
		all = append(all, ProfileFile{f.name, f.path, f.mime, true, f.pos.String()})
	}
	for _, f := range p.files {
		all = append(all, ProfileFile{f.name, f.path, f.mime, false, f.pos.String()})
	}
	return all
}
