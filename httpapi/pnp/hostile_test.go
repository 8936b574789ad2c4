package pnp

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/device"
)

// with returns the request of a Yealink phone with another line in place of those that begin with name. An empty line
// removes them.
func with(p *phone, name, line string) string {
	var lines []string
	for _, l := range yealink {
		if strings.HasPrefix(l, name) {
			l = line
		}
		if l != "" {
			lines = append(lines, l)
		}
	}
	return p.subscribe(lines...)
}

// A packet that is no phone's request gets no answer, and does not end the Server.
func TestHostilePackets(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, theURL)
	p := newPhone(t, b.at)
	for name, packet := range map[string]string{
		"nothing": "", "a NUL": "\x00", "a keep-alive": "\r\n\r\n", "noise": "\xff\xfe\x80garbage\r\n\r\n", "HTTP": "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
		"no headers": "SUBSCRIBE sip:MAC%3a805e0c4d796d@224.0.1.75 SIP/2.0\r\n\r\n", "half a line": "SUBSCRIBE sip:MAC%3a805e",
		"another method":       strings.ReplaceAll(p.subscribe(yealink...), "SUBSCRIBE", "INVITE"),
		"methods that differ":  with(p, "CSeq", "CSeq: 1 INVITE"),
		"another event":        with(p, "Event", "Event: presence"),
		"an event like it":     with(p, "Event", "Event: ua-profiles"),
		"no event":             with(p, "Event", ""),
		"no Via":               with(p, "Via", ""),
		"no From":              with(p, "From", ""),
		"no To":                with(p, "To", ""),
		"no Call-ID":           with(p, "Call-ID", ""),
		"no CSeq":              with(p, "CSeq", ""),
		"CSeq too large":       with(p, "CSeq", "CSeq: 99999999999999999999 SUBSCRIBE"),
		"a huge header":        with(p, "User-Agent", "User-Agent: "+strings.Repeat("x", 8000)),
		"many headers":         with(p, "User-Agent", strings.Repeat("X: y\r\n", 2000)+"X: y"),
		"a huge packet":        with(p, "User-Agent", "User-Agent: "+strings.Repeat("x", 60_000)),
		"another length":       strings.Replace(p.subscribe(yealink...), "Content-Length: 0", "Content-Length: 99999", 1),
		"negative length":      strings.Replace(p.subscribe(yealink...), "Content-Length: 0", "Content-Length: -1", 1),
		"a response to nobody": "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nTo: <sip:a@b>;tag=2\r\nCall-ID: z\r\nCSeq: 1 NOTIFY\r\nContent-Length: 0\r\n\r\n",
		"a response with less": "SIP/2.0 200 OK\r\n\r\n",
	} {
		p.send(packet)
		if text := p.receive(while / 10); text != "" {
			t.Errorf("%s: got %q", name, text)
		}
	}
	if len(b.asked) != 0 {
		t.Errorf("%d packets were taken for a phone's", len(b.asked))
	}
	p.send(p.subscribe(yealink...))
	if text := p.receive(soon); !strings.HasPrefix(text, "SIP/2.0 200") {
		t.Errorf("afterwards a phone gets %q", text)
	}
}

// The NOTIFY has the link, so it goes only to the address of the packet, whatever address the request names.
func TestForgedContact(t *testing.T) {
	t.Parallel()
	for _, contact := range []string{"<sip:192.0.2.7:5060>", "<sip:example.com:5060>", "<sip:127.0.0.1:0>", "<sip:127.0.0.1:99999>", "<sip:[::1]:5060>", "*", "<tel:1>", "<sip:127.0.0.2:5060>"} {
		b := newBench(t, nil, theURL)
		p := newPhone(t, b.at)
		p.send(with(p, "Contact", "Contact: "+contact))
		first, second := p.receive(soon), p.receive(soon)
		if contact == "*" || contact == "<tel:1>" { // a parser may refuse them
			continue
		}
		if !strings.HasPrefix(first, "SIP/2.0 200") || !strings.HasPrefix(second, "NOTIFY sip:") && strings.Contains(strings.SplitN(second, "\r\n", 2)[0], p.addr().String()+" SIP/2.0") {
			t.Errorf("%s: got %q and %q", contact, first, second)
		}
	}
}

// A phone's text adds no header to our messages, and the log shows no control character.
func TestNoInjection(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil, theURL)
	p := newPhone(t, b.at)
	p.send(with(p, "Event", "Event: ua-profile;vendor=\"a\x1b[31m\x00b\";model=\""+strings.Repeat("m", 300)+"\""))
	p.receive(soon)
	notify := p.receive(soon)
	if strings.Count(notify, "\r\n\r\n") != 1 {
		t.Errorf("the NOTIFY is %q", notify)
	}
	if log := b.log.String(); strings.Contains(log, "\x1b") || strings.Contains(log, `\u001b`) || strings.Contains(log, strings.Repeat("m", 100)) {
		t.Errorf("the log is %s", log)
	}
}

