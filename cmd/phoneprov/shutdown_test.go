package main

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// slowAsterisk answers like Asterisk until hang is closed, then nothing. Of functions it never answers.
func slowAsterisk(t *testing.T, dir string, hang <-chan struct{}, asked chan<- struct{}) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := amiserver.New(amiserver.Options{Username: "phoneprov", Secret: "ami-secret", Dir: dir,
		Intercept: func(_ *amiserver.Session, action amiserver.Message) bool {
			if action["Action"] == "Getvar" {
				select {
				case asked <- struct{}{}:
				default:
				}
				return true
			}
			select {
			case <-hang:
				return true
			default:
				return false
			}
		}})
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	t.Cleanup(func() {
		server.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// slowTree is a configuration with a firmware file, and a phone's file that a function of Asterisk's is in.
func slowTree(t *testing.T) (asterisk, data string) {
	t.Helper()
	dir := t.TempDir()
	asterisk, data = filepath.Join(dir, "asterisk"), filepath.Join(dir, "data")
	for name, text := range map[string]string{
		"asterisk/phoneprov.conf": "[general]\ndefault_profile=p\n[p]\nstatic_file => big.rom,application/octet-stream\n${MAC}.cfg => t.cfg\n",
		"asterisk/users.conf":     "[general]\n[6001]\nusername=6001\nautoprov=yes\nmacaddress=0004f2000001\n",
		"data/t.cfg":              "${ODBC_SLOW(1)}\n",
		"data/big.rom":            strings.Repeat("firmware", 2<<20),
	} {
		testkit.Write(t, filepath.Join(dir, name), text)
	}
	return asterisk, data
}

// dialHTTP sends the begin of a request, and reads the begin of the answer where there is one.
func dialHTTP(t *testing.T, address, request, answer string, secure bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if secure {
		conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true}) // whose it is does not matter here
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	got := make([]byte, len(answer))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != answer {
		t.Fatalf("got %q, %v", got, err)
	}
}

// SIGTERM is a clean end, whatever is slow then: downloads, plain and over TLS, uploads, a rendering that waits for Asterisk,
// a synchronisation that does.
func TestSlowThingsDoNotFailTheEnd(t *testing.T) {
	t.Parallel()
	asterisk, data := slowTree(t)
	certs := t.TempDir()
	selfSigned(t, certs, "server")
	hang, asked := make(chan struct{}), make(chan struct{}, 1)
	var output testkit.Log
	p := newRunning(t, []string{
		"PHONEPROV_ASTERISK_CONFIG=ami", "PHONEPROV_AMI_ADDRESS=" + slowAsterisk(t, asterisk, hang, asked), "PHONEPROV_AMI_SECRET=ami-secret",
		"PHONEPROV_ASTERISK_DATA_DIR=" + data, "PHONEPROV_HTTP_UPLOADS=store", "PHONEPROV_HTTP_UPLOAD_DIR=" + t.TempDir(),
		"PHONEPROV_HTTPS_LISTEN=127.0.0.1:0", "PHONEPROV_HTTPS_CERT=" + certs + "/server.pem", "PHONEPROV_HTTPS_KEY=" + certs + "/server.key",
	}, "serve")
	p.cmd.Stderr = &output
	p.start(t)
	found := waitFor(t, &output, `"http":"([^"]+)","https":"([^"]+)","admin":"([^"]+)"`)
	client := &http.Client{Timeout: testkit.Patience, Transport: &http.Transport{DisableKeepAlives: true}}
	eventuallyReady(t, client, "http://"+found[3]+"/readyz")
	for i, address := range found[1:3] {
		dialHTTP(t, address, "GET /phoneprov/big.rom HTTP/1.1\r\nHost: pbx\r\n\r\n", "HTTP/1.1 200", i == 1)
		dialHTTP(t, address, "PUT /phoneprov/0004f2000001-app.log HTTP/1.1\r\nHost: pbx\r\nContent-Length: 1000\r\n\r\nhalf", "", i == 1)
	}
	dialHTTP(t, found[1], "GET /phoneprov/0004f2000001.cfg HTTP/1.1\r\nHost: pbx\r\n\r\n", "", false)
	<-asked
	close(hang)
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil { // a synchronisation that Asterisk does not answer
		t.Fatal(err)
	}
	p.terminate(t)
	for _, want := range []string{`"answers":\d+,"after":"5s".*"message":"answers under way were cut off`, `"message":"stopped"`} {
		if !regexp.MustCompile(want).MatchString(output.String()) {
			t.Errorf("the log has no %s: %s", want, &output)
		}
	}
	if strings.Contains(output.String(), "deadline exceeded") && strings.Contains(output.String(), `"stopped","error"`) {
		t.Errorf("the end is told as a failure: %s", &output)
	}
}

// An Asterisk that takes connections and says nothing does not keep the service from ending either.
func TestSilentAsteriskDoesNotFailTheEnd(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.(*net.TCPListener).SetDeadline(time.Now().Add(testkit.Patience)); err != nil {
		t.Fatal(err)
	}
	var output testkit.Log
	p := newRunning(t, []string{"PHONEPROV_ASTERISK_CONFIG=ami", "PHONEPROV_AMI_ADDRESS=" + l.Addr().String(), "PHONEPROV_AMI_SECRET=ami-secret"}, "serve")
	p.cmd.Stderr = &output
	p.start(t)
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	waitFor(t, &output, servingAt)
	p.terminate(t)
	if !strings.Contains(output.String(), `"message":"stopped"`) {
		t.Errorf("got %s", &output)
	}
}

// waitFor polls an output for a pattern and returns its groups.
func waitFor(t *testing.T, output fmt.Stringer, pattern string) (found []string) {
	t.Helper()
	re := regexp.MustCompile(pattern)
	testkit.WaitFor(t, func() error {
		if found = re.FindStringSubmatch(output.String()); found == nil {
			return fmt.Errorf("no %s in %s", pattern, output)
		}
		return nil
	})
	return found
}
