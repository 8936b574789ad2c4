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
	maxLine   = 512 // bytes: twice a MAC, a user name and the longest hash
	maxErrors = 20  // bad lines in an error; a file with more is of another kind
)

// entry is what the file says of a phone and user.
type entry struct {
	owner
	hash [schemes]string // by scheme; "": the user may not use it
	cost int             // of the bcrypt hash, as a logarithm

	// verified is the hash of the password that bcrypt accepted. A phone asks for many files, and bcrypt is slow on
	// purpose. keepVerified takes it over when the file is read again.
	verified atomic.Pointer[[sha256.Size]byte]
}

// accepted reports that bcrypt accepted the password before.
func (e *entry) accepted(password *[sha256.Size]byte) bool {
	v := e.verified.Load()
	return v != nil && subtle.ConstantTimeCompare(v[:], password[:]) == 1
}

// table is the content of the file. Only entry.verified changes.
type table struct {
	entries map[owner]*entry
	users   map[string]*entry // by user name; nil if several phones have the name and nobody shares it
	has     [schemes]bool     // the schemes of all entries
	cost    int               // the highest of all bcrypt hashes, for unknown users
}

// parseTable parses a file. The error has a line for each bad line of the file, with its path.
func parseTable(path string, data []byte) (*table, error) {
	t := newTable()
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
	t.finish()
	return t, nil
}

func newTable() *table {
	return &table{entries: map[owner]*entry{}, users: map[string]*entry{}}
}

// finish makes the table ready to be looked up in.
func (t *table) finish() {
	for _, e := range t.entries {
		t.nameUser(e)
	}
	if t.cost == 0 {
		t.cost = bcrypt.DefaultCost
	}
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
		cost, _ := bcrypt.Cost([]byte(l.hash)) // parseLine has checked it
		e.cost, t.cost = cost, max(t.cost, cost)
	}
	return nil
}

// keepVerified takes over which passwords bcrypt accepted, for hashes that have not changed. So a phone whose lines are
// the same does not wait for bcrypt because the lines of another phone changed.
func (t *table) keepVerified(old *table) {
	for owner, e := range t.entries {
		if before := old.entries[owner]; before != nil && before.hash[basic] == e.hash[basic] {
			e.verified.Store(before.verified.Load())
		}
	}
}

// content returns a line without the blanks around it. ok is false for an empty line or a comment.
func content(raw []byte) (string, bool) {
	text := strings.TrimSpace(string(raw))
	return text, text != "" && text[0] != '#'
}

// nameUser notes an entry by its user name alone: the shared entry counts, otherwise the only one. The order of calls
// does not matter.
func (t *table) nameUser(e *entry) {
	other, taken := t.users[e.user]
	switch shared := (device.MAC{}); {
	case !taken || e.mac == shared:
		t.users[e.user] = e
	case other == nil || other.mac != shared:
		t.users[e.user] = nil
	}
}

// find returns the entry of a user for a file of the phone, or why there is none. The zero MAC stands for a file that
// belongs to no phone.
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
