package httpapi

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// browserAgents are what browsers call themselves, without the headers that they add.
var browserAgents = map[string]string{
	"Chrome":                   "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36",
	"Chrome, the first":        "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US) AppleWebKit/525.13 (KHTML, like Gecko) Chrome/0.2.149.27 Safari/525.13",
	"Chrome without a head":    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
	"Chrome, Android":          "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36",
	"Chrome, iOS":              "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/121.0.6167.66 Mobile/15E148 Safari/604.1",
	"Firefox":                  "Mozilla/5.0 (X11; Linux x86_64; rv:133.0) Gecko/20100101 Firefox/133.0",
	"Firefox, the first":       "Mozilla/5.0 (Windows; U; Windows NT 5.1; en-US; rv:1.7.5) Gecko/20041107 Firefox/1.0",
	"Firefox, Android":         "Mozilla/5.0 (Android 14; Mobile; rv:133.0) Gecko/133.0 Firefox/133.0",
	"Safari":                   "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.3 Safari/605.1.15",
	"Safari, iOS":              "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.3 Mobile/15E148 Safari/604.1",
	"Edge":                     "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36 Edg/131.0.0.0",
	"Edge, old":                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/42.0.2311.135 Safari/537.36 Edge/12.246",
	"Internet Explorer 11":     "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko",
	"Internet Explorer 8":      "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1; Trident/4.0)",
	"Internet Explorer 6":      "Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1; SV1)",
	"Opera":                    "Opera/9.80 (Windows NT 6.1; WOW64) Presto/2.12.388 Version/12.18",
	"Opera, as Chrome":         "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36 OPR/106.0.0.0",
	"Opera Mini":               "Opera/9.80 (J2ME/MIDP; Opera Mini/7.1.32052/29.3709; U; en) Presto/2.8.119 Version/11.10",
	"Samsung":                  "Mozilla/5.0 (Linux; Android 13; SAMSUNG SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/23.0 Chrome/115.0.0.0 Mobile Safari/537.36",
	"webview, Android":         "Mozilla/5.0 (Linux; Android 13; Pixel 7 Build/TQ3A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/119.0.0.0 Mobile Safari/537.36",
	"webview, iOS":             "Mozilla/5.0 (iPhone; CPU iPhone OS 17_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148",
	"a phone's own browser":    "Mozilla/5.0 (Linux; Android 9; Avaya Vantage K175) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/74.0.3729.157 Mobile Safari/537.36",
	"Android's old browser":    "Mozilla/5.0 (Linux; U; Android 4.2.2; de-de; Yealink SIP-T58A) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30",
	"Electron":                 "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) app/1.0 Chrome/108.0.5359.215 Electron/22.3.27 Safari/537.36",
	"PhantomJS":                "Mozilla/5.0 (Unknown; Linux x86_64) AppleWebKit/538.1 (KHTML, like Gecko) PhantomJS/2.1.1 Safari/538.1",
	"Konqueror":                "Mozilla/5.0 (compatible; Konqueror/4.5; Linux) KHTML/4.5.4 (like Gecko)",
	"Netscape":                 "Mozilla/4.08 [en] (WinNT; U ;Nav)",
	"Lynx":                     "Lynx/2.9.0dev.12 libwww-FM/2.14 SSL-MM/1.4.1 GNUTLS/3.8.2",
	"w3m":                      "w3m/0.5.3+git20230121",
	"Links":                    "Links (2.29; Linux 6.1.0 x86_64; GNU C 12.2; text)",
	"ELinks":                   "ELinks/0.16.1.1 (textmode; Linux x86_64; 80x24-2)",
	"NetSurf":                  "NetSurf/3.10 (Linux)",
	"Dillo":                    "Dillo/3.0.5",
	"a scanner as a browser":   "Mozilla/5.0 zgrab/0.x",
	"a browser that says snom": "Mozilla/4.0 (compatible; snomD785-SIP 10.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0",
}

