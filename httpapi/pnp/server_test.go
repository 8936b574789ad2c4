package pnp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/deploy/secrettest"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/device"
)

func TestMain(m *testing.M) {
	testkit.SideBySide(8)
	goleak.VerifyTestMain(secrets.Guard(m))
}

// once is the secret part of the tests' URLs.
const once = "once-4f0e6b1c2d3a4f5e6b7c8d9e0f1a2b3c"

var secrets = secrettest.New(once)

// A test waits soon for a message that must come, and while for one that must not come.
const (
	soon  = 30 * time.Second
	while = 150 * time.Millisecond
)

// bench is a Server on loopback, with the MACs that asked and its log.
type bench struct {
	at    netip.AddrPort
	asked chan device.MAC
	log   testkit.Log
}

// newBench starts a Server that ends with the test. It invites everybody to directory; if directory is empty, nobody.
func newBench(t testing.TB, sockets *Sockets, directory string) *bench {
	t.Helper()
	b := &bench{asked: make(chan device.MAC, 10_000)}
	if sockets == nil {
		var err error
		if sockets, err = Listen("127.0.0.1:0"); err != nil {
			t.Fatal(err)
		}
	}
	b.at = sockets.Addr().(*net.UDPAddr).AddrPort()
	s := New(sockets, func(mac device.MAC, _ netip.Addr) (string, bool, bool) {
		b.asked <- mac
		return directory, true, directory != ""
	}, zerolog.New(&b.log).Level(zerolog.DebugLevel))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
		secrets.Text("the log of SIP PnP", b.log.String())
	})
	return b
}

const theURL = "http://192.0.2.1:8080/phoneprov/" + once + "/"

// phone is the socket of a phone.
type phone struct {
	t    testing.TB
	conn *net.UDPConn
	to   netip.AddrPort
}

func newPhone(t testing.TB, to netip.AddrPort) *phone {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return &phone{t, conn, to}
}

func (p *phone) addr() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (p *phone) send(message string) {
	p.t.Helper()
	if _, err := p.conn.WriteToUDPAddrPort([]byte(message), p.to); err != nil {
		p.t.Fatal(err)
	}
}

// receive returns the next message, or "" if none comes within d.
func (p *phone) receive(d time.Duration) string {
	p.t.Helper()
	p.conn.SetReadDeadline(time.Now().Add(d))
	buf := make([]byte, 1<<16)
	n, err := p.conn.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return ""
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return string(buf[:n])
}

// subscribe returns a request of lines. {phone} in lines becomes the phone's address.
func (p *phone) subscribe(lines ...string) string {
	text := strings.Join(append(lines, "Content-Length: 0", "", ""), "\r\n")
	return strings.ReplaceAll(text, "{phone}", p.addr().String())
}

