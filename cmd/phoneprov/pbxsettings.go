package main

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/ini.v1"

	"github.com/phoneprov/phoneprov/provision"
)

// asteriskSettings are the settings of one Asterisk: those of [ami] and [asterisk], or of [ami NAME] and [asterisk NAME].
type asteriskSettings struct {
	name      string // PP_PBX, and what people see where there are several
	source    string // "ami" or "files"
	configDir string
	dataDir   string
	resync    time.Duration // 0: never

	amiAddress  string // empty: no AMI
	amiUsername string
	amiSecret   provision.Secret
	amiTLS      bool
	amiCA       string // PEM file; empty: the CAs of the system
	amiName     string // the name that Asterisk's certificate must have; empty: the host of the address

	amiAstDB bool

	functionConnections int
	functionTTL         time.Duration // 0: answers are not reused

	keptIn string // directory under state.dir for the last good configuration; empty: state.dir itself
}

// asterisks returns the settings of all Asterisks: that of [ami] first, then the others in the order of the file.
func (s *settings) asterisks() []*asteriskSettings {
	return append([]*asteriskSettings{&s.asteriskSettings}, s.others...)
}

// asksAsterisk reports whether one of the Asterisks has a manager interface.
func (s *settings) asksAsterisk() bool {
	return slices.ContainsFunc(s.asterisks(), func(a *asteriskSettings) bool { return a.amiAddress != "" })
}

// amiConnections returns how many connections there may be to all Asterisks: one each, and those for functions.
func (s *settings) amiConnections() (n int) {
	for _, a := range s.asterisks() {
		n += 1 + a.functionConnections
	}
	return n
}

// maxAsterisks bounds the Asterisks: each has connections, goroutines and caches of its own.
const maxAsterisks = 32