// phoneAgents are what phones and programs call themselves, gathered from other servers' recognisers, logs and manuals.
var phoneAgents = []string{
	"",
	"FileTransport PolycomVVX-VVX_500-UA/5.9.7.4477 Type/Application",
	"FileTransport PolycomSoundPointIP-SPIP_550-UA/4.0.15.1047 (SN:0004a11a1a1a) Type/Application",
	"FileTransport PolyEdge-Edge_E450-UA/8.0.0.15602 Type/Application",
	"Yealink SIP-T46G 28.72.0.1 00:15:65:4a:a9:37",
	"yealink SIP-T28P 2.70.0.140 00:15:65:13:ae:0b",
	"Yealink W60B 77.81.0.35 80:5e:c0:09:ab:dc",
	"VP530P 23.70.0.40 00:15:65:31:4b:c0",
	"Mozilla/4.0 (compatible; snomD785-SIP 10.1.33.33 2010.12-00004-g9ba52f5 000413922D24 SXM:0 UXM:0)",
	"Mozilla/4.0 (compatible; snomD785-SIP 10.1.169.16 2010.12-00001-gd311851f1 (Feb 25 2019 - 14:19:43) 00041396D9B4 SXM:0 UXM:0 UXMC:0)",
	"Mozilla/4.0 (compatible; snom320-SIP 6.5.20; snom320 jffs2 v3.36; snom320 linux 3.38)",
	"Mozilla/4.0 (compatible; snom320-SIP 7.3.30 1.1.3-u)",
	"Mozilla/4.0 (compatible; snom760-SIP 8.7.3.19 2010.06)",
	"Mozilla/4.0 (compatible; snom870-SIP 8.4.35 SPEAr300 SNOM 1.4)",
	"Mozilla/4.0 (compatible; snomPA1-SIP 8.4.35 1.1.3-s)",
	"Mozilla/4.0 (compatible; snom lid 3605)",
	"Mozilla/4.0 (compatible; snom m9 9.1.43)",
	"Mozilla/4.0 (compatible; snom)",
	"Mozilla/4.0 (compatible; Snom M900 05.20.0001 000413b60680)",
	"snomD717/10.1.198.19",
	"Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a)",
	"Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J139-4.1.5.0.6 (MAC:c81f4aef9689)",
	"AVAYA/SIP12x0/04.00.04.00",
	"Grandstream Model HW GXP1628 SW 1.0.4.138 DevId c074ad2bd859",
	"Grandstream Model HW GXV3350  V1.3A SW 1.0.1.8 DevId c074ad150b88",
	"Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8",
	"Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)",
	"Linksys/SPA-942-6.1.5(a) (88019FA42805)",
	"Cisco-CP-8841-3PCC/11.0 (00562b043615)",
	"Allegro-Software-WebClient/4.34",
	"Fanvil X4 2.10.2.6887 0c383e07e16c",
	"Mitel6940 MAC:14-00-E9-1B-45-24 V:6.4.0.140-SIP",
	"Aastra6731i MAC:00-08-5D-23-74-29 V:3.2.0.70-SIP",
	"Gigaset N870 IP PRO/83.V2.11.0+build.a546b91;7C2F80E0D605",
	`"Gigaset N510 IP PRO/42.250.00.000.000;7C2F80CA21E4;Handset=1"`,
	"Htek UC926 2.0.4.2 00:1f:c1:00:00:01",
	"Panasonic_KX-UT113/01.133 (0080f0c8c381)",
	"Panasonic_KX-UT670/01.022 (0080f0000001)",
	"AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)",
	"Flyingvoice FIP13G V0.6.24 00:21:F2:22:AE:F1",
	"ALE M3-CE 2.11.01.1604 3c28a620089e",
	"SmartNode (Model:SN4112/JS/EUI; Serial:00A0BA08933C; Software Version:R6.2 2012-09-11 H323 SIP FXS FXO; Hardware Version:4.4)",
	"Sangoma P330 4_27_8 000FD3D0B030",
	"THOMSON ST2030 hw5 fw2.68 00-1F-9F-85-1D-5D",
	"OBIHAI/OBi302-3.2.2.8680",
	"Linphonec/5.1.65",
	"Zoiper rv2.10.19",
	"curl/8.5.0", "Wget/1.21.3", "Wget", "libwww-perl/6.67", "python-requests/2.31.0", "Go-http-client/1.1", "okhttp/4.12.0",
	"Dalvik/2.1.0 (Linux; U; Android 9; T58A)", "Groundwire/25 CFNetwork/1490.0.4 Darwin/23.2.0", "PostmanRuntime/7.36.1",
}

