package tftp

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/access"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision/device"
)

// Opcodes of RFC 1350.
const (
	opRead  = 1
	opWrite = 2
	opData  = 3
	opAck   = 4
	opError = 5
)

// raw is a client that sends any packet.
type raw struct {
	t    testing.TB
	conn *net.UDPConn
	to   netip.AddrPort
}

func dial(t testing.TB, from string, to netip.AddrPort) *raw {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &raw{t, conn, to}
}

func (r *raw) send(packet []byte, to netip.AddrPort) {
	r.t.Helper()
	if _, err := r.conn.WriteToUDPAddrPort(packet, to); err != nil {
		r.t.Fatal(err)
	}
}

func request(op uint16, words ...string) []byte {
	return append(binary.BigEndian.AppendUint16(nil, op), strings.Join(words, "\x00")+"\x00"...)
}

// receive returns the next packet, or op 0 if none comes within d.
func (r *raw) receive(d time.Duration) (op, number uint16, text string, from netip.AddrPort) {
	r.t.Helper()
	r.conn.SetReadDeadline(time.Now().Add(d))
	buf := make([]byte, 1<<16)
	n, from, err := r.conn.ReadFromUDPAddrPort(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return 0, 0, "", from
	}
	if err != nil || n < 4 {
		r.t.Fatalf("%d bytes, %v", n, err)
	}
	return binary.BigEndian.Uint16(buf), binary.BigEndian.Uint16(buf[2:]), string(buf[4:n]), from
}

// soon is how long a test waits for a packet that must come.
const soon = 30 * time.Second

// get fetches a file that is smaller than a block. It returns the text, or true and the message of the error.
func (r *raw) get(name string) (text string, failed bool) {
	r.t.Helper()
	r.send(request(opRead, name, "octet"), r.to)
	op, number, text, from := r.receive(soon)
	switch op {
	case opData:
		r.send(binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(nil, opAck), number), from)
		return text, false
	case opError:
		return strings.TrimSuffix(text, "\x00"), true
	}
	r.t.Fatalf("%q: got packet %d", name, op)
	return "", false
}

func parseMAC(t testing.TB, text string) device.MAC {
	t.Helper()
	m, err := device.ParseMAC(text)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// The policy is that of HTTP for a request without credentials. If only a login opens a file, it is refused, and the log
// says so.
func TestPolicy(t *testing.T) {
	t.Parallel()
	for _, address := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.3"} {
		testkit.NeedAddress(t, address)
	}
	prefixes := func(list ...string) []netip.Prefix {
		all := []netip.Prefix{}
		for _, p := range list {
			all = append(all, netip.MustParsePrefix(p))
		}
		return all
	}
	login := func(t *testing.T, s *site) {
		path := testkit.Write(t, t.TempDir()+"/credentials", "")
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := httpauth.Open(path, func(error) {})
		if err != nil {
			t.Fatal(err)
		}
		if s.Access.Login, err = httpauth.New(file, "phoneprov"); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name, from, file string
		rules            access.Rules
		login            bool
		status           int
		reason           string
		refused          bool
	}{
		{name: "allowed", from: "127.0.0.2", file: mac + ".cfg", rules: access.Rules{Allow: prefixes("127.0.0.2/32")}, status: 200, reason: "address"},
		{name: "another address", from: "127.0.0.3", file: mac + ".cfg", rules: access.Rules{Allow: prefixes("127.0.0.2/32")}, status: 404, reason: "address not allowed", refused: true},
		{name: "only a login would do", from: "127.0.0.3", file: mac + ".cfg", rules: access.Rules{Allow: prefixes("127.0.0.2/32")}, login: true,
			status: 404, reason: "needs a login, which this protocol does not have", refused: true},
		{name: "allowed, and there are passwords", from: "127.0.0.2", file: mac + ".cfg", rules: access.Rules{Allow: prefixes("127.0.0.2/32")}, login: true, status: 200, reason: "address"},
		{name: "a profile that needs a login", from: "127.0.0.1", file: "strict0011223344ab.cfg", login: true,
			rules:  access.Rules{Allow: prefixes("127.0.0.0/8"), Profiles: map[string]access.ProfileRules{"strict": {Allow: prefixes()}}},
			status: 404, reason: "needs a login, which this protocol does not have", refused: true},
		{name: "another profile beside it", from: "127.0.0.1", file: mac + ".cfg", login: true,
			rules:  access.Rules{Allow: prefixes("127.0.0.0/8"), Profiles: map[string]access.ProfileRules{"strict": {Allow: prefixes()}}},
			status: 200, reason: "address"},
		{name: "a denied MAC", from: "127.0.0.1", file: mac + ".cfg", rules: access.Rules{Allow: prefixes("127.0.0.0/8"), Deny: []device.MAC{parseMAC(t, mac)}},
			status: 404, reason: "mac denied", refused: true},
		{name: "an unknown MAC", from: "127.0.0.1", file: "0011223344ff.cfg", rules: access.Rules{Allow: prefixes("127.0.0.0/8")}, status: 404, reason: "no such phone", refused: true},
		{name: "a name without a MAC", from: "127.0.0.1", file: "y000000000028.cfg", rules: access.Rules{Allow: prefixes("127.0.0.0/8")}, status: 404, reason: "no such file"},
		{name: "a template that is not there", from: "127.0.0.1", file: "broken" + mac + ".cfg", rules: access.Rules{Allow: prefixes("127.0.0.0/8")}, status: 503, reason: "address"},
	} {
		t.Run(row.name, func(t *testing.T) {
			s := plainSite(t)
			s.Access.Rules = row.rules
			if row.login {
				login(t, s)
			}
			at, stop := s.listen(t, "127.0.0.1:0")
			text, failed := dial(t, row.from, at).get(row.file)
			switch {
			case row.status == 200 && (failed || !strings.HasPrefix(text, "user 6001")):
				t.Errorf("got %q", text)
			case row.status == 503 && (!failed || text != "not available now, try again"):
				t.Errorf("got %q, want an error", text)
			case row.status == 404 && (!failed || text != "not found"): // the same for every refusal
				t.Errorf("got %q, want an error \"not found\"", text)
			}
			a := <-s.records
			if a.Status != row.status || a.Reason != row.reason || a.Refused != row.refused || a.Addr.String() != row.from || a.Over != "tftp" {
				t.Errorf("the recorder got %+v", a)
			}
			stop()
			line := fmt.Sprintf(`"status":%d`, row.status)
			if log := s.log.String(); !strings.Contains(log, line) || !strings.Contains(log, `"over":"tftp","reason":"`+row.reason+`"`) || !strings.Contains(log, `"remote":"`+row.from+`"`) {
				t.Errorf("the log has no line with %s: %s", line, log)
			}
		})
	}
}

