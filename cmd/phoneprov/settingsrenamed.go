package main

import (
	"fmt"
	"strings"
)

// former is a name that a setting had before. It goes on working for a year, and says so.
type former struct {
	section, key string
	until        string // the day until which it works at least: a year after the release that renamed it, 2027-11-28
}

// named is the setting under its former name, for the parser and the environment.
func (d *setting) named(f former) *setting {
	as := *d
	as.section, as.key, as.formerly = f.section, f.key, nil
	return &as
}

// formerSetting returns the setting that had a name before. key may be that of a secret's file.
func formerSetting(table []setting, section, key string) bool {
	for _, d := range table {
		for _, f := range d.formerly {
			if f.section == section && (key == "" || key == f.key || d.secret && key == f.key+"_file") {
				return true
			}
		}
	}
	return false
}

// loadFormer sets a setting to the value that it has under a former name, and reports whether it has one. The
// environment counts before the file under every name. A setting that has both names in the same place is an error.
func (l *loader) loadFormer(d *setting, from func(*setting) bool, where string) bool {
	present := ""
	if from(d) {
		present = d.name()
	}
	for _, f := range d.formerly {
		old := d.named(f)
		before, errs := len(l.settings.inForce), len(l.errs)
		if !from(old) {
			continue
		}
		name, now := old.name(), d.name()
		if where == inEnvironment {
			name, now = old.env(), d.env()
		}
		if present != "" {
			l.settings.inForce, l.errs = l.settings.inForce[:before], l.errs[:errs]
			l.errs = append(l.errs, fmt.Errorf("%s: %s is the former name of %s, and both are set: remove %[2]s", l.whereOf(old, where), name, now))
			continue
		}
		present = name
		in := &l.settings.inForce[before]
		l.settings.renamed = append(l.settings.renamed, fmt.Sprintf("%s: %s is called %s now: the former name works until %s", placeOf(in.origin), name, now, f.until))
		in.section, in.key = d.section, d.key
	}
	return present != ""
}

// Where settings come from, for loadFormer.
const (
	inEnvironment = "environment"
	inFile        = "file"
)

// whereOf returns the beginning of an error about a setting.
func (l *loader) whereOf(d *setting, where string) string {
	if where == inEnvironment {
		return where
	}
	if section, err := l.file.GetSection(d.section); err == nil && section.HasKey(d.key) {
		return l.place(d.section, d.key)
	}
	return l.place(d.section, d.key+"_file")
}

// placeOf returns the origin of a setting in force as the beginning of a message: without the variable's name.
func placeOf(origin string) string {
	if strings.HasPrefix(origin, inEnvironment+" ") {
		return inEnvironment
	}
	return origin
}
