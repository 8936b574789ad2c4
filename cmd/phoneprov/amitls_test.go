package main

import (
	"crypto/tls"
	"net"
	"path/filepath"
	"testing"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
)

// The settings of [ami] for TLS reach the connection.
func TestAMIOverTLS(t *testing.T) {
	dir := t.TempDir()
	server := selfSigned(t, dir, "server")
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{server}})
	if err != nil {
		t.Fatal(err)
	}
	ami := amiserver.New(amiserver.Options{Username: "phoneprov", Secret: "ami-secret", Dir: "testdata/tree/asterisk"})
	done := make(chan error, 1)
	go func() { done <- ami.Serve(l) }()
	t.Cleanup(func() {
		ami.Close()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	env := httpsEnv(dir)
	env["PHONEPROV_ASTERISK_CONFIG"], env["PHONEPROV_AMI_ADDRESS"], env["PHONEPROV_AMI_SECRET"] = "ami", "localhost:"+port, "ami-secret"
	env["PHONEPROV_AMI_TLS"], env["PHONEPROV_AMI_CA"], env["PHONEPROV_AMI_SERVER_NAME"] = "yes", filepath.Join(dir, "server.pem"), "127.0.0.1"
	v, _ := runService(t, env, "")
	if n := v.options.Store.Load().Counts().Phones; n != 2 {
		t.Errorf("got %d phones, want 2", n)
	}
}
