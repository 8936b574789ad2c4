package httpauth

import (
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	maxUser = 128 // bytes of a user name; phones accept less
	maxCost = 12  // of bcrypt, as a logarithm: a quarter of a second of a processor for each try
)

// sharedMAC is the MAC of the user that all phones share.
const sharedMAC = "*"

// owner is the phone and user that a hash belongs to. The zero MAC, which no phone has, stands for all phones.
type owner struct {
	mac  device.MAC
	user string
}

// line is a line of the file.
type line struct {
	owner
	scheme scheme
	hash   string // bcrypt as in the file, HA1 in lower case
}

// Errors of a line. They contain nothing of the line.
var (
	errLine   = errors.New("want mac:user:hash")
	errMAC    = errors.New("not a MAC address: want 12 hexadecimal digits, or * for the user that all phones share")
	errUser   = fmt.Errorf("not a user name: want 1 to %d bytes without colons and control characters", maxUser)
	errHash   = errors.New("the hash is neither bcrypt nor MD5:<32 hexadecimal digits> nor SHA-256:<64 hexadecimal digits>")
	errCost   = fmt.Errorf("the bcrypt hash's cost is not %d to %d", bcrypt.MinCost, maxCost)
	errSecond = errors.New("a second hash of the same kind for this phone and user")
)

// parseLine parses mac:user:hash from its end, because the MAC may contain colons.
func parseLine(text string) (line, error) {
	var l line
	rest, last, ok := cutLast(text)
	if !ok {
		return l, errLine
	}
	var err error
	if strings.HasPrefix(last, "$") {
		l.scheme, l.hash, err = basic, last, checkBcrypt(last)
	} else {
		var algorithm string
		rest, algorithm, _ = cutLast(rest)
		l.scheme, l.hash, err = parseHA1(algorithm, last)
	}
	if err != nil {
		return line{}, err
	}
	mac, user, ok := cutLast(rest)
	if !ok {
		return line{}, errLine
	}
	if l.mac, err = parseOwnerMAC(mac); err != nil {
		return line{}, err
	}
	l.user = user
	return l, checkUser(user)
}

func parseOwnerMAC(s string) (device.MAC, error) {
	if s == sharedMAC {
		return device.MAC{}, nil
	}
	mac, err := device.ParseMAC(s)
	if err != nil || mac == (device.MAC{}) {
		return device.MAC{}, errMAC
	}
	return mac, nil
}

func checkUser(s string) error {
	if s == "" || len(s) > maxUser || !utf8.ValidString(s) || strings.Contains(s, ":") || strings.ContainsFunc(s, unicode.IsControl) {
		return errUser
	}
	return nil
}

func parseHA1(algorithm, digits string) (scheme, string, error) {
	s, ok := digestNamed(algorithm)
	if !ok || len(digits) != s.hexDigits() || !isHex(digits) {
		return 0, "", errHash
	}
	return s, strings.ToLower(digits), nil
}

const (
	bcryptSize   = 60 // bytes: "$2b$10$", 22 of salt, 31 of hash
	bcryptLetter = "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

func checkBcrypt(hash string) error {
	if len(hash) != bcryptSize || hash[:2] != "$2" || !strings.Contains("aby", hash[2:3]) || hash[3] != '$' || hash[6] != '$' ||
		strings.Trim(hash[7:], bcryptLetter) != "" {
		return errHash
	}
	cost, err := bcrypt.Cost([]byte(hash))
	if err != nil || cost > maxCost {
		return errCost
	}
	return nil
}

func isHex(s string) bool {
	_, err := hex.DecodeString(s)
	return err == nil
}

// cutLast cuts a text at its last colon.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 {
		return "", s, false
	}
	return s[:i], s[i+1:], true
}
