package main

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"net/http"

	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/tlsconf"
	"github.com/phoneprov/phoneprov/provision/regularfile"
)

// adminPair returns the files of the admin address' certificate and key.
func (s *settings) adminPair() (cert, key string) {
	return cmp.Or(s.adminCert, s.httpsCert), cmp.Or(s.adminKey, s.httpsKey)
}

// listenAdmin binds the admin address, with TLS if the settings want it.
func (v *service) listenAdmin(s *settings) error {
	config, err := v.openAdminTLS(s)
	if err != nil {
		return err
	}
	if v.admin, err = listen(s.adminListen); err != nil {
		return fmt.Errorf("admin.listen: %w", err)
	}
	if config != nil {
		v.admin = httpapi.TLS(v.admin, config)
	}
	return nil
}

// openAdminTLS reads the certificate of the admin address. Without TLS it returns nil.
func (v *service) openAdminTLS(s *settings) (*tls.Config, error) {
	if !s.adminTLS {
		return nil, nil
	}
	cert, key := s.adminPair()
	server, err := tlsconf.New(tlsconf.Options{Name: "admin", Cert: cert, Key: key, Log: v.log})
	if err != nil {
		return nil, fmt.Errorf("admin.tls: %w", err)
	}
	return server.Config(), nil
}

// adminURL returns the URL of an admin address as this host reaches it.
func (s *settings) adminURL(address string) string {
	if s.adminTLS {
		return "https://" + reachable(address)
	}
	return "http://" + reachable(address)
}

// adminTransport returns the transport to the admin address, without a proxy. Over TLS it accepts exactly the
// certificate of the settings: a command reaches the service at an address of this host, which no certificate names.
func (s *settings) adminTransport() (*http.Transport, error) {
	t := &http.Transport{DisableKeepAlives: true}
	if !s.adminTLS {
		return t, nil
	}
	path, _ := s.adminPair()
	own, err := firstCertificate(path)
	if err != nil {
		return nil, fmt.Errorf("admin.tls: %w", err)
	}
	t.TLSClientConfig = &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection compares the whole certificate instead
		VerifyConnection: func(c tls.ConnectionState) error {
			if len(c.PeerCertificates) == 0 || !bytes.Equal(c.PeerCertificates[0].Raw, own) {
				return fmt.Errorf("the service shows another certificate than %s: is it another service, or was the file renewed a moment ago?", path)
			}
			return nil
		},
	}
	return t, nil
}

// maxCertificate bounds the file of a certificate and its chain in bytes, as tlsconf does.
const maxCertificate = 1 << 20

// firstCertificate returns the first certificate of a PEM file in DER: the server's own.
func firstCertificate(path string) ([]byte, error) {
	text, _, err := regularfile.Read(path, maxCertificate)
	if err != nil {
		return nil, err
	}
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "CERTIFICATE" {
			return block.Bytes, nil
		}
	}
	return nil, errors.New(path + ": there is no certificate in it")
}
