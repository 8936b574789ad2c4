package httpauth

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
	"github.com/phoneprov/phoneprov/provision/regularfile"
)

var errNoEntry = errors.New("no such phone and user")

// WithoutMD5 leaves out the HA1 with MD5, from which a reader of the file can guess the password.
func WithoutMD5(hashes []string) []string {
	return slices.DeleteFunc(slices.Clone(hashes), func(h string) bool { return strings.HasPrefix(h, digestMD5.name()+":") })
}

// Hashes returns the hashes of a password for the file: for Basic, and for Digest with MD5 and with SHA-256.
func Hashes(realm, user string, password provision.Secret) ([]string, error) {
	text := password.Reveal()
	switch {
	case text == "":
		return nil, errors.New("the password is empty")
	case len(text) > maxPassword:
		return nil, fmt.Errorf("the password has more than the %d bytes that bcrypt can see", maxPassword)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return nil, errors.New("the password has control characters in it, or is not UTF-8")
	}
	if err := errors.Join(CheckRealm(realm), checkUser(user)); err != nil {
		return nil, err
	}
	slow, err := bcrypt.GenerateFromPassword([]byte(text), bcrypt.DefaultCost)
	if err != nil {
		return nil, errors.New("the password cannot be hashed")
	}
	hashes := []string{string(slow)}
	for _, s := range []scheme{digestMD5, digestSHA256} {
		hashes = append(hashes, s.name()+":"+s.hash(user, realm, text))
	}
	return hashes, nil
}

// edit returns the text of a file in which the owner has exactly these hashes. All other lines stay, and must be valid,
// so that a file of another kind is not changed. path is for errors.
func edit(path string, data []byte, who owner, hashes []string) ([]byte, error) {
	if err := checkUser(who.user); err != nil {
		return nil, err
	}
	if _, err := parseTable(path, data); err != nil {
		return nil, err
	}
	written := entryLines(who, hashes)
	var out []byte
	found := false
	for text := range bytes.Lines(data) {
		if !who.has(text) {
			out = append(out, text...)
			continue
		}
		if !found {
			out = append(out, written...)
		}
		found = true
	}
	switch {
	case !found && hashes == nil:
		return nil, fmt.Errorf("%s: %w", path, errNoEntry)
	case !found:
		if len(out) > 0 && out[len(out)-1] != '\n' {
			out = append(out, '\n')
		}
		out = append(out, written...)
	}
	if len(out) > maxFile {
		return nil, regularfile.TooLong(path, maxFile)
	}
	_, err := parseTable(path, out)
	return out, err
}

// has reports a line of a valid file that belongs to the owner.
func (o owner) has(raw []byte) bool {
	text, ok := content(raw)
	if !ok {
		return false
	}
	l, err := parseLine(text)
	return err == nil && l.owner == o
}

func entryLines(who owner, hashes []string) []byte {
	mac := who.mac.String()
	if who.mac == (device.MAC{}) {
		mac = sharedMAC
	}
	var out []byte
	for _, hash := range hashes {
		out = fmt.Appendf(out, "%s:%s:%s\n", mac, who.user, hash)
	}
	return out
}