// requests returns requests of phones as their manuals and captures show them, by name.
func requests() map[string]struct {
	lines []string
	mac   string
	name  string // the text after the directory in the URL
} {
	type row = struct {
		lines []string
		mac   string
		name  string
	}
	return map[string]row{
		"snom370 8.7.5.48 as captured: no branch, another port than 5060": {[]string{
			"SUBSCRIBE sip:MAC%3a0004132E08B4@lan SIP/2.0", "Via: SIP/2.0/UDP {phone};rport", "From: <sip:MAC%3a0004132E08B4@lan>;tag=668717252",
			"To: <sip:MAC%3a0004132E08B4@lan>", "Call-ID: 1930770594@192.168.12.155", "CSeq: 1 SUBSCRIBE",
			`Event: ua-profile;profile-type="device";vendor="snom";model="snom370";version="8.7.5.48"`, "Expires: 0", "Accept: application/url",
			"Contact: <sip:{phone}>"}, "0004132e08b4", "{mac}.xml"},
		"snom M700, the manual with its quotes": {[]string{
			"SUBSCRIBE sip:MAC%3a000413600001@224.0.1.75 SIP/2.0", "Via: SIP/2.0/UDP {phone};branch=z9hG4bKl1d23iyadenuaa1jr4vm", "Max-Forwards: 70",
			"From: <sip:512@10.0.0.90>;tag=dmrud.mzfyg66", "To: <sip:MAC%3a000413600001@224.0.1.75>", "Call-ID: 6cm70qdo.o.8i@10.0.0.90",
			"CSeq: 20264 SUBSCRIBE", "Contact: <sip:512@{phone}>", "Accept: application/url", "Allow-Events: dialog,message-summary",
			"Event: ua-profile;profile-type=“device“;vendor=“snom“;model=“snomM700“;version=“03.23.0005“", "Expires: 0",
			"User-Agent: snomM700/03.23.0005 (MAC=000413600001; SER= 00000; HW=255)"}, "000413600001", "{mac}.xml"},
		"Yealink": {[]string{
			"SUBSCRIBE sip:MAC%3a805e0c4d796d@224.0.1.75 SIP/2.0", "Via: SIP/2.0/UDP {phone};branch=z9hG4bK1234;rport",
			"From: <sip:MAC%3a805e0c4d796d@224.0.1.75>;tag=77aa", "To: <sip:MAC%3a805e0c4d796d@224.0.1.75>", "Call-ID: abc123@192.168.0.121",
			"CSeq: 1 SUBSCRIBE", "Contact: <sip:MAC%3a805e0c4d796d@{phone}>", "Max-Forwards: 70", "User-Agent: Yealink SIP-T53W 96.87.0.16 80:5e:0c:4d:79:6d",
			`Event: ua-profile;profile-type="device";vendor="Yealink";model="T53W";version="96.87.0.16"`, "Expires: 0", "Accept: application/url"}, "805e0c4d796d", ""},
		"Yealink, the MAC follows at once": {[]string{
			"SUBSCRIBE sip:MAC001565abcdef@224.0.1.75 SIP/2.0", "Via: SIP/2.0/UDP {phone};branch=z9hG4bK42054258",
			"From: <sip:MAC001565abcdef@224.0.1.75>;tag=42054258", "To: <sip:MAC001565abcdef@224.0.1.75>", "Call-ID: 42054258@192.168.0.2", "CSeq: 1 SUBSCRIBE",
			"Contact: <sip:MAC001565abcdef@{phone}>", "User-Agent: Yealink SIP-T21P 34.72.14.6",
			`Event: ua-profile;profile-type="device";vendor="Yealink";model="T21D";version="34.72.14.6"`, "Expires: 0"}, "001565abcdef", ""},
		"Grandstream GRP2612W": {[]string{
			"SUBSCRIBE sip:MAC%3AC074AD112233@224.0.1.75 SIP/2.0", "Via: SIP/2.0/UDP {phone};branch=z9hG4bK1611133778;rport",
			"From: <sip:MAC%3AC074AD112233@224.0.1.75>;tag=395400190", "To: <sip:MAC%3AC074AD112233@224.0.1.75>", "Call-ID: 490431573-5080-1@BJC.BGI.IG.DA",
			"CSeq: 20000 SUBSCRIBE", "Contact: <sip:{phone}>", "User-Agent: Grandstream GRP2612W 1.0.5.67", "Expires: 0", "Supported: replaces, path",
			`Event: ua-profile;profile-type="device";vendor="Grandstream";model="GRP2612W";version="1.0.5.67"`, "Accept: application/url"}, "c074ad112233", ""},
		"Fanvil, and Planet's of the same make: MAC=, no blank after the colon": {[]string{
			"SUBSCRIBE sip:MAC=00304fa99948@224.0.1.75 SIP/2.0", "Via: SIP/2.0/UDP {phone};branch=z9hG4bK3102710241234624733",
			"From: <sip:MAC=00304fa99948@224.0.1.75>;tag=1", "To: <sip:MAC=00304fa99948@224.0.1.75>", "Call-ID: 322432620212850-163241588724467@192.168.1.45",
			"CSeq: 1 SUBSCRIBE", "Contact: <sip:{phone}>", "User-Agent: PLANET VIP-2140PT", "Expires: 0",
			`Event:ua-profile;profile-type="device";vendor="PLANET";model="VIP-2140PT";version="2.0.3.2991"`}, "00304fa99948", ""},
		"a MAC with separators": {[]string{
			"SUBSCRIBE sip:MAC%3A0c-38-3e-07-e1-6c@224.0.1.75 SIP/2.0", "Via: SIP/2.0/UDP {phone};branch=z9hG4bKa", "From: <sip:x@y>;tag=1", "To: <sip:x@y>",
			"Call-ID: a", "CSeq: 1 SUBSCRIBE", "Contact: <sip:{phone}>", `Event: ua-profile;vendor="Fanvil"`}, "0c383e07e16c", ""},
		"a MAC in the User-Agent only": {[]string{
			"SUBSCRIBE sip:224.0.1.75:5060 SIP/2.0", "Via: SIP/2.0/UDP {phone};branch=z9hG4bKa", "From: <sip:y>;tag=1", "To: <sip:224.0.1.75:5060>",
			"Call-ID: a", "CSeq: 1 SUBSCRIBE", "User-Agent: Fanvil X4 2.10.2.6887 0c383e07e16c", "Event: ua-profile"}, "0c383e07e16c", ""},
		"AudioCodes: no MAC": {[]string{
			"SUBSCRIBE sip:224.0.1.75:5060 SIP/2.0", "From: <sip:00000001@10.13.2.37:5060>;tag=87a5a8-25020d0a-13c4", "To: <sip:224.0.1.75:5060>",
			"Call-ID: 8884c8-25020d0a-13c4-50029", "CSeq: 1 SUBSCRIBE", "Via: SIP/2.0/UDP {phone};rport;branch=z9hG4bK-386d4398-6ad00ca2-7ca3606e", "Expires: 0",
			`Event: ua-profile;profile-type="application";model="440HD";version="2.2.2"`, "Contact: <sip:00000001@{phone}>"}, "", ""},
		"compact names of headers": {[]string{
			"SUBSCRIBE sip:MAC%3a0004132E08B4@lan SIP/2.0", "v: SIP/2.0/UDP {phone};rport", "f: <sip:x@lan>;tag=6", "t: <sip:x@lan>", "i: 7", "CSeq: 1 SUBSCRIBE",
			"o: UA-Profile", "m: <sip:{phone}>"}, "0004132e08b4", ""},
	}
}