// pbxNamePattern matches names of Asterisks. They are labels of metrics, names of directories and parts of names of files.
var pbxNamePattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$`)

func checkPBXName(name string) error {
	if !pbxNamePattern.MatchString(name) {
		return fmt.Errorf("%q is not a name of an Asterisk: want up to 32 letters and digits, and - and _ after the first", name)
	}
	return nil
}

func setPBXName(s *settings, v string) error {
	s.name = v
	return checkPBXName(v)
}

// pbxSection splits the name of a section [ami NAME] or [asterisk NAME].
func pbxSection(section string) (of, name string, ok bool) {
	of, name, ok = strings.Cut(section, " ")
	name = strings.TrimSpace(name)
	return of, name, ok && name != "" && (of == "ami" || of == "asterisk")
}

// noConfigDir stands for the directory of an Asterisk whose settings name none. It does not exist.
const noConfigDir = "(config_dir is not set)"

// keptPrefix begins the directories of state.dir that are of one of several Asterisks.
const keptPrefix = "asterisk-"

// ownKeys are the keys of [ami] and [asterisk] that another Asterisk does not take over: they are of one Asterisk only.
var ownKeys = [...]string{"asterisk.name", "asterisk.config_dir", "ami.address", "ami.secret", "ami.server_name"}

// pbxTable returns the rows of settingsTable that a section [ami NAME] or [asterisk NAME] may have. The name is in the
// section's.
func pbxTable(of string) (rows []setting) {
	for _, d := range settingsTable() {
		if d.section == of && d.name() != "asterisk.name" {
			rows = append(rows, d)
		}
	}
	return rows
}

// loadPBXs loads the sections [ami NAME] and [asterisk NAME]. What they do not set is as in [ami] and [asterisk], except
// ownKeys.
func (l *loader) loadPBXs() {
	has := map[*asteriskSettings]map[string]string{} // the names of the sections of each, by "ami" and "asterisk"
	faulty := map[*asteriskSettings]bool{}           // with an error that is reported
	for _, section := range l.file.Sections() {
		of, name, ok := pbxSection(section.Name())
		if !ok {
			continue
		}
		if err := checkPBXName(name); err != nil {
			l.failSection(section.Name(), err.Error())
			continue
		}
		i := slices.IndexFunc(l.settings.others, func(a *asteriskSettings) bool { return a.name == name })
		if i < 0 {
			if len(l.settings.asterisks()) == maxAsterisks {
				l.failSection(section.Name(), fmt.Sprintf("more than %d Asterisks", maxAsterisks))
				return
			}
			other := l.settings.asteriskSettings
			other.keptIn = keptPrefix + name
			other.name, other.configDir, other.amiAddress, other.amiSecret, other.amiName = name, "", "", "", ""
			i, l.settings.others = len(l.settings.others), append(l.settings.others, &other)
			has[&other] = map[string]string{}
		}
		other := l.settings.others[i]
		has[other][of] = section.Name()
		errs := len(l.errs)
		l.loadPBX(other, of, section)
		faulty[other] = faulty[other] || len(l.errs) > errs
	}
	for _, other := range l.settings.others {
		if !faulty[other] {
			l.checkPBX(other, has[other])
		}
	}
}

// loadPBX sets what a section says. The setters set settings.asteriskSettings, so those of the other Asterisk stand there
// meanwhile.
func (l *loader) loadPBX(other *asteriskSettings, of string, section *ini.Section) {
	first := l.settings.asteriskSettings
	l.settings.asteriskSettings = *other
	for _, d := range pbxTable(of) {
		d.section = section.Name()
		l.fromFile(&d)
	}
	*other, l.settings.asteriskSettings = l.settings.asteriskSettings, first
	if of == "ami" && !other.amiTLS && !section.HasKey("ca") {
		other.amiCA = "" // that of [ami] is for its TLS
	}
}

// checkPBX finds what is wrong with the sections of one of several Asterisks. sections are their names.
func (l *loader) checkPBX(a *asteriskSettings, sections map[string]string) {
	section := sections["ami"]
	if section == "" {
		section = sections["asterisk"]
		a.amiAstDB = false
	}
	if err := a.check(sections); err != nil {
		l.failSection(section, err.Error())
		return
	}
	for _, b := range l.settings.asterisks() {
		of := "[ami " + b.name + "]"
		if b == &l.settings.asteriskSettings {
			of = "[ami]"
		}
		switch {
		case b == a:
			return // those after it are compared with it later
		case strings.EqualFold(a.name, b.name) && of == "[ami]":
			l.failSection(section, fmt.Sprintf("%q is the name of [asterisk]: give one of them another name, with name in [asterisk]", a.name))
		case strings.EqualFold(a.name, b.name):
			l.failSection(section, fmt.Sprintf("the name differs from that of %s in upper and lower case only", of))
		case a.amiAddress != "" && a.amiAddress == b.amiAddress:
			l.failSection(section, fmt.Sprintf("address is that of %s: %s", of, a.amiAddress))
		case a.source == "files" && b.source == "files" && a.configDir == b.configDir:
			l.failSection(section, fmt.Sprintf("config_dir is that of %s: %s", strings.Replace(of, "ami", "asterisk", 1), a.configDir))
		}
	}
}

// check finds combinations of settings with which this Asterisk cannot be read.
func (a *asteriskSettings) check(sections map[string]string) error {
	switch _, ami := sections["ami"]; {
	case ami && a.amiAddress == "":
		return errors.New("address is missing")
	case ami && a.amiSecret == "":
		return errors.New("secret is empty: set secret or secret_file")
	case a.source == "files" && a.configDir == "":
		return fmt.Errorf("config = files needs config_dir in [asterisk %s]", a.name)
	case !ami && a.source == "ami":
		return fmt.Errorf("there is no [ami %s] with its address and secret; without one set config = files and config_dir here", a.name)
	case !a.amiTLS && (a.amiCA != "" || a.amiName != ""):
		return errors.New("ca and server_name are for tls = yes only")
	}
	return nil
}

// failSection reports what is wrong with a section as a whole.
func (l *loader) failSection(section, what string) {
	line := l.line(func(f *ini.File, err error) bool { return err == nil && f.HasSection(section) })
	l.errs = append(l.errs, fmt.Errorf("%s:%d: [%s]: %s", l.path, line, section, what))
}
