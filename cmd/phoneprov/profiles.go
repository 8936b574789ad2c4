package main

import (
	"cmp"
	"context"
	"fmt"
	"text/tabwriter"

	"github.com/aymanbagabas/go-udiff"

	"github.com/phoneprov/phoneprov/deploy/profiles"
)

// profilesCommand is one run of `phoneprov profiles`.
type profilesCommand struct {
	*call
	out         errWriter
	target      profiles.Target
	diff, write bool
}

func setupProfiles(cl *call) func(context.Context) error {
	config := configFlag(cl)
	dataDir := cl.flags.String("data-dir", "", "`directory` of templates (default: asterisk.data_dir of the settings)")
	configDir := cl.flags.String("config-dir", "", "`directory` of phoneprov.conf (default: asterisk.config_dir of the settings)")
	pbxName := pbxFlag(cl)
	diff := cl.flags.Bool("diff", false, "with add: write nothing, show how files differ from this program's")
	write := cl.flags.Bool("write", false, "with upgrade: write what it shows")
	return func(context.Context) error {
		c := profilesCommand{call: cl, out: errWriter{w: cl.stdout}, diff: *diff, write: *write}
		verb, names := "list", []string(nil)
		if len(cl.args) > 0 {
			verb, names = cl.args[0], cl.args[1:]
		}
		switch {
		case verb == "list" && len(names) == 0:
			return c.list()
		case verb == "show" && len(names) == 1:
			return c.show(names[0])
		case verb == "add" && len(names) > 0, verb == "upgrade" && len(names) == 0:
		default:
			fmt.Fprintln(cl.stderr, "phoneprov profiles: want list, show NAME, add NAME... or upgrade")
			return errUsage
		}
		s, err := cl.settings(*config)
		if err != nil {
			return err
		}
		if s, err = s.only(*pbxName); err != nil {
			return err
		}
		c.target = profiles.Target{ConfigDir: cmp.Or(*configDir, s.configDir, noConfigDir), DataDir: cmp.Or(*dataDir, s.dataDir)}
		if verb == "upgrade" {
			return c.upgrade()
		}
		return c.add(names)
	}
}

func (c *profilesCommand) list() error {
	w := tabwriter.NewWriter(c.stdout, 0, 0, 2, ' ', 0)
	for _, p := range profiles.All() {
		fmt.Fprintf(w, "%s\t%s\n", p.Name, p.Models)
	}
	return w.Flush()
}

// show prints the page of a profile, its section for phoneprov.conf, and its files.
func (c *profilesCommand) show(name string) error {
	p, err := profiles.Find(name)
	if err != nil {
		return err
	}
	c.out.printf("%s\n==> phoneprov.conf <==\n%s", p.Readme(), p.Section())
	for _, f := range p.Files() {
		c.out.printf("\n==> %s <==\n%s", f.Path, f.Text)
	}
	return c.out.err
}

// add writes the missing files and sections of profiles. It leaves a file that differs, and the exit code then says
// that not everything was done.
func (c *profilesCommand) add(names []string) error {
	var chosen []profiles.Profile
	for _, name := range names {
		p, err := profiles.Find(name)
		if err != nil {
			return err
		}
		chosen = append(chosen, p)
	}
	differs := false
	for _, p := range chosen {
		files, err := c.target.Status(p)
		if err != nil {
			return err
		}
		for _, s := range files {
			differs = differs || s.State == profiles.Older || s.State == profiles.Changed
			if err := c.addFile(s); err != nil {
				return err
			}
		}
		if err := c.addSection(p, &differs); err != nil {
			return err
		}
	}
	if c.out.err != nil {
		return c.out.err
	}
	if differs {
		return errFailed
	}
	return nil
}

func (c *profilesCommand) addFile(s profiles.Status) error {
	switch {
	case s.State == profiles.Same:
		c.out.printf("%s: is there already\n", s.Name)
		if !c.diff {
			return c.target.Write(s)
		}
	case s.State == profiles.Missing && c.diff:
		c.out.printf("%s: is not there\n", s.Name)
	case s.State == profiles.Missing:
		if err := c.target.Write(s); err != nil {
			return err
		}
		c.out.printf("%s: written\n", s.Name)
	case s.State == profiles.Older:
		c.out.printf("%s: is another phoneprov's, and stays: `phoneprov profiles upgrade` brings this one's\n", s.Name)
		c.showDiff(s)
	default:
		c.out.printf("%s: differs from this program's, and stays as it is%s\n", s.Name, c.hint())
		c.showDiff(s)
	}
	return nil
}

// hint says how to see a difference that add does not print.
func (c *profilesCommand) hint() string {
	if c.diff {
		return ""
	}
	return "; -diff shows how"
}

func (c *profilesCommand) showDiff(s profiles.Status) {
	if c.diff {
		c.out.printf("%s", udiff.Unified(s.Name, "of this phoneprov", s.Have, s.Text))
	}
}

func (c *profilesCommand) addSection(p profiles.Profile, differs *bool) error {
	state, err := c.target.Section(p)
	switch {
	case err != nil:
		return err
	case state == profiles.HasSection:
		c.out.printf("[%s] of phoneprov.conf: is there already\n", p.Name)
	case state == profiles.OtherSection:
		*differs = true
		c.out.printf("[%s] of phoneprov.conf: is another one, and stays as it is; to have this profile, put in it:\n%s", p.Name, p.Section())
	case c.diff:
		c.out.printf("[%s] of phoneprov.conf: is not there\n", p.Name)
	default:
		name, err := c.target.AddSection(p)
		if err != nil {
			return err
		}
		c.out.printf("%s: has [%s] now: set ADMIN_PASSWORD there, give phones `profile = %[2]s`, and type `core reload`\n", name, p.Name)
	}
	return nil
}

// upgrade shows what this program would change in files that nobody has changed. With -write it changes them.
func (c *profilesCommand) upgrade() error {
	files, changes := 0, 0
	for _, p := range profiles.All() {
		if installed, err := c.target.Installed(p); err != nil {
			return err
		} else if !installed {
			continue
		}
		have, err := c.target.Status(p)
		if err != nil {
			return err
		}
		for _, s := range have {
			files++
			changed, err := c.upgradeFile(s)
			if err != nil {
				return err
			}
			if changed {
				changes++
			}
		}
	}
	switch {
	case files == 0:
		c.out.printf("no profile was added here; `phoneprov profiles add NAME` adds one\n")
	case changes == 0:
		c.out.printf("nothing to change\n")
	case !c.write:
		c.out.printf("%d files would change; -write changes them\n", changes)
	}
	return c.out.err
}

// upgradeFile reports whether a file would change or has changed.
func (c *profilesCommand) upgradeFile(s profiles.Status) (changed bool, err error) {
	switch {
	case s.State == profiles.Same:
		return false, nil
	case s.State == profiles.Changed:
		c.out.printf("%s: was changed here, and stays as it is\n", s.Name)
		return false, nil
	case s.State == profiles.Missing && s.Known:
		c.out.printf("%s: was removed here, and stays away\n", s.Name)
		return false, nil
	}
	c.out.printf("%s", udiff.Unified(s.Name, "of this phoneprov", s.Have, s.Text))
	if !c.write {
		return true, nil
	}
	if err := c.target.Write(s); err != nil {
		return false, err
	}
	c.out.printf("%s: written\n", s.Name)
	return true, nil
}
