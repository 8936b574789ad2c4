// Package profiles holds ready-made profiles for the phones of many makes. Each make has a directory with its part of
// phoneprov.conf, its templates, and a page on how to point the phone to phoneprov.
//
//	common.conf              what all makes share              ─> in each CONFIG/phoneprov.d/MAKE.conf
//	MAKE/phoneprov.conf      the profile's files and setvars   ─> CONFIG/phoneprov.d/MAKE.conf
//	MAKE/*                   its templates                     ─> DATA/MAKE/*
//	MAKE/README.md           for people; stays here
//
// A section [MAKE] of phoneprov.conf includes phoneprov.d/MAKE.conf. The section belongs to the admin. Its settings
// come first, so they override the included ones. The other files belong to phoneprov. Target.Write writes them and
// records their sums in a manifest. It later replaces files that the admin did not change.
package profiles

import (
	"embed"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// tree holds all files of this directory. Nobody assigns to it.
//
//go:embed README.md common.conf yealink grandstream grandstream-grp poly snom fanvil cisco-spa cisco-mpp cisco-enterprise
//go:embed linphone baresip htek sangoma panasonic mitel gigaset gigaset-maxwell plain
var tree embed.FS

// sectionFile is the file of a make that is installed in phoneprov.d.
const sectionFile = "phoneprov.conf"

// includeDir is the directory under Asterisk's configuration for the files that phoneprov.conf includes.
const includeDir = "phoneprov.d"

// Profile is the profile of one make.
type Profile struct {
	Name   string // name of its directory and its section
	Models string // the models, for people
}

// All returns the profiles by name.
func All() []Profile {
	entries, err := fs.ReadDir(tree, ".")
	if err != nil {
		panic(err) // cannot fail: the files are in the binary
	}
	var all []Profile
	for _, e := range entries {
		if e.IsDir() {
			first, _, _ := strings.Cut(read(path.Join(e.Name(), sectionFile)), "\n")
			all = append(all, Profile{Name: e.Name(), Models: strings.TrimPrefix(first, "; ")})
		}
	}
	return all
}

// Find returns the profile of a name, in upper or lower case.
func Find(name string) (Profile, error) {
	all := All()
	for _, p := range all {
		if strings.EqualFold(p.Name, name) {
			return p, nil
		}
	}
	var names []string
	for _, p := range all {
		names = append(names, p.Name)
	}
	return Profile{}, fmt.Errorf("there is no profile %q; there are %s", name, strings.Join(names, ", "))
}

// read returns a file of the tree.
func read(name string) string {
	text, err := tree.ReadFile(name)
	if err != nil {
		panic(err) // cannot fail: the files are in the binary
	}
	return string(text)
}

// Place is the directory that a file is installed in.
type Place uint8

const (
	Config Place = iota // Asterisk's configuration directory
	Data                // the directory of templates
)

// File is a file of a profile as Target.Write writes it.
type File struct {
	Place Place
	Path  string // path under its place, with slashes
	Text  string
}

// commonLine is the line of a sectionFile that Files replaces by common.conf. Each profile gets its own copy, because
// Asterisk warns about a file that is included twice.
const commonLine = "@common\n"

// Files returns the files of the profile.
func (p Profile) Files() []File {
	section := strings.Replace(read(path.Join(p.Name, sectionFile)), commonLine, read("common.conf"), 1)
	section = "; phoneprov profiles wrote this file. Change nothing in it: your own values stand in the section [" + p.Name +
		"] of\n; phoneprov.conf, above its #include, for of a setvar that stands twice the first counts.\n" + section
	files := []File{{Config, path.Join(includeDir, p.Name+".conf"), section}}
	entries, err := fs.ReadDir(tree, p.Name)
	if err != nil {
		panic(err) // cannot fail: the files are in the binary
	}
	for _, e := range entries {
		if name := path.Join(p.Name, e.Name()); e.Name() != sectionFile && e.Name() != "README.md" {
			files = append(files, File{Data, name, read(name)})
		}
	}
	return files
}

// Section returns the profile's section for phoneprov.conf.
func (p Profile) Section() string {
	return "[" + p.Name + "]\n; Your own values stand here, above the #include: of a setvar that stands twice the first counts.\n" +
		"; setvar => ADMIN_PASSWORD=the password of the phones' own settings\n" +
		"#include \"" + path.Join(includeDir, p.Name+".conf") + "\"\n"
}

// Readme returns the page of the profile.
func (p Profile) Readme() string { return read(path.Join(p.Name, "README.md")) }
