package notify

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/phoneprov/phoneprov/provision/ledger"
)

// files are those that a phone asks for, as they are to be now. They tell one change of a phone from the next.
type files []fileVersion

type fileVersion struct {
	name, wanted string // short hashes
	waiting      bool   // the phone has another one
}

// filesOf are the files of a phone that it has asked for.
func filesOf(p *ledger.Phone) (all files) {
	for i := range p.Files {
		f := &p.Files[i]
		if f.State != ledger.NeverFetched {
			all = append(all, fileVersion{short(f.Name), short(f.WantedETag), waits(f.State)})
		}
	}
	return all
}

// waits reports whether a change waits.
func waits(s ledger.State) bool {
	return s == ledger.ChangeWaiting || s == ledger.Told || s == ledger.NoReaction
}

// short is a hash of a text: enough to see that a file is another one.
func short(text string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(text)) // never fails
	return fmt.Sprintf("%08x", h.Sum32())
}

// text is what newerThan compares with later. It is kept in ledger.Notice.Change.
func (all files) text() string {
	var b strings.Builder
	for _, f := range all {
		fmt.Fprintf(&b, "%s=%s;", f.name, f.wanted)
	}
	return b.String()
}

// newerThan reports whether a file waits that was another one, or was not there, when the text was made. A file that the phone has fetched
// since is no change.
func (all files) newerThan(text string) bool {
	for _, f := range all {
		if f.waiting && !strings.Contains(text, f.name+"="+f.wanted+";") {
			return true
		}
	}
	return false
}
