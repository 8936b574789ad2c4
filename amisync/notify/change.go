package notify

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// files are the files that a phone has asked for, each with the version that the phone should have. They distinguish
// one change of a phone from the next.
type files []fileVersion

type fileVersion struct {
	name, wanted string // short hashes
	waiting      bool   // the phone does not have this version yet
}

// filesOf returns the files that a phone has asked for.
func filesOf(p *ledger.Phone) (all files) {
	for i := range p.Files {
		f := &p.Files[i]
		if f.State != ledger.NeverFetched {
			all = append(all, fileVersion{short(f.Name), short(f.WantedETag), waits(f.State)})
		}
	}
	return all
}

// waits reports whether a change waits in state s.
func waits(s ledger.State) bool {
	return s == ledger.ChangeWaiting || s == ledger.Told || s == ledger.NoReaction
}

// short returns a short hash of a text. It suffices to notice that a file has changed.
func short(text string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // never fails
	return fmt.Sprintf("%08x", h.Sum32())
}

// text returns the files as text, for a later newerThan. ledger.Notice.Change stores it.
func (all files) text() string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "%s=%s;", f.name, f.wanted)
	}
	return b.String()
}

// newerThan reports whether a waiting file had another version, or was missing, when text was made. A file that the
// phone has fetched since then is no change.
func (all files) newerThan(text string) bool {
	for _, f := range all {
		if f.waiting && !strings.Contains(text, f.name+"="+f.wanted+";") {
			return true
		}
	}
	return false
}
