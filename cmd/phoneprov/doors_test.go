package main

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// doorsEnv returns the environment of a service whose doors are open, that needs a password of all but 127.0.0.2.
func doorsEnv(t *testing.T) map[string]string {
	t.Helper()
	dir := layTree(t, nil)
	env := guardEnv(dir, "", "")
	for name, value := range map[string]string{
		"ASTERISK_CONFIG": "files", "AMI_ASTDB": "no", "TFTP_LISTEN": "127.0.0.1:0", "PNP_LISTEN": "127.0.0.1:0", "ACCESS_ALLOW": "127.0.0.2",
		"ACCESS_CREDENTIALS": testkit.Write(t, filepath.Join(dir, "credentials"), "0004f2000001:desk:MD5:00112233445566778899aabbccddeeff\n"),
	} {
		env["PHONEPROV_"+name] = value
	}
	delete(env, "PHONEPROV_AMI_USERNAME")
	delete(env, "PHONEPROV_AMI_SECRET")
	if err := os.Chmod(env["PHONEPROV_ACCESS_CREDENTIALS"], 0o600); err != nil {
		t.Fatal(err)
	}
	return env
}

// exchange sends a packet from an address and returns the packets that come back, count of them.
func exchange(t *testing.T, from string, to netip.AddrPort, packet string, count int) (answers []string, last netip.AddrPort, conn *net.UDPConn) {
	t.Helper()
	conn, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(from)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	packet = strings.ReplaceAll(packet, "{phone}", conn.LocalAddr().String())
	if _, err := conn.WriteToUDPAddrPort([]byte(packet), to); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 1<<16)
	for range count {
		conn.SetReadDeadline(time.Now().Add(testkit.Patience))
		n, addr, err := conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			t.Fatal(err)
		}
		answers, last = append(answers, string(buf[:n])), addr
	}
	return answers, last, conn
}

const subscribe = "SUBSCRIBE sip:MAC%3a{mac}@224.0.1.75 SIP/2.0\r\nVia: SIP/2.0/UDP {phone};branch=z9hG4bK1;rport\r\nFrom: <sip:MAC%3a{mac}@224.0.1.75>;tag=7\r\n" +
	"To: <sip:MAC%3a{mac}@224.0.1.75>\r\nCall-ID: {mac}\r\nCSeq: 1 SUBSCRIBE\r\nContact: <sip:{phone}>\r\n" +
	"Event: ua-profile;profile-type=\"device\";vendor=\"Grandstream\";model=\"GRP2612W\"\r\nContent-Length: 0\r\n\r\n"

// urlOf returns the URL that a phone gets by SIP PnP.
func urlOf(t *testing.T, v *service, from, mac string) string {
	t.Helper()
	at := v.doors.pnp.Addr().(*net.UDPAddr).AddrPort()
	answers, _, _ := exchange(t, from, at, strings.ReplaceAll(subscribe, "{mac}", mac), 2)
	_, url, ok := strings.Cut(answers[1], "\r\n\r\n")
	if !strings.HasPrefix(answers[0], "SIP/2.0 200 ") || !strings.HasPrefix(answers[1], "NOTIFY ") || !ok {
		t.Fatalf("got %q", answers)
	}
	if _, token, ok := strings.Cut(url, "once-"); ok {
		secrets.Add(strings.TrimSuffix(token, "/"))
	}
	return url
}

// getFrom fetches a URL as a phone at an address does.
func getFrom(t *testing.T, from, url string) (status int, body string) {
	t.Helper()
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return answerTo(t, &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}, r)
}

