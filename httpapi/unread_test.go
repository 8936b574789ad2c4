package httpapi

import (
	"fmt"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testsite"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/provision"
)

// Until each of several Asterisks was read, whoever is refused may be a phone of that one: he gets 503, whatever he asks
// for, and that costs no budget. A phone that is known gets its files, and 404 for a file that it does not have.
func TestOneAsteriskIsUnread(t *testing.T) {
	b := newBench(t)
	b.Uploads = Uploads{Mode: UploadsDiscard}
	b.Access.Unknown = &Budget{access.NewBudget(5, 10*time.Minute), 10 * time.Minute}
	east := testsite.PartOf(t, "east", map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": usersConf})
	serve := func(west provision.Part) {
		next, _ := provision.Join([]provision.Part{east, west})
		b.Store.Swap(next)
	}
	h := Phones(b.Options)
	expect := func(method, name string, want int) {
		t.Helper()
		if got := ask(h, method, "/phoneprov/"+name).Code; got != want {
			t.Errorf("%s %s: got %d, want %d", method, name, got, want)
		}
	}
	serve(provision.Part{PBX: "west"})
	expect("GET", "0011223344AA.cfg", 200)
	expect("GET", "0011223344AA.xml", 404)
	expect("PUT", "0011223344AA-boot.log", 201)
	for i := range 50 {
		expect("GET", fmt.Sprintf("0004f20000%02d.cfg", i), 503)
	}
	expect("GET", "no-mac-in-it.xml", 503)
	expect("PUT", "0004f2000001-boot.log", 503)
	b.Access.Rules.Allow = nil
	h = Phones(b.Options)
	expect("GET", "0011223344AA.cfg", 503) // the same for all that are refused
	expect("GET", "0004f2000001.cfg", 503)

	b.Access.Rules.Allow = newBench(t).Access.Rules.Allow
	h = Phones(b.Options)
	serve(testsite.PartOf(t, "west", map[string]string{"phoneprov.conf": phoneprovConf, "users.conf": "[1]\nautoprov=yes\nmacaddress=0004f2000001\n"}))
	expect("GET", "0004f2000001.cfg", 200)
	expect("GET", "0004f2000002.cfg", 404)
	expect("GET", "no-mac-in-it.xml", 404)
}

// It is ready when each Asterisk was read, restored, or tried in vain.
func TestReadyOfSeveral(t *testing.T) {
	b := newBench(t)
	for name, row := range map[string]struct {
		pbxs []PBX
		want int
	}{
		"one":              {nil, 200},
		"all are read":     {[]PBX{{Name: "east", Read: true}, {Name: "west", Read: true, LastError: "x"}}, 200},
		"one is read next": {[]PBX{{Name: "east", Read: true}, {Name: "west"}}, 503},
		"one is down":      {[]PBX{{Name: "east", Read: true}, {Name: "west", LastError: "connection refused"}}, 200},
	} {
		b.Status = func() Status { return Status{PBXs: row.pbxs} }
		if w := ask(Admin(b.Options), "GET", "http://localhost/readyz"); w.Code != row.want {
			t.Errorf("%s: got %d %s", name, w.Code, w.Body)
		}
	}
}
