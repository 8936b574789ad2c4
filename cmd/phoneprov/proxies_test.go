package main

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// documentedProxy is an example of deploy/doc, and how the real program runs with it.
type documentedProxy struct {
	program, file string
	run           func(config, front string) []string
	wrap          string // around the file's text; TEXT
	header        string // that has the certificate
}

var documentedProxies = []documentedProxy{
	{"nginx", "nginx.conf", func(c, _ string) []string { return []string{"-e", "stderr", "-p", filepath.Dir(c), "-c", c} },
		"daemon off; pid nginx.pid; error_log stderr; worker_processes 1; events { }\nhttp { access_log off; client_body_temp_path t; proxy_temp_path t; fastcgi_temp_path t; uwsgi_temp_path t; scgi_temp_path t;\nTEXT\n}\n", "X-Client-Cert"},
	{"haproxy", "haproxy.cfg", func(c, _ string) []string { return []string{"-db", "-f", c} }, "TEXT", "X-Client-Cert"},
	{"caddy", "Caddyfile", func(c, _ string) []string { return []string{"run", "--adapter", "caddyfile", "--config", c} }, "TEXT", "X-Client-Cert"},
}

// The real proxies with the documented configurations pass on addresses, HTTPS, host and certificate, and nothing that a phone
// makes up.
func TestDocumentedProxies(t *testing.T) {
	t.Parallel()
	all := documentedProxies
	if _, err := exec.LookPath("traefik"); err == nil { // Debian has no package of it
		all = append(all, documentedProxy{"traefik", "traefik.yml", traefikArguments(t), "TEXT", "X-Forwarded-Tls-Client-Cert"})
	}
	for _, proxy := range all[:skips.Size(t, len(all), 1)] {
		t.Run(proxy.program, func(t *testing.T) {
			oracle.NeedProgram(t, proxy.program)
			testkit.NeedAddress(t, "127.0.0.2")
			testkit.NeedAddress(t, "127.0.0.3")
			certs, strangers := t.TempDir(), t.TempDir()
			phone, other := selfSigned(t, certs, "0004f2000001"), selfSigned(t, certs, "0004f2000002")
			forged := selfSigned(t, strangers, "0004f2000001")
			selfSigned(t, certs, "server")
			concat(t, filepath.Join(certs, "phones-ca.pem"), filepath.Join(certs, "0004f2000001.pem"), filepath.Join(certs, "0004f2000002.pem"))
			concat(t, filepath.Join(certs, "both.pem"), filepath.Join(certs, "server.pem"), filepath.Join(certs, "server.key"))
			back, output := startBehindProxy(t, certs, proxy.header)

			text, err := os.ReadFile("../../deploy/doc/" + proxy.file)
			if err != nil {
				t.Fatal(err)
			}
			front := freeAddress(t)
			_, port, _ := net.SplitHostPort(front)
			edits := []string{
				"/etc/phoneprov/tls/cert-and-key.pem", filepath.Join(certs, "both.pem"), "/etc/phoneprov/tls/cert.pem", filepath.Join(certs, "server.pem"),
				"/etc/phoneprov/tls/key.pem", filepath.Join(certs, "server.key"), "/etc/phoneprov/phones-ca.pem", filepath.Join(certs, "phones-ca.pem"),
				"127.0.0.1:8080", back, "phoneprov:8080", back, "listen 443", "listen " + front, "bind :443", "bind " + front, "\n:443 {", "\n:" + port + " {\n\tbind 127.0.0.1",
			}
			config := filepath.Join(t.TempDir(), proxy.file)
			edited := strings.NewReplacer(edits...).Replace(strings.Replace(proxy.wrap, "TEXT", string(text), 1))
			testkit.Write(t, config, edited)
			startProxy(t, front, proxy.program, proxy.run(config, front)...)

			pemText := url.PathEscape(string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: phone.Certificate[0]})))
			derText := base64.StdEncoding.EncodeToString(phone.Certificate[0])
			for _, row := range []struct {
				name, from string
				cert       *tls.Certificate
				header     http.Header
				want       int
				log        string
			}{
				{"its certificate", "127.0.0.2", &phone, nil, 200, `"remote":"127.0.0.2","user_agent":"its certificate","reason":"certificate"`},
				{"none", "127.0.0.2", nil, nil, 404, `"remote":"127.0.0.2","user_agent":"none","reason":"address not allowed"`},
				{"another phone's", "127.0.0.2", &other, nil, 404, `"reason":"certificate of another phone"`},
				{"of another CA", "127.0.0.2", &forged, nil, 404, `"certificate":"client certificate is not from a CA in client_ca"`},
				{"PEM made up", "127.0.0.2", nil, http.Header{proxy.header: {pemText}}, 404, `"user_agent":"PEM made up","reason":"address not allowed"`},
				{"DER made up", "127.0.0.2", nil, http.Header{proxy.header: {derText}}, 404, `"user_agent":"DER made up","reason":"address not allowed"`},
				{"made up beside another", "127.0.0.2", &other, http.Header{proxy.header: {derText, pemText}}, 404, `"user_agent":"made up beside another","reason":"certificate of another phone"`},
				{"an allowed address", "127.0.0.3", nil, nil, 200, `"remote":"127.0.0.3","user_agent":"an allowed address","reason":"address"`},
				{"an address made up", "127.0.0.2", nil, http.Header{"X-Forwarded-For": {"127.0.0.3"}, "Forwarded": {"for=127.0.0.3"}, "X-Real-Ip": {"127.0.0.3"}}, 404, `"remote":"127.0.0.2","user_agent":"an address made up","reason":"address not allowed"`},
				{"a scheme and host made up", "127.0.0.3", nil, http.Header{"X-Forwarded-Proto": {"http"}, "X-Forwarded-Host": {"evil.test"}, "Forwarded": {"proto=http;host=evil.test"}}, 200, ""},
			} {
				status, body := throughProxy(t, front, row.from, row.name, row.cert, row.header)
				if want := "url=https://" + front + "/phoneprov\n"; status != row.want || status == 200 && body != want {
					t.Errorf("%s: got %d %q, want %d %q", row.name, status, body, row.want, want)
				}
				if row.log != "" && !strings.Contains(output(row.log), row.log) {
					t.Fatalf("%s: the log has no %s: %s", row.name, row.log, output(""))
				}
			}
		})
	}
}