// A phone without a password gets a link by SIP PnP, and its file by the link, once. The ledger and the metrics know.
func TestPnPLink(t *testing.T) {
	t.Parallel()
	testkit.NeedAddress(t, "127.0.0.2")
	v, log, stop := runUntil(t, doorsEnv(t))
	testkit.WaitFor(t, v.synced)
	const file = "0004f2000001-lines.cfg"
	host := "http://" + v.phones.Addr().String() + "/phoneprov/"
	if status, _ := getFrom(t, "127.0.0.1", host+file); status != 401 {
		t.Errorf("without a link: got %d, want 401", status)
	}
	url := urlOf(t, v, "127.0.0.1", "0004F2000001")
	if !strings.HasPrefix(url, host+"once-") || !strings.HasSuffix(url, "/") {
		t.Fatalf("the URL is %q", url)
	}
	for i, want := range []int{200, 401} {
		if status, _ := getFrom(t, "127.0.0.1", url+file); status != want {
			t.Errorf("fetch %d: got %d, want %d", i, status, want)
		}
	}
	if got := urlOf(t, v, "127.0.0.2", "0004f2000001"); got != host {
		t.Errorf("a phone whose address is enough gets %q, want %q", got, host)
	}
	unknown := urlOf(t, v, "127.0.0.1", "0004f20000ff")
	if len(unknown) != len(url) || !strings.HasPrefix(unknown, host+"once-") {
		t.Errorf("an unknown phone gets %q, which tells that it is unknown", unknown)
	}
	if status, _ := getFrom(t, "127.0.0.1", unknown+file); status != 401 {
		t.Errorf("with the link of an unknown phone: got %d, want 401", status)
	}
	if err := v.ledger.Settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	if phone, ok := v.ledger.Phone("0004f2000001"); !ok || phone.LastFetch == nil {
		t.Errorf("the ledger has %+v", phone)
	}
	if m := scrape(v); !strings.Contains(m, `reason="one-time link",status="200"} 1`) {
		t.Errorf("the metrics have no link: %s", m)
	}
	stop()
	for _, want := range []string{"answering SIP PnP, which cannot check who asks", "whoever names a phone's MAC gets a link"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log does not say %q: %s", want, log)
		}
	}
}

func scrape(v *service) string {
	w := httptest.NewRecorder()
	v.metrics.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	return w.Body.String()
}

// Over TFTP only an address counts. The ledger, the metrics and the log have the request.
func TestTFTPDoor(t *testing.T) {
	t.Parallel()
	testkit.NeedAddress(t, "127.0.0.2")
	v, log, stop := runUntil(t, doorsEnv(t))
	testkit.WaitFor(t, v.synced)
	at := v.doors.tftp.LocalAddr().(*net.UDPAddr).AddrPort()
	read := "\x00\x010004f2000001-lines.cfg\x00octet\x00blksize\x0065464\x00"
	if answers, _, _ := exchange(t, "127.0.0.1", at, read, 1); !strings.HasPrefix(answers[0], "\x00\x05") {
		t.Errorf("an address that needs a password gets %q", answers)
	}
	_, from, conn := exchange(t, "127.0.0.2", at, read, 1) // OACK
	buf := make([]byte, 1<<16)
	if _, err := conn.WriteToUDPAddrPort([]byte{0, 4, 0, 0}, from); err != nil {
		t.Fatal(err)
	}
	n, err := conn.Read(buf)
	if err != nil || n < 100 || buf[1] != 3 {
		t.Errorf("a phone gets %d bytes, %v", n, err)
	}
	if _, err := conn.WriteToUDPAddrPort([]byte{0, 4, 0, 1}, from); err != nil {
		t.Fatal(err)
	}
	testkit.Eventually(t, "the request is in the ledger", func() bool {
		phone, ok := v.ledger.Phone("0004f2000001")
		return ok && hasFile(phone, "tftp")
	})
	if m := scrape(v); !strings.Contains(m, `reason="needs a login, which this protocol does not have",status="404"} 1`) || !strings.Contains(m, `reason="address",status="200"} 1`) {
		t.Errorf("the metrics are %s", m)
	}
	stop()
	if !strings.Contains(log.String(), "serving over TFTP, which has no passwords, no certificates and no encryption") {
		t.Errorf("the log does not say what TFTP cannot check: %s", log)
	}
}

func hasFile(p ledger.Phone, over string) bool {
	for _, f := range p.Files {
		if f.Over == over && f.State == ledger.UpToDate {
			return true
		}
	}
	return false
}

// The URL that phones are told has the address that they reach, or what http.url says.
func TestReachedAt(t *testing.T) {
	t.Parallel()
	local, remote := netip.MustParseAddr("127.0.0.2"), netip.MustParseAddr("127.0.0.3")
	at := func(ip string, port int) net.Listener {
		return addressed{addr: &net.TCPAddr{IP: net.ParseIP(ip), Port: port}}
	}
	for _, row := range []struct {
		name        string
		http, https net.Listener
		url         string
		local       netip.Addr
		want        string
	}{
		{"all addresses", at("::", 8080), nil, "", local, "http 127.0.0.2:8080"},
		{"all addresses, the packet does not say which", at("::", 8080), nil, "", netip.Addr{}, "http 127.0.0.1:8080"},
		{"one address", at("192.0.2.1", 8080), nil, "", local, "http 192.0.2.1:8080"},
		{"the usual port", at("::", 80), nil, "", local, "http 127.0.0.2"},
		{"the usual port of HTTPS", nil, at("::", 443), "", local, "https 127.0.0.2"},
		{"HTTPS only", nil, at("::", 8443), "", local, "https 127.0.0.2:8443"},
		{"IPv6", at("::", 8080), nil, "", netip.MustParseAddr("2001:db8::1"), "http [2001:db8::1]:8080"},
		{"IPv6, the usual port", at("::", 80), nil, "", netip.MustParseAddr("2001:db8::1"), "http [2001:db8::1]"},
		{"http.url", at("::", 8080), nil, "https://phones.example.com", local, "https phones.example.com"},
	} {
		v := &service{phones: row.http, https: row.https, doors: doors{url: row.url}}
		scheme, host := v.reachedAt(row.local, remote)
		if got := scheme + " " + host; got != row.want {
			t.Errorf("%s: got %q, want %q", row.name, got, row.want)
		}
	}
}