// Phones of all makes get a 200 and a NOTIFY with the URL. Both belong to their request.
func TestPhones(t *testing.T) {
	t.Parallel()
	for name, row := range requests() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil, theURL)
			p := newPhone(t, b.at)
			p.send(p.subscribe(row.lines...))
			answer, notify := readResponse(t, p.receive(soon)), readRequestText(t, p.receive(soon))
			if got := <-b.asked; row.mac == "" && got != (device.MAC{}) || row.mac != "" && got.String() != row.mac {
				t.Errorf("the MAC is %v, want %q", got, row.mac)
			}
			sent := readRequestText(t, p.subscribe(row.lines...))
			if answer.StatusCode != 200 || answer.CallID().Value() != sent.CallID().Value() || answer.CSeq().SeqNo != sent.CSeq().SeqNo ||
				answer.From().Value() != sent.From().Value() || answer.Via() == nil {
				t.Errorf("the answer is %s", answer)
			}
			if want := theURL + row.name; string(notify.Body()) != want || notify.ContentType().Value() != "application/url" {
				t.Errorf("the NOTIFY has %q, want %q", notify.Body(), want)
			}
			tag, _ := answer.To().Params.Get("tag")
			mine, _ := notify.From().Params.Get("tag")
			theirs, _ := notify.To().Params.Get("tag")
			their, _ := sent.From().Params.Get("tag")
			if notify.Method != sip.NOTIFY || notify.CallID().Value() != sent.CallID().Value() || tag == "" || tag != mine || theirs != their ||
				notify.GetHeader("Subscription-State").Value() != "terminated;reason=timeout" || !strings.EqualFold(notify.GetHeader("Event").Value(), eventOf(sent)) {
				t.Errorf("the NOTIFY is %s, the answer %s", notify, answer)
			}
			if port, has := sent.Via().Params.Get("rport"); has && port == "" {
				if got, _ := answer.Via().Params.Get("rport"); got != fmt.Sprint(p.addr().Port()) {
					t.Errorf("the answer's rport is %q, want %d", got, p.addr().Port())
				}
			}
		})
	}
}

func eventOf(m *sip.Request) string {
	if h := m.GetHeader("Event"); h != nil {
		return h.Value()
	}
	return m.GetHeader("o").Value()
}

func readResponse(t testing.TB, text string) *sip.Response {
	t.Helper()
	m, err := sip.ParseMessage([]byte(text))
	r, ok := m.(*sip.Response)
	if err != nil || !ok {
		t.Fatalf("not a response: %v, %q", err, text)
	}
	return r
}

func readRequestText(t testing.TB, text string) *sip.Request {
	t.Helper()
	m, err := sip.ParseMessage([]byte(text))
	r, ok := m.(*sip.Request)
	if err != nil || !ok {
		t.Fatalf("not a request: %v, %q", err, text)
	}
	return r
}

var yealink = requests()["Yealink"].lines

// A phone that repeats its request gets the same answer, and one link. The Server repeats the NOTIFY until the phone
// answers it.
func TestRepeats(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, theURL)
	p := newPhone(t, b.at)
	p.send(p.subscribe(yealink...))
	answer, notify := p.receive(soon), p.receive(soon)
	p.send(p.subscribe(yealink...))
	if again := p.receive(soon); again != answer && again != notify {
		t.Errorf("the second answer is %q, want %q", again, answer)
	}
	for again := ""; again != notify; { // the NOTIFY comes again after half a second
		if again = p.receive(soon); again == "" {
			t.Fatal("the NOTIFY does not come again")
		}
	}
	if len(b.asked) != 1 {
		t.Errorf("%d links were made, want 1", len(b.asked))
	}
	ok := sip.NewResponseFromRequest(readRequestText(t, notify), 200, "OK", nil)
	p.send(ok.String())
	testkit.Eventually(t, "the log says that the phone took the URL", func() bool { return strings.Contains(b.log.String(), `"status":200,"message":"the phone has taken`) })
	p.send(ok.String())
	for text := p.receive(5 * while); text != ""; text = p.receive(5 * while) {
		if strings.HasPrefix(text, "NOTIFY") {
			t.Errorf("the NOTIFY comes after the answer")
		}
	}
	if n := strings.Count(b.log.String(), "the phone has taken"); n != 1 {
		t.Errorf("the log says it %d times", n)
	}
}

// A phone that Invite refuses gets no answer.
func TestNotInvited(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, "")
	p := newPhone(t, b.at)
	p.send(p.subscribe(yealink...))
	<-b.asked
	if text := p.receive(while); text != "" {
		t.Errorf("got %q", text)
	}
}