// startBehindProxy runs the service as deploy/doc/PROXIES.md says. output waits for a text in its log and returns all of it.
func startBehindProxy(t *testing.T, certs, header string) (address string, output func(want string) string) {
	t.Helper()
	asterisk, data := slowTree(t)
	testkit.Write(t, filepath.Join(data, "t.cfg"), "url=${PP_URL}\n")
	var log testkit.Log
	p := newRunning(t, []string{
		"PHONEPROV_ASTERISK_CONFIG_DIR=" + asterisk, "PHONEPROV_ASTERISK_DATA_DIR=" + data, "PHONEPROV_ACCESS_ALLOW=127.0.0.3",
		"PHONEPROV_ACCESS_TRUSTED_PROXIES=127.0.0.1", "PHONEPROV_ACCESS_CERTIFICATE_HEADER=" + strings.ToLower(header),
		"PHONEPROV_ACCESS_CLIENT_CA=" + filepath.Join(certs, "phones-ca.pem"),
	}, "serve")
	p.cmd.Stderr = &log
	p.start(t)
	found := waitFor(t, &log, servingAt)
	client := &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	eventuallyReady(t, client, "http://"+found[2]+"/readyz")
	return found[1], func(want string) string {
		tick := time.NewTicker(10 * time.Millisecond)
		defer tick.Stop()
		for limit := time.Now().Add(testkit.Patience); !strings.Contains(log.String(), want) && time.Now().Before(limit); {
			<-tick.C
		}
		return log.String()
	}
}

// freeAddress is one of loopback's that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// startProxy runs a proxy until the test ends, and waits until it takes connections.
func startProxy(t *testing.T, address, program string, args ...string) {
	t.Helper()
	var output testkit.Log
	ctx, stop := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // nginx ends its worker then
	cmd.WaitDelay = testkit.Patience
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "XDG_DATA_HOME="+t.TempDir(), "XDG_CONFIG_HOME="+t.TempDir())
	cmd.Stdout, cmd.Stderr = &output, &output
	ended, err := testkit.Start(cmd, t.Cleanup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(); <-ended })
	testkit.WaitFor(t, func() error {
		select {
		case <-ended:
			t.Fatalf("%s ended: %s", program, &output)
		default:
		}
		conn, err := net.Dial("tcp", address)
		if err != nil {
			return fmt.Errorf("%s does not listen: %w: %s", program, err, &output)
		}
		return conn.Close()
	})
}

// throughProxy fetches the phone's file from an address of this machine.
func throughProxy(t *testing.T, front, from, agent string, cert *tls.Certificate, header http.Header) (status int, body string) {
	t.Helper()
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	config := &tls.Config{InsecureSkipVerify: true} // the proxy's own certificate is not what is tested
	if cert != nil {
		config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return cert, nil }
	}
	transport := &http.Transport{DialContext: dialer.DialContext, TLSClientConfig: config, DisableKeepAlives: true}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://"+front+"/phoneprov/0004f2000001.cfg", nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, values := range header {
		r.Header[name] = values
	}
	r.Header.Set("User-Agent", agent)
	return answerTo(t, transport, r)
}

// answerTo sends a request, and returns the status and the body of its answer.
func answerTo(t *testing.T, transport *http.Transport, r *http.Request) (status int, body string) {
	t.Helper()
	resp, err := (&http.Client{Transport: transport, Timeout: testkit.Patience}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

func concat(t *testing.T, to string, from ...string) {
	t.Helper()
	var all []byte
	for _, name := range from {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, text...)
	}
	testkit.Write(t, to, all)
}
