package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/phoneprov/phoneprov/provision"
)

// demoMark is a file that marks a directory of the demo.
const demoMark = ".phoneprov-demo"

// claimDemoDir marks a directory as the demo's. It must be new, empty or marked already, because "demo /etc" would
// otherwise write to the configuration of a real Asterisk.
func claimDemoDir(dir string) error {
	entries, err := os.ReadDir(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	case err != nil:
		return err
	case len(entries) > 0 && !isDemoDir(dir):
		return fmt.Errorf("%s is not empty, and the demo did not make it: name an empty directory or a new one", dir)
	}
	return os.WriteFile(filepath.Join(dir, demoMark), []byte("phoneprov demo made this directory, and goes on with what is in it.\n"), 0o600)
}

// isDemoDir reports whether a directory is marked.
func isDemoDir(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, demoMark))
	return err == nil && info.Mode().IsRegular()
}

// copyMissing copies a tree to dir. It keeps files that exist, because their owner may have edited them.
func copyMissing(dir string, tree fs.FS) error {
	return fs.WalkDir(tree, ".", func(name string, e fs.DirEntry, err error) error {
		path := filepath.Join(dir, filepath.FromSlash(name))
		switch {
		case err != nil:
			return err
		case e.IsDir():
			return os.MkdirAll(path, 0o755)
		}
		if _, err := os.Lstat(path); err == nil {
			return nil
		}
		data, err := fs.ReadFile(tree, name)
		if err != nil {
			return err
		}
		return os.WriteFile(path, data, 0o600) // the files contain passwords
	})
}

// The line that the demo asks the user to edit, and the result.
const (
	demoEdit = "fullname = Alice Archer"
	demoNew  = "fullname = Alice Adams"
)

// explain prints what the user can do now.
func (d *demo) explain(s *settings) {
	snapshot := d.service.options.Store.Load()
	if snapshot == nil {
		return // the demo ended before it was ready
	}
	base := "http://" + d.service.phones.Addr().String() + s.httpPrefix + "/"
	var b strings.Builder
	if d.service.admin != nil {
		fmt.Fprintf(&b, "The page, with every phone and how it is:\n  %s/\n\n", s.adminURL(d.service.admin.Addr().String()))
	}
	fmt.Fprintf(&b, "phoneprov serves the sample configuration in\n  %s\n", d.dir)
	if d.temp {
		b.WriteString("which is removed at the end; \"phoneprov demo DIR\" keeps it, and goes on with what is there.\n")
	}
	phones := slices.DeleteFunc(slices.Clone(snapshot.Phones()), isSimulated)
	for i, phone := range phones {
		if i == 0 {
			fmt.Fprintf(&b, "\nAll files of phone %s:\n", phone.ID)
		} else if i == 1 {
			b.WriteString("\nOne of each other phone:\n")
		}
		for _, rt := range routesOf(snapshot, phone) {
			fmt.Fprintf(&b, "  curl %s%s\n", base, rt.URI)
			if i > 0 {
				break
			}
		}
	}
	if len(phones) > 0 {
		fmt.Fprintf(&b, "\nChange a phone: edit\n  %s\n", filepath.Join(s.configDir, "users.conf"))
		fmt.Fprintf(&b, "(for example \"%s\" to \"%s\"),\n", demoEdit, demoNew)
		b.WriteString("type reload here and press Enter, which does what \"core reload\" does at the Asterisk CLI,\nand ask again.\n")
	}
	fmt.Fprintf(&b, "\nThe templates are in\n  %s\nand a change there needs no reload.\n", s.dataDir)
	if d.service.admin != nil {
		fmt.Fprintf(&b, "\nHow the service is:\n  curl http://%s/readyz\n", d.service.admin.Addr())
	}
	if simulates(snapshot) {
		fmt.Fprintf(&b, "\nPhones whose names begin with \"%s\" are simulated: they fetch by themselves, one for each state of the page.\n", simulatedName)
	}
	b.WriteString("\nCtrl-C ends it.\n")
	fmt.Fprint(d.stdout, b.String())
}

func routesOf(s *provision.Snapshot, phone *provision.Phone) []*provision.Route {
	var routes []*provision.Route
	for _, rt := range s.Routes() {
		if rt.Phone == phone {
			routes = append(routes, rt)
		}
	}
	return routes
}
