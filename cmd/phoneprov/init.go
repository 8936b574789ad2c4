package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"golang.org/x/term"

	"github.com/phoneprov/phoneprov/deploy/profiles"
	"github.com/phoneprov/phoneprov/provision/phoneconf"
)

// kept is the end of the names under which init keeps files that it changes.
const kept = ".before-phoneprov"

// initCommand is one run of `phoneprov init`.
type initCommand struct {
	*call
	out      errWriter
	stdinput *bufio.Reader
	config   string // phoneprov.ini
	yes      bool
	profiles []string
	asterisk asteriskDirs
	account  *phoneconf.Account
	reload   []string // commands for Asterisk's CLI that the done steps need
	undo     []string // commands, the first one is the last to do
	steps    int      // how many were done
	left     int      // how many were not
}

// initStep is a change that init shows before it makes it.
type initStep struct {
	what string
	text string       // the change itself, without secrets
	do   func() error // it adds to undo and reload
}

func setupInit(cl *call) func(context.Context) error {
	c := &initCommand{call: cl}
	cl.flags.StringVar(&c.config, "config", defaultConfig, "settings `file` to write")
	configDir := cl.flags.String("config-dir", "", "Asterisk's configuration `directory` (default: "+strings.Join(configDirs[:], " or ")+", or what asterisk.conf there says)")
	names := cl.flags.String("profiles", "", "`names` of profiles to add, with commas between them; on a terminal init asks")
	cl.flags.BoolVar(&c.yes, "yes", false, "do every step without asking; for scripts")
	return func(ctx context.Context) error {
		c.out, c.stdinput = errWriter{w: cl.stdout}, bufio.NewReader(cl.stdin)
		for name := range strings.FieldsFuncSeq(*names, func(r rune) bool { return r == ',' || r == ' ' }) {
			if _, err := profiles.Find(name); err != nil {
				return err
			}
			c.profiles = append(c.profiles, name)
		}
		var err error
		if c.asterisk, err = findAsterisk(ctx, *configDir); err != nil {
			return err
		}
		if err := c.mayWrite(); err != nil {
			return err
		}
		c.out.printf("Asterisk's configuration is in %s, its templates of phones are in %s.\n", c.asterisk.config, c.asterisk.data)
		if err := c.allSteps(ctx); err != nil {
			return errors.Join(err, c.printUndo())
		}
		return c.finish(ctx)
	}
}

// mayWrite reports the first directory in which a file cannot be written.
func (c *initCommand) mayWrite() error {
	for _, dir := range [...]string{c.asterisk.config, existingParent(filepath.Dir(c.config))} {
		f, err := os.CreateTemp(dir, ".phoneprov-init-*")
		if err != nil {
			if errors.Is(err, fs.ErrPermission) {
				return fmt.Errorf("%s: no right to write there: be root, for example with sudo", dir)
			}
			return err
		}
		if err := errors.Join(f.Close(), os.Remove(f.Name())); err != nil {
			return err
		}
	}
	return nil
}

func existingParent(dir string) string {
	for {
		if _, err := os.Stat(dir); err == nil || filepath.Dir(dir) == dir {
			return dir
		}
		dir = filepath.Dir(dir)
	}
}

// allSteps plans and does one step after the other.
func (c *initCommand) allSteps(ctx context.Context) error {
	for _, plan := range []func(context.Context) (*initStep, error){c.planAccount, c.planTransport, c.planSettings, c.planProfiles, c.planReload} {
		step, err := plan(ctx)
		if err != nil {
			return err
		}
		if step == nil {
			continue
		}
		c.out.printf("\n%d. %s\n%s", c.steps+c.left+1, step.what, step.text)
		switch ok, err := c.agreed(); {
		case err != nil:
			return err
		case !ok:
			c.left++
			continue
		}
		if err := step.do(); err != nil {
			return err
		}
		c.steps++
	}
	return nil
}

