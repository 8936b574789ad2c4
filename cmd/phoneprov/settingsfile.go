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

// Bounds of files. The right files are far below, and a wrong path may be endless.
const (
	maxConfig  = 64 << 10 // bytes of phoneprov.ini, and of the file of a secret
	maxUnknown = 10       // unknown sections and keys that are reported; with more it is the file of another program
)

// loadSettings loads the defaults, then the file over them, then the environment. The default file may be missing. The
// error has a line for each fault, with "file:line:" if it is in the file.
func loadSettings(path string, getenv lookupEnv) (*settings, error) {
	return loadTable(settingsTable(), path, getenv)
}

// loadTable is loadSettings for the settings of a table.
func loadTable(table []setting, path string, getenv lookupEnv) (*settings, error) {
	optional := path == ""
	if optional {
		path = defaultConfig
	}
	data, _, err := regularfile.Read(path, maxConfig)
	if err != nil && !(optional && errors.Is(err, fs.ErrNotExist)) {
		return nil, err
	}
	l := loader{table: table, path: path, data: data, getenv: getenv}
	if l.file, err = parseINI(data); err != nil {
		return nil, fmt.Errorf("%s:%d: %v", path, l.line(func(f *ini.File, err error) bool { return err != nil }), tidy(err))
	}
	l.unknown()
	l.duplicates()
	for _, d := range table {
		l.load(&d)
	}
	l.loadPBXs()
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

// parseINI parses the file as it is written, without interpolation and continuation lines. A comment after a value is a
// part of the value.
func parseINI(data []byte) (*ini.File, error) { return ini.LoadSources(iniOptions(), data) }

func iniOptions() ini.LoadOptions {
	return ini.LoadOptions{
		IgnoreContinuation:      true,
		IgnoreInlineComment:     true,
		PreserveSurroundedQuote: true,
		KeyValueDelimiters:      "=",
	}
}

// value returns the value of a key without quotes and without a comment. A ";" or "#" begins a comment after a blank
// only, so that a secret may contain them; and at the beginning of a value, because ini takes "none" for the value of
// "key = ; none".
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
	table    []setting
	path     string
	data     []byte
	file     *ini.File
	getenv   lookupEnv
	settings settings
	errs     []error
}

// unknown reports sections and keys that are not settings.
func (l *loader) unknown() {
	for _, section := range l.file.Sections() {
		for _, key := range section.Keys() {
			if len(l.errs) == maxUnknown {
				return
			}
			if !known(section.Name(), key.Name()) && !formerSetting(l.table, section.Name(), key.Name()) {
				what := fmt.Sprintf("unknown key %q in [%s]%s", key.Name(), section.Name(), likelyKey(section.Name(), key.Name()))
				if section.Name() == ini.DefaultSection {
					what = fmt.Sprintf("key %q before any section", key.Name())
				}
				l.fail(section.Name(), key.Name(), what)
			}
		}
		if section.Name() != ini.DefaultSection && len(section.Keys()) == 0 && !known(section.Name(), "") && !formerSetting(l.table, section.Name(), "") {
			line := l.line(func(f *ini.File, err error) bool { return err == nil && f.HasSection(section.Name()) })
			l.errs = append(l.errs, fmt.Errorf("%s:%d: unknown section [%s]%s", l.path, line, section.Name(), likelySection(section.Name())))
		}
	}
}

// known reports a key that the file may have, or, for the key "", a section.
func known(section, key string) bool {
	if _, ok := profileName(section); ok {
		return slices.ContainsFunc(profileTable(), func(d profileSetting) bool { return key == "" || key == d.key })
	}
	if _, ok := resyncMake(section); ok {
		return slices.ContainsFunc(makeTable(), func(d makeSetting) bool { return key == "" || key == d.key })
	}
	return slices.ContainsFunc(tableOf(section), func(d setting) bool {
		return key == "" || key == d.key || d.secret && key == d.key+"_file"
	})
}

// tableOf returns the settings that a section may have, except those of [profile NAME] and [resync MAKE].
func tableOf(section string) (rows []setting) {
	if of, _, ok := pbxSection(section); ok {
		return pbxTable(of)
	}
	for _, d := range settingsTable() {
		if d.section == section {
			rows = append(rows, d)
		}
	}
	return rows
}

// sectionNames calls yield with the name of each section that the file may have; of [profile NAME], without the NAME.
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

// keyNames returns the keys that a section may have.
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
	for _, d := range tableOf(section) {
		names = append(names, d.key)
		if d.secret {
			names = append(names, d.key+"_file")
		}
	}
	return names
}

// likelySection returns the end of an error for an unknown section: what may be meant.
func likelySection(section string) string {
	name, more, _ := strings.Cut(section, " ")
	switch near := provision.Nearest(name, sectionNames); {
	case more != "" && (near == "ami" || near == "asterisk"):
		return fmt.Sprintf("; is [%s %s] meant?", near, strings.TrimSpace(more))
	case near == "profile":
		return "; is [profile NAME] meant?"
	case near != "":
		return fmt.Sprintf("; is [%s] meant?", near)
	}
	return ""
}

// likelyKey returns the end of an error for an unknown key: what may be meant.
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

// load sets a setting to its value: of the environment, or else of the file, or else the default.
func (l *loader) load(d *setting) {
	if l.loadFormer(d, l.fromEnv, inEnvironment) || l.loadFormer(d, l.fromFile, inFile) {
		return
	}
	l.inForce(d, d.value, "default")
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
		l.inForce(d, "", "environment "+d.env()+"_FILE")
		if err := l.setFromFile(d, file); err != nil {
			l.errs = append(l.errs, fmt.Errorf("environment: %s_FILE: %w", d.env(), err))
		}
	case has:
		l.inForce(d, text, "environment "+d.env())
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
		l.inForce(d, "", l.place(d.section, d.key+"_file"))
		if err := l.setFromFile(d, value(section.Key(d.key+"_file"))); err != nil {
			l.fail(d.section, d.key+"_file", fmt.Sprintf("%s_file: %v", d.name(), err))
		}
	case has:
		if d.secret {
			l.settings.secretFiles = append(l.settings.secretFiles, secretFile{d.name(), l.path})
		}
		l.inForce(d, value(section.Key(d.key)), l.place(d.section, d.key))
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
	l.errs = append(l.errs, fmt.Errorf("%s: %s", l.place(section, key), what))
}

// place is where a key is, "file:line".
func (l *loader) place(section, key string) string {
	line := l.line(func(f *ini.File, err error) bool {
		return err == nil && f.HasSection(section) && f.Section(section).HasKey(key) &&
			f.Section(section).Key(key).Value() == l.file.Section(section).Key(key).Value()
	})
	return fmt.Sprintf("%s:%d", l.path, line)
}

// line returns the line of the file that has something. ini does not say it, so line parses longer and longer
// beginnings of the file. That gives the right answer, whatever ini takes for a comment, a quote or a section.
func (l *loader) line(in func(*ini.File, error) bool) int { return l.lineAs(parseINI, in) }

// lineAs is line with another parser.
func (l *loader) lineAs(parse func([]byte) (*ini.File, error), in func(*ini.File, error) bool) int {
	lines := bytes.SplitAfter(l.data, []byte("\n"))
	for n := range lines {
		if in(parse(bytes.Join(lines[:n+1], nil))) {
			return n + 1
		}
	}
	return len(lines)
}

// tidy removes the text of the line from ini's errors, because it may be a secret.
func tidy(err error) error {
	if ini.IsErrDelimiterNotFound(err) {
		return errors.New("want [section] or key = value")
	}
	return errors.New("not a valid ini file")
}
