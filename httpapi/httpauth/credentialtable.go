package httpauth

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/provision/device"
)

const (
	maxLine   = 512 // bytes: a MAC, a user name and the longest hash have room twice
	maxErrors = 20  // bad lines that are told: with more it is another kind of file
)

// entry is what the file says of one phone and user.
type entry struct {
	owner
	hash [schemes]string // "": the user may not use it
	cost int             // of the bcrypt hash, its logarithm

	// verified is of the password that bcrypt accepted: a phone asks for many files, and bcrypt is slow on purpose. It is
	// one for each entry, and goes on counting when the file is read anew and has the same hash (keepVerified).
	verified atomic.Pointer[[sha256.Size]byte]
}

// accepted reports that bcrypt accepted the password with this hash before.
func (e *entry) accepted(password *[sha256.Size]byte) bool {
	v := e.verified.Load()
	return v != nil && subtle.ConstantTimeCompare(v[:], password[:]) == 1
}

// table is a file as it was read; only entry.verified changes.
type table struct {
	entries map[owner]*entry
	users   map[string]*entry // of a user name alone; nil where several phones have it and nobody shares it
	has     [schemes]bool     // the schemes that any entry has
	cost    int               // the highest of bcrypt, for users that are not there
}

// parseTable reads a file. The error has a line for each one that is wrong, and path is for these.
func parseTable(path string, data []byte) (*table, error) {
	t := &table{entries: map[owner]*entry{}, users: map[string]*entry{}}
	var errs []error
	n := 0
	for text := range bytes.Lines(data) {
		n++
		if err := t.addLine(text); err != nil {
			if len(errs) == maxErrors {
				errs = append(errs, fmt.Errorf("%s:%d: and more", path, n))
				break
			}
			errs = append(errs, fmt.Errorf("%s:%d: %w", path, n, err))
		}
	}
	if errs != nil {
		return nil, errors.Join(errs...)
	}
	for _, e := range t.entries {
		t.nameUser(e)
	}
	if t.cost == 0 {
		t.cost = bcrypt.DefaultCost
	}
	return t, nil
}

func (t *table) addLine(raw []byte) error {
	text, ok := content(raw)
	if !ok {
		return nil
	}
	if len(text) > maxLine {
		return fmt.Errorf("longer than %d bytes", maxLine)
	}
	l, err := parseLine(text)
	if err != nil {
		return err
	}
	e := t.entries[l.owner]
	if e == nil {
		e = &entry{owner: l.owner}
		t.entries[l.owner] = e
	}
	if e.hash[l.scheme] != "" {
		return errSecond
	}
	e.hash[l.scheme] = l.hash
	t.has[l.scheme] = true
	if l.scheme == basic {
		cost, _ := bcrypt.Cost([]byte(l.hash)) // parseLine looked at it
		e.cost, t.cost = cost, max(t.cost, cost)
	}
	return nil
}

// keepVerified takes over which passwords bcrypt accepted with the hashes of an older table: a phone whose lines are the
// same need not wait for bcrypt because another's have changed.
func (t *table) keepVerified(old *table) {
	for owner, e := range t.entries {
		if before := old.entries[owner]; before != nil && before.hash[basic] == e.hash[basic] {
			e.verified.Store(before.verified.Load())
		}
	}
}

// content is a line without blanks around it, if it is neither empty nor a comment.
func content(raw []byte) (string, bool) {
	text := strings.TrimSpace(string(raw))
	return text, text != "" && text[0] != '#'
}

// nameUser finds the entry of a user name alone: the shared one, else the only one. The order of calls means nothing.
func (t *table) nameUser(e *entry) {
	other, taken := t.users[e.user]
	switch shared := (device.MAC{}); {
	case !taken || e.mac == shared:
		t.users[e.user] = e
	case other == nil || other.mac != shared:
		t.users[e.user] = nil
	}
}

// find is the entry that a user name stands for in a request for a file of the phone, or why there is none. The zero
// MAC asks for a file of no phone's own.
func (t *table) find(user string, mac device.MAC) (*entry, string) {
	named, known := t.users[user]
	if mac == (device.MAC{}) {
		if known && named == nil {
			return nil, reasonSeveral
		}
	} else {
		named = t.entries[owner{mac, user}]
		if named == nil {
			named = t.entries[owner{user: user}]
		}
	}
	switch {
	case named != nil:
		return named, ""
	case known:
		return nil, reasonOther
	}
	return nil, reasonUnknown
}