// agreed asks whether a step may be done.
func (c *initCommand) agreed() (bool, error) {
	if c.yes {
		return true, nil
	}
	if !c.onTerminal() {
		return false, errors.New("stdin is no terminal, so nobody can be asked: -yes does this step and those that follow")
	}
	answer, err := c.ask("Do this? [Y/n] ")
	return answer == "" || strings.EqualFold(answer, "y") || strings.EqualFold(answer, "yes"), err
}

func (c *initCommand) onTerminal() bool {
	f, ok := c.stdin.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// ask returns the line that is typed.
func (c *initCommand) ask(question string) (string, error) {
	c.out.printf("%s", question)
	line, err := c.stdinput.ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) || err != nil && line == "" {
		return "", errors.New("no answer was typed")
	}
	return strings.TrimSpace(line), nil
}

// planAccount adds phoneprov's account to the manager interface.
func (c *initCommand) planAccount(context.Context) (*initStep, error) {
	tree, err := phoneconf.Open(c.asterisk.config)
	if err != nil {
		return nil, err
	}
	have, err := c.haveSettings()
	if err != nil {
		return nil, err
	}
	user, secret := "phoneprov", phoneconf.NewSecret()
	if have != nil {
		user, secret = have.amiUsername, cmp.Or(have.amiSecret, secret)
	}
	if c.account, err = tree.AddAccount(user, secret); err != nil {
		return nil, err
	}
	if have != nil && have.amiSecret != "" && have.amiSecret != c.account.Secret {
		return nil, fmt.Errorf("%s: ami.secret is not the secret of [%s] in %s: make them the same, or remove one of the two", c.config, user, c.account.Pos)
	}
	return c.treeStep(tree, "Give phoneprov an account on the manager interface, for this machine only, with the least rights that it needs", "manager reload")
}

// planTransport adds a transport to PJSIP if it has none.
func (c *initCommand) planTransport(context.Context) (*initStep, error) {
	tree, err := phoneconf.Open(c.asterisk.config)
	if err != nil {
		return nil, err
	}
	if err := tree.AddTransport(); err != nil {
		return nil, err
	}
	return c.treeStep(tree, "Have PJSIP listen on UDP port 5060, because it has no transport and no phone could register", "module reload res_pjsip.so")
}

// treeStep returns the step that writes a tree's edits; nil if there are none.
func (c *initCommand) treeStep(tree *phoneconf.Tree, what, reload string) (*initStep, error) {
	tree.Backup = kept
	changes := tree.Changes()
	if len(changes) == 0 {
		return nil, nil
	}
	step := &initStep{what: what}
	for _, change := range changes {
		step.text += c.masked(udiff.Unified(change.Path, change.Path, change.Before, change.After))
	}
	step.do = func() error {
		for _, change := range changes { // a copy of an earlier init, which was undone by hand
			if !change.New {
				if err := os.Remove(change.Path + kept); err != nil && !errors.Is(err, fs.ErrNotExist) {
					return err
				}
			}
		}
		if err := tree.Write(); err != nil {
			return err
		}
		for _, change := range changes {
			if change.New {
				c.undo = append(c.undo, "rm "+change.Path)
			} else {
				c.undo = append(c.undo, fmt.Sprintf("mv %s%s %[1]s", change.Path, kept))
			}
		}
		c.reload = append(c.reload, reload)
		return nil
	}
	return step, nil
}

// masked replaces the account's secret.
func (c *initCommand) masked(text string) string {
	if c.account == nil {
		return text
	}
	return strings.ReplaceAll(text, c.account.Secret.Reveal(), "<secret>")
}

// haveSettings returns the settings of the file that is there; nil if there is none.
func (c *initCommand) haveSettings() (*settings, error) {
	if _, err := os.Stat(c.config); errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return c.settings(c.config)
}

