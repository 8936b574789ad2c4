package tlsconf

import (
	"cmp"
	"crypto/tls"
	"fmt"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi/reload"
)

// Options configure a Server.
type Options struct {
	Name          string // of what has the certificate, for the log; empty: https
	Cert, Key     string // paths of PEM files: the certificate with its chain, and its key; empty: a proxy does the TLS, and Config must not be used
	Legacy        bool   // for old phones; see the package documentation
	ClientCA      string // path of a PEM bundle; empty: client certificates are not requested
	AcceptExpired bool   // a client certificate and its intermediates count although they have expired
	Log           zerolog.Logger
}

// maxFile bounds a file, in bytes. The bundle of all public CAs has a fifth of it.
const maxFile = 1 << 20

// Server is the TLS of a listener.
type Server struct {
	o      Options
	pair   *reload.Files[tls.Certificate]
	bundle *reload.Files[Bundle] // nil without ClientCA

	verdicts verdicts
}

// New reads the files. It returns an error if one of them is bad.
func New(o Options) (*Server, error) {
	s := &Server{o: o}
	var err error
	if o.Cert != "" {
		s.pair, err = reload.New(reload.Options[tls.Certificate]{
			Paths: []string{o.Cert, o.Key}, MaxBytes: maxFile, Parse: parseIn(o.Cert, parsePair), Told: s.tell(cmp.Or(o.Name, "https")+" certificate", o.Cert, o.Key),
		})
		if err != nil {
			return nil, err
		}
	}
	if o.ClientCA != "" {
		s.bundle, err = reload.New(reload.Options[Bundle]{
			Paths: []string{o.ClientCA}, MaxBytes: maxFile, Parse: parseIn(o.ClientCA, parseBundle), Told: s.tell("client_ca", o.ClientCA),
		})
		if err != nil {
			return nil, err
		}
	}
	if o.Legacy {
		o.Log.Warn().Msg("https.legacy is on: TLS 1.0 and 1.1 and weak ciphers are accepted from phones that have no better")
	}
	return s, nil
}

// tell returns a function that logs how a later reading of the files ended.
func (s *Server) tell(what string, paths ...string) func(error) {
	return func(err error) {
		if err != nil {
			s.o.Log.Error().AnErr("error", err).Msg(what + " cannot be reloaded; the last good one stays")
			return
		}
		s.o.Log.Info().Strs("files", paths).Msg(what + " reloaded")
	}
}

// parseIn returns a function that parses texts, and puts the path into its error.
func parseIn[T any](path string, parse func(texts [][]byte) (*T, error)) func(texts [][]byte, last *T) (*T, error) {
	return func(texts [][]byte, _ *T) (*T, error) {
		value, err := parse(texts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return value, nil
	}
}

func parsePair(texts [][]byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(texts[0], texts[1])
	return &pair, err
}

// Config returns the configuration for a listener. Every handshake gets the newest good pair.
func (s *Server) Config() *tls.Config {
	c := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.pair.Get(), nil },
	}
	if s.o.Legacy {
		c.MinVersion = tls.VersionTLS10
		c.CipherSuites = legacyCiphers()
	}
	if s.bundle != nil {
		c.ClientAuth = tls.RequestClientCert
	}
	return c
}

// legacyCiphers returns all ciphers of Go except RC4. Go uses the best one that both sides know, whatever their order.
func legacyCiphers() []uint16 {
	var ids []uint16
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		switch suite.ID {
		case tls.TLS_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_RSA_WITH_RC4_128_SHA, tls.TLS_ECDHE_ECDSA_WITH_RC4_128_SHA:
		default:
			ids = append(ids, suite.ID)
		}
	}
	return ids
}