func hostsOf(t testing.TB, names ...string) Hosts {
	t.Helper()
	h, err := NewHosts(names)
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// A browser gets nothing, by its name alone, whatever it asks for and however; with http.browsers it is one like any other.
func TestBrowsersAreRefused(t *testing.T) {
	t.Parallel()
	open, shut := newSite(t, "", nil), newSite(t, "", nil)
	open.Browsers = true
	mayAsk, mayNot := Phones(open.Options), Phones(shut.Options)
	for name, ua := range browserAgents {
		if w := from(mayNot, lan, "0011223344aa.cfg", agent(ua)); w.Code != 404 || strings.Contains(w.Body.String(), attackSecret) {
			t.Errorf("%s: got %d %q", name, w.Code, w.Body)
		}
		if w := from(mayAsk, lan, "0011223344aa.cfg", agent(ua)); w.Code != 200 {
			t.Errorf("%s, where browsers are let in: got %d", name, w.Code)
		}
	}
	if got, want := strings.Count(shut.log.String(), `"reason":"web browser","message":"refused"`), len(browserAgents); got != want {
		t.Errorf("%d lines of a refusal, want %d", got, want)
	}
}

func TestPhonesAreNoBrowsers(t *testing.T) {
	t.Parallel()
	h := Phones(newSite(t, "", nil).Options)
	for _, ua := range phoneAgents {
		if w := from(h, lan, "fw.bin", agent(ua)); w.Code != 200 {
			t.Errorf("%q: got %d", ua, w.Code)
		}
	}
	for v, tt := range bootTests {
		if w := from(h, lan, "fw.bin", agent(newPhone("", v, 0).agent)); w.Code != 200 {
			t.Errorf("%s: got %d", tt.vendor, w.Code)
		}
	}
}

// A header that a browser adds gives it away, whatever it calls itself.
func TestBrowserHeaders(t *testing.T) {
	h := Phones(newSite(t, "", nil).Options)
	for _, header := range []string{
		"Origin: http://evil.example", "Origin: null", "Origin:", "origin: http://pbx.test", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors",
		"sec-fetch-dest: script", "Sec-Fetch-User: ?1", `Sec-CH-UA: "Chromium";v="131"`, "Sec-GPC: 1", "Sec-Purpose: prefetch",
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
	} {
		for _, ua := range []string{"", "curl/8.5.0", "Yealink SIP-T46G 28.72.0.1 00:11:22:33:44:aa"} {
			name, value, _ := strings.Cut(header, ":")
			w := from(h, lan, "0011223344aa.cfg", func(r *http.Request) {
				r.Header.Set(name, strings.TrimSpace(value))
				r.Header.Set("User-Agent", ua)
			})
			if w.Code != 404 {
				t.Errorf("%s, as %q: got %d", header, ua, w.Code)
			}
		}
	}
}

// A page cannot tell by the answer what there is: a file, a phone, a method, a path, an upload are all the same to it; nothing
// that it sends is kept, and no preflight is answered.
func TestBrowserLearnsNothing(t *testing.T) {
	s := newSite(t, "", nil)
	before := tree(t, s.dir)
	h := Phones(s.Options)
	var want string
	for _, method := range []string{"GET", "HEAD", "PUT", "POST", "OPTIONS", "DELETE"} {
		for _, name := range []string{"0011223344aa.cfg", "0011223344ab.cfg", "fw.bin", "nothing.bin", "0011223344aa-phone.cfg", "", "../x"} {
			w := from(h, lan, name, func(r *http.Request) {
				r.Method, r.Body = method, io.NopCloser(strings.NewReader("evil"))
				r.Header.Set("Origin", "http://evil.example")
				r.Header.Set("Access-Control-Request-Method", "PUT")
			})
			got := fmt.Sprint(w.Code, w.Header())
			if want == "" {
				want = got
			}
			if got != want || w.Code != 404 || w.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s %q: got %s, want %s", method, name, got, want)
			}
		}
	}
	if after := tree(t, s.dir); len(after) != len(before) {
		t.Errorf("kept %q", after)
	}
	for i := range 50 { // nor does it use up the budget of the LAN's phones
		from(h, lan, fmt.Sprintf("0011223344%02x.cfg", i), agent(browserAgents["Firefox"]))
	}
	if w := from(h, lan, "0011223355aa.cfg", nil); w.Code != 404 {
		t.Errorf("a phone behind the same address: got %d", w.Code)
	}
}