// planSettings writes phoneprov.ini if there is none.
func (c *initCommand) planSettings(context.Context) (*initStep, error) {
	have, err := c.haveSettings()
	if err != nil {
		return nil, err
	}
	if have != nil {
		if have.configDir != c.asterisk.config {
			return nil, fmt.Errorf("%s: asterisk.config_dir is %s, and this is %s: give -config another file, or -config-dir", c.config, have.configDir, c.asterisk.config)
		}
		return nil, nil
	}
	text := c.settingsText()
	return &initStep{what: "Write phoneprov's settings to " + c.config, text: c.masked(udiff.Unified(c.config, c.config, "", text)), do: func() error {
		if err := os.MkdirAll(filepath.Dir(c.config), 0o755); err != nil {
			return err
		}
		mode, group := settingsOwner()
		f, err := os.OpenFile(c.config, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		_, err = f.WriteString(text)
		if group >= 0 {
			err = errors.Join(err, f.Chown(-1, group))
		}
		c.undo = append(c.undo, "rm "+c.config)
		return errors.Join(err, f.Close())
	}}, nil
}

// settingsText is a phoneprov.ini with what differs from the defaults.
func (c *initCommand) settingsText() string {
	var b strings.Builder
	b.WriteString("; `phoneprov init` wrote this file. deploy/doc/SETTINGS.md has every setting.\n[asterisk]\n")
	fmt.Fprintf(&b, "config_dir = %s\ndata_dir = %s\n\n[ami]\naddress = %s\nsecret = %s\n", c.asterisk.config, c.asterisk.data, c.account.Address, c.account.Secret.Reveal())
	return b.String()
}

// planProfiles adds the profiles of the flag, or of the answer on a terminal.
func (c *initCommand) planProfiles(context.Context) (*initStep, error) {
	if c.profiles == nil && c.onTerminal() && !c.yes {
		var all []string
		for _, p := range profiles.All() {
			all = append(all, p.Name)
		}
		answer, err := c.ask("\nWhich phones are there? " + strings.Join(all, ", ") + "\nSome of these names, or nothing: ")
		if err != nil {
			return nil, err
		}
		for name := range strings.FieldsFuncSeq(answer, func(r rune) bool { return r == ',' || r == ' ' }) {
			if _, err := profiles.Find(name); err != nil {
				return nil, err
			}
			c.profiles = append(c.profiles, name)
		}
	}
	target := profiles.Target{ConfigDir: c.asterisk.config, DataDir: c.asterisk.data}
	var wanted []string
	for _, name := range c.profiles {
		p, err := profiles.Find(name)
		if err != nil {
			return nil, err
		}
		if installed, err := target.Installed(p); err != nil {
			return nil, err
		} else if !installed {
			wanted = append(wanted, p.Name)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	return &initStep{what: fmt.Sprintf("Add profiles: %s; templates under %s, sections to %s", strings.Join(wanted, ", "), c.asterisk.data, filepath.Join(c.asterisk.config, "phoneprov.conf")), do: func() error {
		add := profilesCommand{call: c.call, out: errWriter{w: c.stdout}, target: target}
		for _, name := range wanted {
			c.undo = append(c.undo, fmt.Sprintf("rm -r %s %s  # and its section in phoneprov.conf", filepath.Join(c.asterisk.data, name), filepath.Join(c.asterisk.config, "phoneprov.d", name+".conf")))
		}
		return add.add(wanted)
	}}, nil
}

// planReload has Asterisk read what was written.
func (c *initCommand) planReload(ctx context.Context) (*initStep, error) {
	if len(c.reload) == 0 {
		return nil, nil
	}
	if c.asterisk.program == "" {
		c.out.printf("\nAsterisk does not run here. It reads all of this when it starts.\n")
		return nil, nil
	}
	commands := slices.Clone(c.reload)
	return &initStep{what: "Have Asterisk read this", text: "asterisk -rx '" + strings.Join(commands, "'\nasterisk -rx '") + "'\n", do: func() error {
		for _, command := range commands {
			if out, err := c.asterisk.cli(ctx, command); err != nil {
				return fmt.Errorf("asterisk -rx '%s': %w: %s", command, err, strings.TrimSpace(out))
			}
		}
		return nil
	}}, nil
}