// The number of remembered exchanges is bounded, for one source and for all together.
func TestExchangesAreBounded(t *testing.T) {
	t.Parallel()
	var x exchanges
	now := time.Now()
	source := netip.MustParseAddr("192.0.2.1")
	for i := range maxOfSource {
		if e, fresh := x.begin(now, source, fmt.Sprint(i), 1); e == nil || !fresh {
			t.Fatalf("exchange %d is refused", i)
		}
	}
	if e, _ := x.begin(now, source, "more", 1); e != nil {
		t.Error("a source has one exchange more than it may")
	}
	if e, fresh := x.begin(now, source, "0", 1); e == nil || fresh {
		t.Error("a repeated request is another one")
	}
	for i := range 10 * maxExchanges {
		if e, _ := x.begin(now, netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), "a", 1); e == nil {
			t.Fatalf("source %d is refused: what others forge keeps phones out", i)
		}
	}
	if len(x.list) != maxExchanges {
		t.Errorf("%d exchanges are remembered, want %d", len(x.list), maxExchanges)
	}
	if x.forget(now.Add(exchangeAge)); len(x.list) != 0 {
		t.Errorf("%d exchanges are left after their time", len(x.list))
	}
}

// A client that forges many addresses gets a bounded number of answers and log lines, also if Invite refuses everybody.
func TestFloodIsPaced(t *testing.T) {
	t.Parallel()
	for _, invited := range []bool{true, false} {
		sockets, err := Listen("127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer sockets.Close()
		var log testkit.Log
		asked := 0
		s := New(sockets, func(device.MAC, netip.Addr) (string, bool, bool) { asked++; return theURL, true, invited }, zerolog.New(&log))
		now := time.Now()
		s.now = func() time.Time { return now }
		p := newPhone(t, netip.AddrPort{})
		for i := range skips.Size(t, 20, 3) * newAtOnce {
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), 9)
			s.packet([]byte(p.subscribe(yealink...)), from)
		}
		if lines := strings.Count(log.String(), "\n"); asked != newAtOnce || lines != newAtOnce {
			t.Errorf("invited %v: %d requests are answered, with %d lines; want %d", invited, asked, lines, newAtOnce)
		}
	}
}

// A Server sends a NOTIFY that nobody answers maxNotifies times, with growing pauses.
func TestNotifiesAreBounded(t *testing.T) {
	t.Parallel()
	sockets, err := Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer sockets.Close()
	now := time.Now()
	s := New(sockets, func(device.MAC, netip.Addr) (string, bool, bool) { return theURL, true, true }, zerolog.Nop())
	s.now = func() time.Time { return now }
	p := newPhone(t, netip.AddrPort{})
	for range 100 { // the phone repeats its request without an end
		s.packet([]byte(p.subscribe(yealink...)), p.addr())
	}
	for range 400 {
		now = now.Add(50 * time.Millisecond)
		s.resend()
	}
	answers, notifies := 0, 0
	for {
		wait := while
		if answers < maxAnswers || notifies < maxNotifies {
			wait = soon // more must come
		}
		text := p.receive(wait)
		if text == "" {
			break
		}
		if strings.HasPrefix(text, "NOTIFY") {
			notifies++
		} else {
			answers++
		}
	}
	if answers != maxAnswers || notifies != maxNotifies {
		t.Errorf("%d answers and %d NOTIFYs, want %d and %d", answers, notifies, maxAnswers, maxNotifies)
	}
}

// No packet makes a panic. The messages of a request are whole, go to the sender, and have one body.
func FuzzPacket(f *testing.F) {
	p := newPhone(f, netip.AddrPort{})
	for _, row := range requests() {
		f.Add(p.subscribe(row.lines...))
	}
	f.Add("SIP/2.0 200 OK\r\nCall-ID: a\r\nCSeq: 1 NOTIFY\r\n\r\n")
	f.Add("")
	from := netip.MustParseAddrPort("127.0.0.1:5060")
	f.Fuzz(func(t *testing.T, text string) {
		message, err := parse([]byte(text))
		if err != nil {
			return
		}
		m, ok := message.(*sip.Request)
		if !ok {
			return
		}
		r, err := readRequest(m)
		if err != nil {
			return
		}
		if to := r.target(from); to.Addr() != from.Addr() || to.Port() == 0 {
			t.Errorf("the NOTIFY goes to %v", to)
		}
		answer, notify := answerTo(r, from, from), notifyFor(r, from, from, theURL)
		for _, sent := range [][]byte{answer, notify} {
			if n := len(sent); n > 4*len(text)+1000 {
				t.Errorf("%d bytes lead to %d", len(text), n)
			}
			if head, body, ok := strings.Cut(string(sent), "\r\n\r\n"); !ok || body != "" && body != theURL || strings.Contains(strings.ReplaceAll(head, "\r\n", ""), "\n") && !strings.Contains(text, "\n") {
				t.Errorf("sent %q", sent)
			}
		}
	})
}
