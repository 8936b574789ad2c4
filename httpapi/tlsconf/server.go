package tlsconf

import (
	"crypto/tls"

	"github.com/rs/zerolog"
)

// Options configure a Server.
type Options struct {
	Cert, Key     string // paths of PEM files: the certificate with its chain, and its key; empty: a proxy does the TLS, and Config is not for use
	Legacy        bool   // for old phones; see the package's documentation
	ClientCA      string // path of a PEM bundle; empty: client certificates are not asked for
	AcceptExpired bool   // a client certificate and its intermediates count even when they have expired
	Log           zerolog.Logger
}

// Server is the phones' side of TLS.
type Server struct {
	o      Options
	pair   *reloaded[tls.Certificate]
	bundle *reloaded[Bundle] // nil without ClientCA

	verdicts verdicts
}

// New reads the files for the first time: then they must be good.
func New(o Options) (*Server, error) {
	s := &Server{o: o}
	if o.Cert != "" {
		s.pair = &reloaded[tls.Certificate]{what: "https certificate", paths: []string{o.Cert, o.Key}, parse: parsePair, log: o.Log}
		if err := s.pair.load(); err != nil {
			return nil, err
		}
	}
	if o.ClientCA != "" {
		s.bundle = &reloaded[Bundle]{what: "client_ca", paths: []string{o.ClientCA}, parse: parseBundle, log: o.Log}
		if err := s.bundle.load(); err != nil {
			return nil, err
		}
	}
	if o.Legacy {
		o.Log.Warn().Msg("https.legacy is on: TLS 1.0 and 1.1 and weak ciphers are accepted from phones that have no better")
	}
	return s, nil
}

func parsePair(texts [][]byte) (*tls.Certificate, error) {
	pair, err := tls.X509KeyPair(texts[0], texts[1])
	return &pair, err
}

// Config is for a listener. It serves the newest good pair at every handshake.
func (s *Server) Config() *tls.Config {
	c := &tls.Config{
		MinVersion:     tls.VersionTLS12,
		NextProtos:     []string{"http/1.1"},
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.pair.get(), nil },
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

// legacyCiphers are all that Go has but RC4. Of those that both sides know Go takes the best, whatever their order.
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