// A name that was made to lead here is not answered where the hosts are named; addresses are.
func TestHosts(t *testing.T) {
	t.Parallel()
	s := newSite(t, "", nil)
	phones := func(hosts ...string) http.Handler {
		o := s.Options
		o.Hosts = hostsOf(t, hosts...)
		return Phones(o)
	}
	admin := func(hosts ...string) http.Handler {
		o := s.Options
		o.AdminHosts = hostsOf(t, hosts...)
		return Admin(o)
	}
	file, ready := "/phoneprov/0011223344aa.cfg", "/readyz"
	for _, tt := range []struct {
		h            http.Handler
		target, host string
		want         int
	}{
		{phones(), file, "evil.example", 200},
		{phones("pbx.example"), file, "pbx.example", 200},
		{phones("pbx.example"), file, "pbx.example:8080", 200},
		{phones("pbx.example"), file, "PBX.Example.", 200},
		{phones("PBX.example."), file, "pbx.example", 200},
		{phones("pbx.example", "pbx"), file, "pbx:80", 200},
		{phones("pbx.example"), file, "evil.example", 404},
		{phones("pbx.example"), file, "pbx.example.evil.example", 404},
		{phones("pbx.example"), file, "evilpbx.example", 404},
		{phones("pbx.example"), file, "a.pbx.example", 404},
		{phones("pbx.example"), file, "localhost", 404},
		{phones("pbx.example"), file, "192.0.2.1:8080", 200},
		{phones("pbx.example"), file, "[2001:db8::1]:8080", 200},
		{phones("pbx.example"), file, "[fe80::1%25eth0]", 200},
		{phones("pbx.example"), file, "3221225985", 404}, // a browser makes it an address itself
		{phones("pbx.example"), file, "192.0.2.1.evil.example", 404},
		{phones("pbx.example"), file, "pbx.example:x", 404},
		{phones("pbx.example"), file, "0.0.0.0", 404},
		{phones("pbx.example"), file, "", 200}, // HTTP/1.0
		{phones("pbx.example"), "/phoneprov/none.cfg", "evil.example", 404},

		{admin(), ready, "localhost:8081", 200},
		{admin(), ready, "LOCALHOST.", 200},
		{admin(), ready, "127.0.0.1:8081", 200},
		{admin(), ready, "127.8.9.1", 200},
		{admin(), ready, "[::1]:8081", 200},
		{admin(), ready, "[::ffff:127.0.0.1]", 200},
		{admin(), ready, "", 200},
		{admin(), ready, "192.0.2.77:8081", 200}, // its own
		{admin(), ready, "192.0.2.78:8081", 404},
		{admin(), ready, "evil.example", 404},
		{admin(), ready, "localhost.evil.example", 404},
		{admin(), ready, "evil.localhost.example", 404},
		{admin(), ready, "0.0.0.0:8081", 404},
		{admin(), ready, "local host", 404},
		{admin("pbx.example", "192.0.2.78"), ready, "pbx.example:8081", 200},
		{admin("pbx.example", "192.0.2.78"), ready, "192.0.2.78", 200},
		{admin("pbx.example", "192.0.2.78"), ready, "localhost", 200},
		{admin("pbx.example"), ready, "other.example", 404},
		{admin("pbx.example"), "/healthz", "other.example", 404},
	} {
		s.log.Reset()
		w := from(tt.h, lan, "", func(r *http.Request) {
			r.URL.Path, r.Host = tt.target, tt.host
			local := &net.TCPAddr{IP: net.ParseIP("192.0.2.77"), Port: 8081}
			*r = *r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
		})
		if w.Code != tt.want {
			t.Errorf("%s for host %q: got %d, want %d", tt.target, tt.host, w.Code, tt.want)
		}
		if refused := strings.Contains(s.log.String(), `"reason":"host not served","message":"refused"`); refused != (tt.want == 404) {
			t.Errorf("%s for host %q: the log says %s", tt.target, tt.host, &s.log)
		}
	}
	for listen, host := range map[string]string{"admin.example:8081": "admin.example", "192.0.2.1:8081": "192.0.2.1", "[2001:db8::1]:8081": "2001:db8::1"} {
		if h := hostsOf(t, "pbx.example"); !h.With(listen).has(host) || !h.With(listen).has("pbx.example") || h.has(host) || !(Hosts{}).With(listen).has(host) {
			t.Errorf("listening on %s", listen)
		}
	}
	if !(Hosts{}).With(":8081").Any() || !(Hosts{}).With("").Any() {
		t.Error("listening on every address is no host")
	}
	for _, bad := range []string{"pbx.example:8080", "http://pbx.example", "pbx/x", "*.example", "a b", "0.0.0.0", "[::1]:80", ":"} {
		if _, err := NewHosts([]string{bad}); err == nil || !strings.Contains(err.Error(), "is not a host: want a name") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

// What counts behind a proxy is the host that the browser asked the proxy for.
func TestHostsBehindAProxy(t *testing.T) {
	s := newSite(t, "", nil)
	s.Hosts = hostsOf(t, "pbx.example")
	s.Access.Proxies = s.Access.Rules.Allow
	h := Phones(s.Options)
	for _, tt := range []struct {
		host, forwarded string
		want            int
	}{
		{"upstream", "pbx.example", 200}, {"upstream", "evil.example", 404}, {"pbx.example", "", 200}, {"pbx.example", "evil.example", 404},
	} {
		w := from(h, lan, "0011223344aa.cfg", func(r *http.Request) {
			r.Host = tt.host
			r.Header.Set("X-Forwarded-For", "10.0.0.1, 203.0.113.9")
			if tt.forwarded != "" {
				r.Header.Set("X-Forwarded-Host", tt.forwarded)
			}
		})
		if refused := strings.Contains(s.log.String(), reasonHost); refused != (tt.want == 404) {
			t.Errorf("%+v: got %d, the log says %s", tt, w.Code, &s.log)
		}
		s.log.Reset()
	}
}

// A browser that talks to the listener, byte for byte, as a page has it do.
func TestWebPageAttacks(t *testing.T) {
	ua := "User-Agent: " + browserAgents["Firefox"] + "\r\n"
	runAttacks(t, []attackTest{
		{"rebinding", "GET " + phoneTarget + " HTTP/1.1\r\nHost: evil.example\r\n" + ua + "Accept: */*\r\nConnection: close\r\n\r\n", one(404)},
		{"cross-site POST", request("POST", "/phoneprov/0011223344aa-phone.cfg", "Origin: http://evil.example\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n") + "evil", one(404)},
		{"form of an old browser", request("POST", "/phoneprov/0011223344aa-phone.cfg", ua+"Content-Type: text/plain\r\nContent-Length: 4\r\n") + "evil", one(404)},
		{"image", request("GET", phoneTarget, ua+"Referer: http://evil.example/\r\n"), one(404)},
		{"preflight", request("OPTIONS", phoneTarget, "Origin: http://evil.example\r\nAccess-Control-Request-Method: PUT\r\n"), one(404)},
		{"two that follow each other", strings.Replace(request("GET", phoneTarget, ua), "Connection: close\r\n", "", 1) + request("GET", phoneTarget, ua), []int{404, 404}},
	}, func(t *testing.T) *site { return newSite(t, "", nil) })
}
