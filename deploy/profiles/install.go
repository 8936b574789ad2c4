package profiles

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Target is where profiles are installed. One goroutine uses a Target.
type Target struct {
	ConfigDir string // Asterisk's configuration directory
	DataDir   string // directory of templates
}

// State compares an installed file with the one that this program would write.
type State uint8

const (
	Missing State = iota // the file does not exist
	Same                 // it equals this program's file
	Older                // another phoneprov wrote it, and nobody has changed it since
	Changed              // somebody changed it, or phoneprov never wrote it
)

// Status is a file of a profile and its state in the target.
type Status struct {
	File
	Name  string // path of the installed file
	State State
	Have  string // its present text
	Known bool   // phoneprov wrote it before
}

// manifestFile holds the sums of written files. It is under ConfigDir; Asterisk does not read it.
const manifestFile = includeDir + "/.written-by-phoneprov"

// name returns the path of a file in the target.
func (t Target) name(f File) string {
	dir := t.ConfigDir
	if f.Place == Data {
		dir = t.DataDir
	}
	return filepath.Join(dir, filepath.FromSlash(f.Path))
}

// key returns a file's name in the manifest. It does not depend on the target's directories.
func (f File) key() string {
	if f.Place == Data {
		return "data/" + f.Path
	}
	return "config/" + f.Path
}

func sum(text string) string {
	s := sha256.Sum256([]byte(text))
	return hex.EncodeToString(s[:])
}

// manifest reads the sums by key. A missing manifest is empty.
func (t Target) manifest() (map[string]string, error) {
	name := filepath.Join(t.ConfigDir, filepath.FromSlash(manifestFile))
	text, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	sums, n := map[string]string{}, 0
	for line := range strings.Lines(string(text)) {
		n++
		sum, key, ok := strings.Cut(strings.TrimRight(line, "\n"), "  ")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if !ok || len(sum) != 2*sha256.Size {
			return nil, fmt.Errorf("%s:%d: no line of sums: remove the file, and phoneprov takes every file that differs as one of yours", name, n)
		}
		sums[key] = sum
	}
	return sums, nil
}

// record adds a written file to the manifest.
func (t Target) record(f File) error {
	sums, err := t.manifest()
	if err != nil {
		return err
	}
	sums[f.key()] = sum(f.Text)
	text := "# What phoneprov profiles wrote, with its SHA-256, so that it knows which files were changed since.\n"
	for _, key := range slices.Sorted(maps.Keys(sums)) {
		text += sums[key] + "  " + key + "\n"
	}
	return os.WriteFile(filepath.Join(t.ConfigDir, filepath.FromSlash(manifestFile)), []byte(text), 0o644)
}

// Status returns the files of a profile in order.
func (t Target) Status(p Profile) ([]Status, error) {
	sums, err := t.manifest()
	if err != nil {
		return nil, err
	}
	var all []Status
	for _, f := range p.Files() {
		s := Status{File: f, Name: t.name(f)}
		written, known := sums[f.key()]
		s.Known = known
		have, err := os.ReadFile(s.Name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return nil, err
		default:
			s.Have = string(have)
			s.State = Changed
			if s.Have == f.Text {
				s.State = Same
			} else if known && sum(s.Have) == written {
				s.State = Older
			}
		}
		all = append(all, s)
	}
	return all, nil
}

// Installed reports whether a profile was added to the target.
func (t Target) Installed(p Profile) (bool, error) {
	sums, err := t.manifest()
	_, ok := sums[File{Place: Config, Path: path.Join(includeDir, p.Name+".conf")}.key()]
	return ok, err
}

// Write writes a file that is missing, or that nobody has changed, and records its sum. It leaves any other file. An
// existing file keeps its owner and its mode.
func (t Target) Write(s Status) error {
	switch s.State {
	case Same:
		return t.record(s.File)
	case Changed:
		return fmt.Errorf("%s: it was changed", s.Name)
	case Missing:
		for _, name := range [...]string{s.Name, filepath.Join(t.ConfigDir, filepath.FromSlash(manifestFile))} {
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				return err
			}
		}
		f, err := os.OpenFile(s.Name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) // fails if the file was created meanwhile
		if err != nil {
			return err
		}
		_, err = f.WriteString(s.Text)
		if err := errors.Join(err, f.Close()); err != nil {
			return err
		}
		return t.record(s.File)
	}
	have, err := os.ReadFile(s.Name)
	if err != nil {
		return err
	}
	if string(have) != s.Have {
		return fmt.Errorf("%s: it has changed meanwhile", s.Name)
	}
	if err := os.WriteFile(s.Name, []byte(s.Text), 0o644); err != nil {
		return err
	}
	return t.record(s.File)
}

// SectionState says what phoneprov.conf has of a profile.
type SectionState uint8

const (
	NoSection    SectionState = iota // no section of that name
	OtherSection                     // a section that does not include the profile's file
	HasSection                       // a section that includes the profile's file
)

// profilesFile is the file with the sections.
const profilesFile = "phoneprov.conf"

// Section looks for the profile's section in phoneprov.conf.
func (t Target) Section(p Profile) (SectionState, error) {
	text, err := os.ReadFile(filepath.Join(t.ConfigDir, profilesFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return NoSection, err
	}
	section := regexp.MustCompile(`(?m)^[ \t]*\[` + regexp.QuoteMeta(p.Name) + `\]`)
	include := regexp.MustCompile(`(?m)^[ \t]*#(try)?include[ \t]+["<]?` + regexp.QuoteMeta(path.Join(includeDir, p.Name+".conf")))
	switch {
	case !section.Match(text):
		return NoSection, nil
	case !include.Match(text):
		return OtherSection, nil
	}
	return HasSection, nil
}

// AddSection appends the profile's section to phoneprov.conf and changes nothing else. It returns the file's name.
func (t Target) AddSection(p Profile) (name string, err error) {
	name = filepath.Join(t.ConfigDir, profilesFile)
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return name, err
	}
	text := p.Section()
	if have, err := os.ReadFile(name); err == nil && len(have) > 0 {
		text = "\n" + text
		if have[len(have)-1] != '\n' {
			text = "\n" + text
		}
	}
	_, err = f.WriteString(text)
	return name, errors.Join(err, f.Close())
}
