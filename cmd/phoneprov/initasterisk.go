package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/phoneprov/phoneprov/provision/astconf"
)

// configDirs are where asterisk.conf is: in a package, and after `make install` with another prefix.
var configDirs = [...]string{"/etc/asterisk", "/usr/local/etc/asterisk"}

// dataDirs are Asterisk's data directories where asterisk.conf names none: of Debian, and of Asterisk itself.
var dataDirs = [...]string{"/usr/share/asterisk", "/var/lib/asterisk"}

// asteriskDirs are the directories of the Asterisk of this machine.
type asteriskDirs struct {
	config, data string
	program      string // that talks to the running Asterisk; empty: it does not run
}

// cliTimeout bounds a command of Asterisk's CLI. A reload of 100,000 users takes some seconds.
const cliTimeout = time.Minute

// findAsterisk finds the directories by asterisk.conf, and by the running Asterisk where that says nothing. dir is its
// directory; empty: it is searched.
func findAsterisk(ctx context.Context, dir string) (a asteriskDirs, err error) {
	const name = "asterisk.conf"
	tried := configDirs[:]
	if dir != "" {
		tried = []string{dir}
	}
	for _, dir := range tried {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			a.config = dir
			break
		} else if !errors.Is(err, fs.ErrNotExist) {
			return a, err
		}
	}
	if a.config == "" {
		return a, fmt.Errorf("there is no Asterisk here: no %s in %s; install Asterisk first, or say with -config-dir where it is", name, strings.Join(tried, " or "))
	}
	if a.config, err = filepath.Abs(a.config); err != nil {
		return a, err
	}
	loader := astconf.Loader{Dir: a.config}
	file, err := loader.Load(name)
	if err != nil {
		return a, asRoot(err)
	}
	directories := file.Category("directories")
	if v, ok := directories.Last("astetcdir"); ok && v.Value != "" && dir == "" {
		a.config = v.Value
	}
	data, _ := directories.Last("astdatadir")
	if program, err := exec.LookPath("asterisk"); err == nil {
		a.program = program
		if out, err := a.cli(ctx, "core show settings"); err != nil {
			a.program = ""
		} else {
			data.Value = cmp.Or(data.Value, settingShown(out, "Data directory:"))
		}
	}
	for _, dir := range dataDirs {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			data.Value = cmp.Or(data.Value, dir)
		}
	}
	a.data = filepath.Join(cmp.Or(data.Value, dataDirs[0]), "phoneprov")
	return a, nil
}

// asRoot says what to do where a right is missing.
func asRoot(err error) error {
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: be root, for example with sudo", err)
	}
	return err
}

// settingShown returns what follows a name in the output of the CLI.
func settingShown(out, name string) string {
	_, rest, ok := strings.Cut(out, name)
	if !ok {
		return ""
	}
	value, _, _ := strings.Cut(rest, "\n")
	return strings.TrimSpace(value)
}

// cli runs a command of Asterisk's CLI and returns its output.
func (a asteriskDirs) cli(ctx context.Context, command string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, cliTimeout)
	defer cancel()
	out, err := exec.CommandContext(ctx, a.program, "-rx", command).CombinedOutput()
	return string(out), err
}

// settingsOwner returns the mode and the group of phoneprov.ini, which has a secret: the group phoneprov may read it, if there
// is one. The group is -1 if not.
func settingsOwner() (mode fs.FileMode, group int) {
	g, err := user.LookupGroup("phoneprov")
	if err != nil {
		return 0o600, -1
	}
	if group, err = strconv.Atoi(g.Gid); err != nil {
		return 0o600, -1
	}
	return 0o640, group
}

// finish checks what was done, says what to do next, and how to undo it.
func (c *initCommand) finish(ctx context.Context) error {
	if c.steps+c.left == 0 {
		c.out.printf("Nothing is left to do.\n")
	}
	if c.left > 0 {
		c.out.printf("\n%d steps were left out, so nothing is checked: run this again for them.\n", c.left)
		return errors.Join(c.printUndo(), c.out.err)
	}
	s, err := c.settings(c.config)
	if err != nil {
		return errors.Join(err, c.printUndo())
	}
	var failed error
	if c.asterisk.program != "" || c.steps == 0 {
		c.out.printf("\nphoneprov check -config %s\n", c.config)
		check, _ := findCommand("check")
		about := *c.call
		about.flags = flag.NewFlagSet("phoneprov check", flag.ContinueOnError)
		about.args = nil
		if failed = about.run(ctx, check, []string{"-config", c.config}); failed != nil && !errors.Is(failed, errFailed) {
			failed = fmt.Errorf("check: %w", failed)
		}
	}
	_, port, _ := net.SplitHostPort(s.httpListen)
	c.out.printf(`
Next:
  phoneprov serve                      # with systemd or the like; see the README
  phoneprov profiles add NAME          # for the makes of your phones
  phoneprov phone add -mac MAC -name NAME -extension NUMBER
DHCP option 66, or in the phone's own menu as its provisioning server (phoneprov profiles show NAME says where):
`)
	for _, ip := range ownAddresses() {
		c.out.printf("  http://%s%s/\n", net.JoinHostPort(ip, port), s.httpPrefix)
	}
	return errors.Join(failed, c.printUndo(), c.out.err)
}

// printUndo prints how to undo the steps that were done.
func (c *initCommand) printUndo() error {
	if len(c.undo) > 0 {
		c.out.printf("To undo it:\n")
		for _, command := range slices.Backward(c.undo) {
			c.out.printf("  %s\n", command)
		}
		for _, command := range c.reload {
			c.out.printf("  asterisk -rx '%s'\n", command)
		}
	}
	return c.out.err
}

// ownAddresses returns the IPv4 addresses by which phones may reach this machine; a placeholder if it has none.
func ownAddresses() []string {
	var all []string
	addresses, _ := net.InterfaceAddrs()
	for _, a := range addresses {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && ip.IP.IsGlobalUnicast() {
			all = append(all, ip.IP.String())
		}
	}
	if len(all) == 0 {
		return []string{"THIS-MACHINE"}
	}
	return all
}
