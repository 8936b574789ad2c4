package main

import (
	"bufio"
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"

	"golang.org/x/term"

	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	// maxPasswordLine bounds the input, in bytes. Longer passwords are refused anyway, and the input may be endless.
	maxPasswordLine = 1 << 10
	// minPassword is the length of the shortest password, in characters. A reader of Digest's hashes guesses shorter
	// ones within hours.
	minPassword = 10
	// generated is the number of characters that -generate writes, of 32 each: 100 bits.
	generated = 20
)

// generatedFrom has no two characters that look alike, and none that needs the second keyboard of a phone.
const generatedFrom = "abcdefghijkmnpqrstuvwxyz23456789"

func setupPasswd(cl *call) func(context.Context) error {
	config := configFlag(cl)
	file := cl.flags.String("file", "", "credentials `file` (default: access.credentials of the settings)")
	remove := cl.flags.Bool("delete", false, "take the user out of the file")
	weak := cl.flags.Bool("weak", false, fmt.Sprintf("take a password of fewer than %d characters too", minPassword))
	generate := cl.flags.Bool("generate", false, "make the password, and print it, in place of reading it")
	withMD5 := cl.flags.Bool("md5", false, "write the hash for Digest with MD5 too, whatever the phone's maker: many phones know no better one")
	return func(ctx context.Context) error {
		// The error does not contain the arguments, because one of them may be a password.
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
		if *remove && *generate {
			return errors.New("-delete and -generate exclude each other")
		}
		if *remove {
			return httpauth.Write(path, mac, user, nil)
		}
		password := generatePassword()
		if !*generate {
			if password, err = readPassword(cl.stdin, cl.stderr); err != nil {
				return err
			}
		}
		hashes, err := httpauth.Hashes(s.realm, user, password)
		if err != nil {
			return err
		}
		if n := utf8.RuneCountInString(password.Reveal()); n < minPassword && !*weak {
			return fmt.Errorf("the password has fewer than %d characters: take a longer one, let -generate make one, or say -weak", minPassword)
		}
		hashes, why := chooseMD5(hashes, mac, *withMD5)
		if err := httpauth.Write(path, mac, user, hashes); err != nil {
			return err
		}
		fmt.Fprintln(cl.stderr, why)
		if *generate {
			_, err = fmt.Fprintln(cl.stdout, password.Reveal())
		}
		return err
	}
}

// chooseMD5 leaves out the hash with MD5 if no phone needs it, and says what it does and why.
func chooseMD5(hashes []string, mac device.MAC, wanted bool) (chosen []string, why string) {
	maker := httpauth.NeedsMD5(mac)
	switch {
	case wanted:
		return hashes, "with a hash for Digest with MD5, as -md5 says"
	case maker != "":
		return hashes, "with a hash for Digest with MD5: phones of " + maker + ", whose MAC this is, know no better one"
	}
	return httpauth.WithoutMD5(hashes),
		"without a hash for Digest with MD5, from which a password is guessed easily: a phone that does no Basic and no SHA-256 needs -md5"
}

func generatePassword() provision.Secret {
	text := make([]byte, generated)
	_, _ = rand.Read(text) // never fails
	for i, b := range text {
		text[i] = generatedFrom[int(b)%len(generatedFrom)] // 32 divides 256
	}
	return provision.Secret(text)
}

// macOrShared returns the zero MAC for "shared", a MAC for a MAC, whether or not a phone has it, and otherwise the MAC
// of the phone with that name.
func (cl *call) macOrShared(ctx context.Context, config, what string) (device.MAC, error) {
	if what == "shared" {
		return device.MAC{}, nil
	}
	if mac, err := device.ParseMAC(what); err == nil && mac != (device.MAC{}) {
		return mac, nil
	}
	notMAC := errors.New("the first argument is not a MAC address: want 12 hexadecimal digits, or shared")
	o, err := openOneShot(ctx, config, cl)
	if err != nil {
		return device.MAC{}, notMAC // a broken configuration is no reason to refuse, because a MAC needs none
	}
	defer o.close()
	phone, err := findPhone(o.snapshot, what)
	switch {
	case errors.Is(err, errNoPhone):
		return device.MAC{}, fmt.Errorf("%w%s", notMAC, nearest(o.snapshot, what))
	case err != nil:
		return device.MAC{}, fmt.Errorf("the first argument: %w", err)
	case phone.MAC == (device.MAC{}):
		return device.MAC{}, fmt.Errorf("phone %q has no MAC address", phone.ID)
	}
	return phone.MAC, nil
}

// readPassword reads the first line, or asks twice on a terminal.
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

// askPassword does not show what is typed. It makes the terminal raw, so that Ctrl-C is read as the end of the input,
// and the terminal is always restored.
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
