package main

import (
	"errors"
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/ini.v1"

	"github.com/phoneprov/phoneprov/provision"
)

// parseRepeated is parseINI, except that it keeps sections and keys that occur twice.
func parseRepeated(data []byte) (*ini.File, error) {
	o := iniOptions()
	o.AllowShadows, o.AllowDuplicateShadowValues, o.AllowNonUniqueSections = true, true, true
	return ini.LoadSources(o, data)
}

// sectionsNamed returns the sections with a name, in order. Blanks in [profile NAME], [ami NAME] and [asterisk NAME] do not count.
func sectionsNamed(f *ini.File, name string) (named []*ini.Section) {
	for _, section := range f.Sections() {
		if canonicalSection(section.Name()) == name {
			named = append(named, section)
		}
	}
	return named
}

func canonicalSection(name string) string {
	if profile, ok := profileName(name); ok {
		return "profile " + profile
	}
	if of, pbx, ok := pbxSection(name); ok {
		return of + " " + pbx
	}
	return name
}

// duplicates reports sections and keys that occur twice, because it is unclear which one counts.
func (l *loader) duplicates() {
	f, err := parseRepeated(l.data)
	if err != nil {
		return // parseINI accepts the file, so this is no reason to refuse it
	}
	place := func(in func(f *ini.File) bool) int {
		return l.lineAs(parseRepeated, func(f *ini.File, err error) bool { return err == nil && in(f) })
	}
	seen := map[string]int{}
	for _, section := range f.Sections() {
		name := canonicalSection(section.Name())
		n := seen[name]
		seen[name]++
		if n > 0 && len(l.errs) < maxUnknown {
			nth := func(n int) int { return place(func(f *ini.File) bool { return len(sectionsNamed(f, name)) > n }) }
			l.errs = append(l.errs, fmt.Errorf("%s:%d: section [%s] is there already at line %d: make one section of them", l.path, nth(n), name, nth(0)))
		}
		for _, key := range section.Keys() {
			if len(key.ValueWithShadows()) < 2 || len(l.errs) >= maxUnknown {
				continue
			}
			times := func(most int) int {
				return place(func(f *ini.File) bool {
					all := sectionsNamed(f, name)
					return len(all) > n && all[n].HasKey(key.Name()) && len(all[n].Key(key.Name()).ValueWithShadows()) > most
				})
			}
			l.errs = append(l.errs, fmt.Errorf("%s:%d: key %q in [%s] is there already at line %d", l.path, times(1), key.Name(), name, times(0)))
		}
	}
}

// envPrefix begins the names of environment variables that are settings.
const envPrefix = "PHONEPROV_"

// foreignEnv matches the variables that Kubernetes and Docker set for a service called "phoneprov" or "phoneprov-...".
var foreignEnv = regexp.MustCompile(`_SERVICE_(HOST|PORT(_[A-Z0-9_]+)?)$|_PORT(_[0-9]+_(TCP|UDP|SCTP)(_(ADDR|PORT|PROTO))?)?$`)

// unknownEnv reports environment variables that look like settings but are not. What they were meant to set would
// silently stay as it is.
func unknownEnv(names []string) []error { return unknownEnvOf(settingsTable(), names) }

// unknownEnvOf is unknownEnv for the settings of a table. A former name is known, and never what is meant.
func unknownEnvOf(table []setting, names []string) (errs []error) {
	var settings, formers []string
	for _, d := range table {
		for _, f := range d.formerly {
			old := d.named(f)
			formers = append(formers, old.env(), old.env()+"_FILE")
		}
		settings = append(settings, d.env())
		if d.secret {
			settings = append(settings, d.env()+"_FILE")
		}
	}
	slices.Sort(names)
	for _, name := range names {
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(settings, name) || slices.Contains(formers, name) || foreignEnv.MatchString(name) {
			continue
		}
		near := provision.Nearest(strings.TrimPrefix(name, envPrefix), func(yield func(string) bool) {
			for _, known := range settings {
				if !yield(strings.TrimPrefix(known, envPrefix)) {
					return
				}
			}
		})
		if near != "" {
			near = "; is " + envPrefix + near + " meant?"
		}
		errs = append(errs, fmt.Errorf("environment: there is no setting %s%s", name, near))
	}
	return errs
}

// envNames returns the names of the process's environment variables that the call sees too.
func (cl *call) envNames() (names []string) {
	for _, entry := range os.Environ() {
		name, _, _ := strings.Cut(entry, "=")
		if _, ok := cl.getenv(name); ok {
			names = append(names, name)
		}
	}
	return names
}

// settings loads the settings, and refuses unknown environment variables.
func (cl *call) settings(path string) (*settings, error) {
	s, err := loadSettings(path, cl.getenv)
	return s, errors.Join(append(unknownEnv(cl.envNames()), err)...)
}