type addressed struct {
	net.Listener
	addr net.Addr
}

func (a addressed) Addr() net.Addr { return a.addr }

// A port that somebody else has is an error that says what to do.
func TestDoorsThatDoNotOpen(t *testing.T) {
	t.Parallel()
	taken, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	at := taken.LocalAddr().String()
	for name, row := range map[string]struct{ setting, want string }{
		"tftp": {"PHONEPROV_TFTP_LISTEN", "tftp.listen: listen udp " + at + ": bind: address already in use"},
		"pnp": {"PHONEPROV_PNP_LISTEN", "pnp.listen: listen udp " + at + ": bind: address already in use: if Asterisk has that port on all addresses, " +
			"give its transport one address (bind = 192.0.2.1 in pjsip.conf)"},
	} {
		t.Run(name, func(t *testing.T) {
			env := doorsEnv(t)
			env[row.setting] = at
			s, err := loadSettings("", func(name string) (string, bool) { v, ok := env[name]; return v, ok })
			if err != nil {
				t.Fatal(err)
			}
			if _, err := newService(s, io.Discard); err == nil || err.Error() != row.want {
				t.Errorf("got %v, want %s", err, row.want)
			}
			found := tryDoors(s, func() bool { return false })
			if len(found) != 1 && len(found) != 2 || found[0].Message != row.want {
				t.Errorf("check finds %+v", found)
			}
			if found := tryDoors(s, func() bool { return true }); len(found) != 1 || !strings.HasPrefix(found[0].Message, "http.url is empty") {
				t.Errorf("while it runs, check finds %+v", found)
			}
		})
	}
}

func TestDoorSettings(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ name, value, want string }{
		{"PHONEPROV_TFTP_LISTEN", "69", `PHONEPROV_TFTP_LISTEN: "69" is not an address: want host:port`},
		{"PHONEPROV_TFTP_LISTEN", ":0x45", `PHONEPROV_TFTP_LISTEN: ":0x45" has no valid port`},
		{"PHONEPROV_PNP_LISTEN", "[ff02::1]:5060", `PHONEPROV_PNP_LISTEN: "[ff02::1]:5060" is a multicast group of IPv6: phones know 224.0.1.75 only`},
		{"PHONEPROV_HTTP_URL", "phones.example.com", `PHONEPROV_HTTP_URL: "phones.example.com" is not a scheme and a host: want https://phones.example.com, without a path`},
		{"PHONEPROV_HTTP_URL", "http://x/phoneprov", `PHONEPROV_HTTP_URL: "http://x/phoneprov" is not a scheme and a host: want https://phones.example.com, without a path`},
		{"PHONEPROV_HTTP_URL", "http://a:b@x", `PHONEPROV_HTTP_URL: "http://a:b@x" is not a scheme and a host: want https://phones.example.com, without a path`},
		{"PHONEPROV_HTTP_URL", "http://x:0", `PHONEPROV_HTTP_URL: "http://x:0" is not a scheme and a host: want https://phones.example.com, without a path`},
		{"PHONEPROV_HTTP_URL", "ftp://x", `PHONEPROV_HTTP_URL: "ftp://x" is not a scheme and a host: want https://phones.example.com, without a path`},
		{"PHONEPROV_HTTP_URL", "https://x:8443", ""},
		{"PHONEPROV_TFTP_LISTEN", ":tftp", ""},
	} {
		_, err := loadSettings("", func(name string) (string, bool) { return row.value, name == row.name })
		switch {
		case row.want == "" && err != nil && strings.Contains(err.Error(), row.name):
			t.Errorf("%s=%s: %v", row.name, row.value, err)
		case row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want)):
			t.Errorf("%s=%s: got %v, want %s", row.name, row.value, err, row.want)
		}
	}
}