// A source that asks for too many MACs over TFTP is refused over TFTP and HTTP. fail2ban's filter does not read the
// refusals over TFTP, because the address of a UDP packet may be forged.
func TestBudgetIsShared(t *testing.T) {
	t.Parallel()
	s := plainSite(t)
	s.Access.Unknown = &httpapi.Budget{Budget: access.NewBudget(2, time.Hour), Period: time.Hour}
	at, stop := s.listen(t, "127.0.0.1:0")
	client := dial(t, "127.0.0.1", at)
	for i, want := range []string{"not found", "not found", "too many requests"} {
		if text, failed := client.get(fmt.Sprintf("0011223399%02x.cfg", i)); !failed || text != want {
			t.Errorf("%d: got %q, want an error %q", i, text, want)
		}
	}
	if status, _ := s.overHTTP(t, "001122339999.cfg"); status != 429 {
		t.Errorf("over HTTP the status is %d, want 429", status)
	}
	if text, failed := client.get(mac + ".cfg"); failed || !strings.HasPrefix(text, "user 6001") {
		t.Errorf("a phone behind the same address gets %q", text)
	}
	stop()
	if log := s.log.String(); strings.Contains(log, `"message":"refused"`) || !strings.Contains(log, `"message":"refused over tftp"`) {
		t.Errorf("the log is %s", log)
	}
}

// A name means the same as over HTTP. A name may begin with a slash, and with the prefix of URLs.
func TestNames(t *testing.T) {
	t.Parallel()
	s := plainSite(t)
	at, _ := s.listen(t, "127.0.0.1:0")
	client := dial(t, "127.0.0.1", at)
	for _, row := range []struct{ name, http string }{
		{mac + ".cfg", mac + ".cfg"},
		{"00-11-22-33-44-AA.cfg", "00-11-22-33-44-AA.cfg"},
		{"/" + mac + ".cfg", mac + ".cfg"},
		{"phoneprov/" + mac + ".cfg", mac + ".cfg"},
		{"/PhoneProv/" + mac + ".cfg", mac + ".cfg"},
		{"//lead" + mac + ".cfg", "/lead" + mac + ".cfg"},
		{"/phoneprov//lead" + mac + ".cfg", "/lead" + mac + ".cfg"},
		{mac + " name.cfg", mac + "%20name.cfg"},
		{mac + "%20x.cfg", mac + "%2520x.cfg"}, // a name is not percent-encoded over TFTP
		{mac + "é.cfg", mac + "%C3%A9.cfg"},
		{"../t.cfg", "../t.cfg"},
		{"static/../t.cfg", "static/../t.cfg"},
		{"../../../../etc/passwd", "../../../../etc/passwd"},
		{"/etc/passwd", "etc/passwd"},
		{"//etc/passwd", "/etc/passwd"},
		{`..\..\etc\passwd`, `..%5C..%5Cetc%5Cpasswd`},
		{"static/t.cfg", "static/t.cfg"},
		{"t.cfg", "t.cfg"},
		{"sub//" + mac + ".cfg", "sub//" + mac + ".cfg"},
		{"sub/./" + mac + ".cfg", "sub/./" + mac + ".cfg"},
		{"", ""},
		{"/", ""},
		{"phoneprov/", ""},
		{"\x1b[31m\r\n.cfg", "%1B%5B31m%0D%0A.cfg"},
		{strings.Repeat("a", 400) + mac + ".cfg", strings.Repeat("a", 400) + mac + ".cfg"},
	} {
		status, want := s.overHTTP(t, row.http)
		got, failed := client.get(row.name)
		if failed != (status != 200) || !failed && got != want {
			t.Errorf("%q: got %q, over HTTP %d %q", row.name, got, status, want)
		}
		<-s.records
	}
}
