package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// inIPv6Only names the variable that is set where the test runs in its own network.
const inIPv6Only = "TEST_IN_IPV6_ONLY" // no PHONEPROV_ variable: forgetSettings takes those away, and the test would start itself for ever

// Where there is no IPv4 at all the service works, with Asterisk, phones and health checks on IPv6, and what a phone gets has brackets
// where it must. The test runs itself in a network of its own, whose only address is ::1.
func TestIPv6Only(t *testing.T) {
	if os.Getenv(inIPv6Only) != "" {
		serveIPv6Only(t)
		return
	}
	self := exec.Command(os.Args[0], "-test.run=^TestIPv6Only$", "-test.v")
	self.Env = append(os.Environ(), inIPv6Only+"=1")
	self.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Getuid() != 0 {
		self.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		self.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
	}
	out, err := self.CombinedOutput()
	if errors.Is(err, syscall.EPERM) {
		skips.Skip(t, "this user may make no network namespace", "run the tests as root")
	}
	if err != nil || !bytes.Contains(out, []byte("--- PASS: TestIPv6Only")) {
		t.Fatalf("%v\n%s", err, out)
	}
}

// onlyIPv6 brings up the loopback interface without its address of IPv4.
func onlyIPv6(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	up := struct { // struct ifreq of netdevice(7)
		name  [16]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	none := struct { // the address 0.0.0.0 removes the one there is
		name    [16]byte
		address syscall.RawSockaddrInet4
		_       [8]byte
	}{address: syscall.RawSockaddrInet4{Family: syscall.AF_INET}}
	copy(up.name[:], "lo")
	copy(none.name[:], "lo")
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&up))); errno != 0 {
		t.Fatal(errno)
	}
	if _, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFADDR, uintptr(unsafe.Pointer(&none))); errno != 0 {
		t.Fatal(errno)
	}
	if l, err := net.Listen("tcp4", "127.0.0.1:0"); err == nil {
		if c, err := net.Dial("tcp4", l.Addr().String()); err == nil {
			c.Close()
			t.Fatal("there is IPv4")
		}
		l.Close()
	}
}

func serveIPv6Only(t *testing.T) {
	onlyIPv6(t)
	dir := t.TempDir()
	testkit.WriteTree(t, dir, map[string]string{
		"asterisk/phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t\n",
		"asterisk/users.conf":     "[6001]\nautoprov=yes\nmacaddress=0004f2000001\n",
		"phoneprov/t":             "${SERVER} ${PP_SERVER_HOST} ${PP_SERVER_HOSTPORT} ${PP_HOST} ${PP_URL}",
	})
	l, err := net.Listen("tcp", "[::1]:0")
	if err != nil {
		t.Fatal(err)
	}
	s, err := demoSettings(dir, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	server := amiserver.New(amiserver.Options{Username: s.amiUsername, Secret: s.amiSecret.Reveal(), Dir: s.configDir})
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	s.adminTokens = filepath.Join(dir, "token") // as the second address is not on loopback alone
	if err := os.WriteFile(s.adminTokens, []byte("token-of-the-ipv6-test-0123\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, listen := range []string{"[::1]:0", ":0"} {
		s.httpListen, s.adminListen = listen, listen
		var log bytes.Buffer
		v, err := newService(s, &log)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- v.run(ctx, nil) }()
		testkit.WaitFor(t, v.synced)
		_, port, _ := net.SplitHostPort(v.phones.Addr().String())
		_, adminPort, _ := net.SplitHostPort(v.admin.Addr().String())
		host := "[::1]:" + port
		want := fmt.Sprintf("::1 [::1] [::1]:5060 %s http://%s/phoneprov", host, host)
		for range 3 {
			if status, got := getBody(t, "http://"+host+"/phoneprov/0004f2000001.cfg"); status != 200 || got != want {
				t.Errorf("on %s: got %d %q, want %q", listen, status, got, want)
			}
		}
		asked := *s
		asked.adminListen = "[::1]:" + adminPort
		c, err := newAdminClient(&asked)
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			AMI bool `json:"ami_connected"`
		}
		if err := c.get(t.Context(), "/readyz", &got); err != nil || !got.AMI {
			t.Errorf("on %s: got %+v, %v", listen, got, err)
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
		if !strings.Contains(log.String(), `"remote":"::1"`) && !strings.Contains(log.String(), "remote=::1") {
			t.Errorf("the log does not name the phone: %s", &log)
		}
	}
}

func getBody(t *testing.T, url string) (status int, body string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}
