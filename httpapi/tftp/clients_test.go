package tftp

import (
	"bytes"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/profiles"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/deploy/testsite"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

func itoa(port uint16) string { return strconv.Itoa(int(port)) }

func needClients(t testing.TB) {
	t.Helper()
	oracle.NeedProgram(t, "tftp")
	oracle.NeedProgram(t, "atftp")
}

// Every file is the same over TFTP as over HTTP, for every client.
func TestClients(t *testing.T) {
	t.Parallel()
	needClients(t)
	s := plainSite(t)
	at, _ := s.listen(t, "127.0.0.1:0")
	for _, c := range clients() {
		t.Run(c.name, func(t *testing.T) {
			names := []string{mac + ".cfg", "fw.bin", "even.bin", "empty.bin", "sub/" + mac + ".cfg", strings.ToUpper(mac) + ".cfg"}
			for _, name := range names[:skips.Size(t, len(names), 3)] {
				_, want := s.overHTTP(t, name)
				got, printed := fetch(t, c, at, name)
				if got != want {
					t.Errorf("%s has %d bytes, want %d as over HTTP; %s", name, len(got), len(want), printed)
				}
			}
			if got, printed := fetch(t, c, at, "0011223344ff.cfg"); got != "" || !strings.Contains(strings.ToLower(printed), "not found") {
				t.Errorf("an unknown file has %q, and the client says %q", got, printed)
			}
		})
	}
}

// A listener like ":69" serves IPv4 and IPv6, and knows the address that the phone has reached.
func TestBothFamilies(t *testing.T) {
	t.Parallel()
	needClients(t)
	s := plainSite(t)
	at, _ := s.listen(t, ":0")
	for _, local := range []string{"127.0.0.1", "::1"} {
		t.Run(local, func(t *testing.T) {
			testkit.NeedAddress(t, local)
			got, printed := fetch(t, clients()[0], netip.AddrPortFrom(netip.MustParseAddr(local), at.Port()), mac+".cfg")
			if want := "user 6001 of " + local + "\n"; !strings.HasPrefix(got, want) {
				t.Errorf("got %q, want it to begin with %q; %s", got, want, printed)
			}
		})
	}
}

// A client that asks for netascii, the default of tftp-hpa, gets the same file.
func TestNetASCII(t *testing.T) {
	t.Parallel()
	needClients(t)
	s := plainSite(t)
	at, _ := s.listen(t, "127.0.0.1:0")
	_, want := s.overHTTP(t, mac+".cfg")
	c := clients()[0]
	c.get = func(at netip.AddrPort, from, to string) *exec.Cmd {
		return exec.Command("tftp", "-m", "ascii", at.Addr().String(), itoa(at.Port()), "-c", "get", from, to)
	}
	if got, printed := fetch(t, c, at, mac+".cfg"); got != want {
		t.Errorf("got %q, want %q; %s", got, want, printed)
	}
	if a := <-s.records; !a.Whole || a.Bytes != int64(len(want)) {
		t.Errorf("the ledger got %d bytes, whole %v; want %d, true", a.Bytes, a.Whole, len(want))
	}
}

// An upload gets an error that says what to do, and the log has the request.
func TestUploadIsRefused(t *testing.T) {
	t.Parallel()
	needClients(t)
	s := plainSite(t)
	at, stop := s.listen(t, "127.0.0.1:0")
	from := testkit.Write(t, filepath.Join(t.TempDir(), "boot.log"), "up")
	for _, c := range clients()[:2] {
		var out bytes.Buffer
		cmd := c.put(at, from, mac+"-boot.log")
		cmd.Stdout, cmd.Stderr = &out, &out
		_ = cmd.Run() // tftp-hpa ends with 0 whatever comes
		if !strings.Contains(out.String(), "read-only") {
			t.Errorf("%s says %q, want it to say that the server is read-only", c.name, &out)
		}
		if a := <-s.records; a.Method != "PUT" || a.Status != 405 || a.Over != "tftp" || a.MAC.String() != mac {
			t.Errorf("%s: the recorder got %+v", c.name, a)
		}
	}
	stop()
	want := `"mac":"` + mac + `","method":"PUT","file":"` + mac + `-boot.log","status":405`
	if n := strings.Count(s.log.String(), want); n != 2 {
		t.Errorf("the log has the upload %d times, want 2: %s", n, &s.log)
	}
}

// A Cisco phone with the firmware of CUCM boots: it asks for files that most sites do not have, and then for the file
// that the ready-made profile makes.
func TestCiscoBoot(t *testing.T) {
	t.Parallel()
	needClients(t)
	make, err := profiles.Find("cisco-enterprise")
	if err != nil {
		t.Fatal(err)
	}
	config := map[string]string{
		"phoneprov.conf": "[general]\ndefault_profile=cisco-enterprise\n" + make.Section(),
		"users.conf":     "[general]\n[6001]\nusername=6001\nfullname=Alice\nautoprov=yes\nmacaddress=00562B043615\nsecret=do-not-log-me\ntimezone=Europe/Berlin\n",
	}
	data := map[string]string{}
	for _, f := range make.Files() {
		if f.Place == profiles.Config {
			config[f.Path] = f.Text
		} else {
			data[f.Path] = f.Text
		}
	}
	for _, c := range clients()[:skips.Size(t, 2, 1)] {
		t.Run(c.name, func(t *testing.T) {
			s := newSite(t, data).serve(t, config)
			at, stop := s.listen(t, "127.0.0.1:0")
			book, err := ledger.New(ledger.Options{Snapshots: s.Store, Prefix: s.Prefix})
			if err != nil {
				t.Fatal(err)
			}
			for _, step := range []struct {
				name  string
				given bool
			}{
				{"CTLSEP00562B043615.tlv", false}, {"ITLSEP00562B043615.tlv", false}, {"ITLFile.tlv", false},
				{"SEP00562B043615.cnf.xml.sgn", false}, {"SEP00562B043615.cnf.xml", true},
				{"English_United_States/mk-sip.jar", false}, {"United_States/g3-tones.xml", false}, {"dialplan.xml", false},
				{"cisco-enterprise-phonebook.xml", true},
			} {
				_, want := s.overHTTP(t, step.name)
				got, printed := fetch(t, c, at, step.name)
				switch {
				case step.given && (got != want || got == ""):
					t.Errorf("%s: got %q, want %q; %s", step.name, got, want, printed)
				case !step.given && (got != "" || !strings.Contains(strings.ToLower(printed), "not found")):
					t.Errorf("%s: got %q; %s", step.name, got, printed)
				case step.name == "SEP00562B043615.cnf.xml" && !strings.Contains(got, "<directoryURL>http://127.0.0.1:8080/phoneprov/"):
					t.Errorf("the phone book's URL is not one of HTTP: %s", got)
				}
				a := <-s.records
				if a.Over != "tftp" || a.Refused || step.given != a.Whole {
					t.Errorf("%s: the recorder got %+v", step.name, a)
				}
				book.Served(a)
			}
			stop()
			inLedger(t, book)
		})
	}
}

// inLedger checks that the ledger says that the phone is up to date and came over TFTP.
func inLedger(t *testing.T, book *ledger.Ledger) {
	t.Helper()
	testsite.RunLedger(t, book)
	testsite.Settle(t, book)
	phone, ok := book.Phone("00562b043615")
	if !ok || phone.State != ledger.UpToDate || len(phone.Files) != 1 || phone.Files[0].Over != "tftp" || phone.Files[0].Scheme != "http" {
		t.Errorf("the ledger has %+v", phone)
	}
	if requests := book.Requests(); len(requests) != 9 || requests[0].Over != "tftp" {
		t.Errorf("the ledger has the requests %+v", requests)
	}
}
