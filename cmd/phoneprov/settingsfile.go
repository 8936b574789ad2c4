package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"gopkg.in/ini.v1"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/regularfile"
)

// Limits of what is read: the right files are far below, and a mistaken path may be endless.
const (
	maxConfig  = 64 << 10 // bytes of phoneprov.ini and of a secret's file
	maxUnknown = 10       // sections and keys that are reported: with more it is another program's file
)

// loadSettings reads the defaults, the file and the environment, each over the one before. The default file may be
// missing. The settings are valid without an error, which has a line for each thing that is wrong, "file:line: ..." where it is in the file.
func loadSettings(path string, getenv lookupEnv) (*settings, error) {
	optional := path == ""
	if optional {
		path = defaultConfig
	}
	data, _, err := regularfile.Read(path, maxConfig)
	if err != nil && !(optional && errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	l := loader{path: path, data: data, getenv: getenv}
	if l.file, err = parseINI(data); err != nil {
		return nil, fmt.Errorf("%s:%d: %v", path, l.line(func(f *ini.File, err error) bool { return err != nil }), tidy(err))
	}
	l.unknown()
	l.duplicates()
	for _, d := range settingsTable() {
		l.load(&d)
	}
	for _, section := range l.file.Sections() {
		if name, ok := profileName(section.Name()); ok {
			l.loadProfile(name, section)
		}
		if text, ok := resyncMake(section.Name()); ok {
			l.loadMake(text, section)
		}
	}
	return &l.settings, errors.Join(l.errs...)
}

// parseINI reads the file as it is written: no interpolation, no continuation lines; comments after values are value's.
func parseINI(data []byte) (*ini.File, error) { return ini.LoadSources(iniOptions(), data) }

func iniOptions() ini.LoadOptions {
	return ini.LoadOptions{
		IgnoreContinuation:      true,
		IgnoreInlineComment:     true,
		PreserveSurroundedQuote: true,
		KeyValueDelimiters:      "=",
	}
}

// value is the text of a key without quotes and without the comment after it. A ";" or "#" begins one after a blank, so
// that a secret may have them, and where a value would begin: ini reads "key = ; none" as a value.
func value(key *ini.Key) string {
	raw := key.Value()
	if raw != "" && (raw[0] == '"' || raw[0] == '\'') {
		if inner, rest, ok := strings.Cut(raw[1:], raw[:1]); ok && withoutComment(rest) == "" {
			return inner
		}
	}
	return withoutComment(raw)
}

func withoutComment(s string) string {
	blank := true
	for i, c := range s {
		if blank && (c == ';' || c == '#') {
			return strings.TrimSpace(s[:i])
		}
		blank = c == ' ' || c == '\t'
	}
	return strings.TrimSpace(s)
}

// loader is one run of loadSettings.
type loader struct {
	path     string
	data     []byte
	file     *ini.File
	getenv   lookupEnv
	settings settings
	errs     []error
}

// unknown finds the sections and keys that no setting has.
func (l *loader) unknown() {
	for _, section := range l.file.Sections() {
		for _, key := range section.Keys() {
			if len(l.errs) == maxUnknown {
				return
			}
			if !known(section.Name(), key.Name()) {
				what := fmt.Sprintf("unknown key %q in [%s]%s", key.Name(), section.Name(), likelyKey(section.Name(), key.Name()))
				if section.Name() == ini.DefaultSection {
					what = fmt.Sprintf("key %q before any section", key.Name())
				}
				l.fail(section.Name(), key.Name(), what)
			}
		}
		if section.Name() != ini.DefaultSection && len(section.Keys()) == 0 && !known(section.Name(), "") {
			line := l.line(func(f *ini.File, err error) bool { return err == nil && f.HasSection(section.Name()) })
			l.errs = append(l.errs, fmt.Errorf("%s:%d: unknown section [%s]%s", l.path, line, section.Name(), likelySection(section.Name())))
		}
	}
}

// known reports a key that the file may have; the key "" asks for the section.
func known(section, key string) bool {
	if _, ok := profileName(section); ok {
		return slices.ContainsFunc(profileTable(), func(d profileSetting) bool { return key == "" || key == d.key })
	}
	if _, ok := resyncMake(section); ok {
		return slices.ContainsFunc(makeTable(), func(d makeSetting) bool { return key == "" || key == d.key })
	}
	return slices.ContainsFunc(settingsTable(), func(d setting) bool {
		return d.section == section && (key == "" || key == d.key || d.secret && key == d.key+"_file")
	})
}

// sectionNames calls yield with the name of each section that the file may have, [profile NAME] without its name.
func sectionNames(yield func(string) bool) {
	last := ""
	for _, d := range settingsTable() {
		if d.section != last && !yield(d.section) {
			return
		}
		last = d.section
	}
	yield("profile")
}

// keyNames are the keys that a section may have.
func keyNames(section string) (names []string) {
	if _, ok := profileName(section); ok {
		for _, d := range profileTable() {
			names = append(names, d.key)
		}
	}
	if _, ok := resyncMake(section); ok {
		for _, d := range makeTable() {
			names = append(names, d.key)
		}
	}
	for _, d := range settingsTable() {
		if d.section == section {
			names = append(names, d.key)
			if d.secret {
				names = append(names, d.key+"_file")
			}
		}
	}
	return names
}

// likelySection is the end of a message on a section that there is none of.
func likelySection(section string) string {
	name, _, _ := strings.Cut(section, " ")
	switch near := provision.Nearest(name, sectionNames); {
	case near == "profile":
		return "; is [profile NAME] meant?"
	case near != "":
		return fmt.Sprintf("; is [%s] meant?", near)
	}
	return ""
}

// likelyKey is the end of a message on a key that there is none of.
func likelyKey(section, key string) string {
	if !known(section, "") {
		return likelySection(section)
	}
	if near := provision.Nearest(key, slices.Values(keyNames(section))); near != "" {
		return fmt.Sprintf("; is %q meant?", near)
	}
	for other := range sectionNames {
		if known(other, key) {
			return fmt.Sprintf("; is [%s] %s meant?", other, key)
		}
	}
	return ""
}

// load finds a setting's value, the nearest place first, and sets it.
func (l *loader) load(d *setting) {
	if l.fromEnv(d) || l.fromFile(d) {
		return
	}
	if err := d.assign(&l.settings, d.value); err != nil {
		l.errs = append(l.errs, fmt.Errorf("default of %s: %w", d.name(), err))
	}
}

func (l *loader) fromEnv(d *setting) bool {
	text, has := l.getenv(d.env())
	has = has && (text != "" || d.mayBeEmpty && !d.secret)
	var file string
	if d.secret {
		file, _ = l.getenv(d.env() + "_FILE")
	}
	switch {
	case has && file != "":
		l.errs = append(l.errs, fmt.Errorf("environment: both %s and %[1]s_FILE are set", d.env()))
	case file != "":
		if err := l.setFromFile(d, file); err != nil {
			l.errs = append(l.errs, fmt.Errorf("environment: %s_FILE: %w", d.env(), err))
		}
	case has:
		if err := d.assign(&l.settings, text); err != nil {
			l.errs = append(l.errs, fmt.Errorf("environment: %s: %w", d.env(), err))
		}
	default:
		return false
	}
	return true
}

func (l *loader) fromFile(d *setting) bool {
	section, err := l.file.GetSection(d.section)
	if err != nil {
		return false
	}
	has := section.HasKey(d.key) && (!d.secret || value(section.Key(d.key)) != "")
	hasFile := d.secret && section.HasKey(d.key+"_file")
	switch {
	case has && hasFile:
		l.fail(d.section, d.key+"_file", fmt.Sprintf("both %s and %s_file are set", d.key, d.key))
	case hasFile:
		if err := l.setFromFile(d, value(section.Key(d.key+"_file"))); err != nil {
			l.fail(d.section, d.key+"_file", fmt.Sprintf("%s_file: %v", d.name(), err))
		}
	case has:
		if d.secret {
			l.settings.secretFiles = append(l.settings.secretFiles, secretFile{d.name(), l.path})
		}
		if err := d.assign(&l.settings, value(section.Key(d.key))); err != nil {
			l.fail(d.section, d.key, fmt.Sprintf("%s: %v", d.name(), err))
		}
	default:
		return false
	}
	return true
}

func (l *loader) setFromFile(d *setting, path string) error {
	data, _, err := regularfile.Read(path, maxConfig)
	if err != nil {
		return err
	}
	l.settings.secretFiles = append(l.settings.secretFiles, secretFile{d.name() + "_file", path})
	return d.assign(&l.settings, strings.TrimRight(string(data), "\r\n"))
}

func (l *loader) fail(section, key, what string) {
	line := l.line(func(f *ini.File, err error) bool {
		return err == nil && f.HasSection(section) && f.Section(section).HasKey(key) &&
			f.Section(section).Key(key).Value() == l.file.Section(section).Key(key).Value()
	})
	l.errs = append(l.errs, fmt.Errorf("%s:%d: %s", l.path, line, what))
}

// line finds where something is in the file, which ini does not say: it is the last line of the shortest beginning of
// the file that ini reads with it in. So the answer is right whatever ini takes for a comment, a quote or a section.
func (l *loader) line(in func(*ini.File, error) bool) int { return l.lineAs(parseINI, in) }

// lineAs is line, as a parser reads the file.
func (l *loader) lineAs(parse func([]byte) (*ini.File, error), in func(*ini.File, error) bool) int {
	lines := bytes.SplitAfter(l.data, []byte("\n"))
	for n := range lines {
		if in(parse(bytes.Join(lines[:n+1], nil))) {
			return n + 1
		}
	}
	return len(lines)
}

// tidy cuts the line's text off ini's errors: it may be a secret.
func tidy(err error) error {
	if ini.IsErrDelimiterNotFound(err) {
		return errors.New("want [section] or key = value")
	}
	return errors.New("not a valid ini file")
}
