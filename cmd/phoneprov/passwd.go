package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision"
)

// maxPasswordLine is in bytes: longer ones are refused anyhow, and the input may be endless.
const maxPasswordLine = 1 << 10

func setupPasswd(cl *call) func(context.Context) error {
	config := configFlag(cl)
	file := cl.flags.String("file", "", "credentials `file` (default: access.credentials of the settings)")
	remove := cl.flags.Bool("delete", false, "take the user out of the file")
	return func(ctx context.Context) error {
		// What is wrong with the arguments is not repeated: one may be a password.
		if len(cl.args) != 2 {
			fmt.Fprintln(cl.stderr, "phoneprov passwd: want two arguments, a MAC or \"shared\" for all phones, and a user name; the password is read from stdin")
			return errUsage
		}
		s, err := cl.settings(*config)
		if err != nil {
			return err
		}
		mac, err := cl.macOrShared(ctx, *config, cl.args[0])
		if err != nil {
			return err
		}
		path := cmp.Or(*file, s.credentials)
		if path == "" {
			return errors.New("which file? give -file, or set access.credentials")
		}
		user := cl.args[1]
		if *remove {
			return httpauth.Write(path, mac, user, nil)
		}
		password, err := readPassword(cl.stdin, cl.stderr)
		if err != nil {
			return err
		}
		hashes, err := httpauth.Hashes(s.realm, user, password)
		if err != nil {
			return err
		}
		return httpauth.Write(path, mac, user, hashes)
	}
}

// macOrShared is the zero MAC for "shared", else a MAC, which needs no phone that has it, else that of the phone that is
// called so.
func (cl *call) macOrShared(ctx context.Context, config, what string) (provision.MAC, error) {
	if what == "shared" {
		return provision.MAC{}, nil
	}
	if mac, err := provision.ParseMAC(what); err == nil && mac != (provision.MAC{}) {
		return mac, nil
	}
	notMAC := errors.New("the first argument is not a MAC address: want 12 hexadecimal digits, or shared")
	o, err := openOnce(ctx, config, cl)
	if err != nil {
		return provision.MAC{}, notMAC // what is wrong with the configuration is another matter: a MAC needs none
	}
	defer o.close()
	phone, err := findPhone(o.snapshot, what)
	switch {
	case errors.Is(err, errNoPhone):
		return provision.MAC{}, fmt.Errorf("%w%s", notMAC, nearest(o.snapshot, what))
	case err != nil:
		return provision.MAC{}, fmt.Errorf("the first argument: %w", err)
	case phone.MAC == (provision.MAC{}):
		return provision.MAC{}, fmt.Errorf("phone %q has no MAC address", phone.ID)
	}
	return phone.MAC, nil
}

// readPassword takes the first line, or asks twice where there is someone to ask.
func readPassword(stdin io.Reader, stderr io.Writer) (provision.Secret, error) {
	if f, ok := stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return askPassword(f, stderr)
	}
	line, err := bufio.NewReader(io.LimitReader(stdin, maxPasswordLine)).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return provision.Secret(strings.TrimRight(line, "\r\n")), nil
}

// askPassword shows nothing of what is typed. The terminal is raw meanwhile, so that Ctrl-C comes as the end of the input
// and the terminal is always set back.
func askPassword(tty *os.File, stderr io.Writer) (provision.Secret, error) {
	before, err := term.MakeRaw(int(tty.Fd()))
	if err != nil {
		return "", err
	}
	defer term.Restore(int(tty.Fd()), before)
	t := term.NewTerminal(struct {
		io.Reader
		io.Writer
	}{tty, stderr}, "")
	password, err := t.ReadPassword("Password: ")
	if err != nil {
		return "", errors.New("no password was typed")
	}
	again, err := t.ReadPassword("Again: ")
	if err != nil || again != password {
		return "", errors.New("the passwords differ")
	}
	return provision.Secret(password), nil
}
