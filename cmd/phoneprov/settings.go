package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/httpapi"
	"github.com/phoneprov/phoneprov/httpapi/httpauth"
	"github.com/phoneprov/phoneprov/provision"
	"github.com/phoneprov/phoneprov/provision/device"
)

// defaultConfig is the settings file that is read if it exists.
const defaultConfig = "/etc/phoneprov/phoneprov.ini"

// settings are the settings of phoneprov.ini and the environment. loadSettings makes valid ones.
type settings struct {
	asteriskSettings                     // of [ami] and [asterisk]
	others           []*asteriskSettings // of [ami NAME] and [asterisk NAME], in the order of the file

	httpListen string // empty: none
	httpPrefix string // "" or a path such as "/phoneprov"
	moveTo     provision.Origin
	httpURL    string // empty: made of the address that the phone reaches
	hosts      httpapi.Hosts
	browsers   bool

	uploads     httpapi.UploadMode
	uploadDir   string
	uploadPhone int64 // bytes of each phone
	uploadAll   int64 // bytes of all phones

	httpsListen string // empty: none
	httpsCert   string
	httpsKey    string
	httpsLegacy bool

	tftpListen, pnpListen string // empty: none

	allow, proxies            []netip.Prefix
	deny                      []device.MAC
	unknownMACs, failedLogins int // 0: unbounded

	clientCA      string // PEM file; empty: client certificates are not requested
	certHeader    string // a header of trusted proxies; empty: none
	acceptExpired bool
	credentials   string // empty: none
	realm         string
	noQOP         []string // vendors whose phones may omit Digest's qop

	logLevel  zerolog.Level
	logFormat string // "json" or "console"

	stateDir string // empty: none, all is in memory

	resyncPhones resyncSettings

	maxLoss int // percent; 0: no bound

	adminListen    string // empty: none
	adminHosts     httpapi.Hosts
	adminTokens    string // file; empty: none
	adminPasswords string // file; empty: none
	adminTLS       bool
	adminCert      string // empty: httpsCert
	adminKey       string // empty: httpsKey

	inForce     []settingInForce
	renamed     []string     // what is said of settings that were given under a former name
	secretFiles []secretFile // files that settings were read from; see readableByOthers

	profiles map[string]*profileSettings // by name of the profile in phoneprov.conf
}

// setting is a key of phoneprov.ini.
type setting struct {
	section, key string
	value        string // the default, as it would be written
	meaning      string // for deploy/doc/SETTINGS.md
	secret       bool   // can be given as <key>_file, and is never printed
	mayBeEmpty   bool   // an empty value means something, also in the environment
	formerly     []former
	set          func(s *settings, value string) error
}

func (d *setting) name() string {
	if strings.Contains(d.section, " ") {
		return "[" + d.section + "] " + d.key
	}
	return d.section + "." + d.key
}

// env returns the environment variable of the key.
func (d *setting) env() string {
	return "PHONEPROV_" + strings.ToUpper(d.section+"_"+d.key)
}

// settingsTable is the only list of settings: for the parser, the environment and deploy/doc/SETTINGS.md.
func settingsTable() []setting {
	return append([]setting{
		{section: "asterisk", key: "config", value: "ami", set: oneOf(func(s *settings) *string { return &s.source }, "ami", "files"),
			meaning: "`ami`: Asterisk's configuration is asked for over the manager interface. `files`: it is read from `config_dir`"},
		{section: "asterisk", key: "config_dir", value: "/etc/asterisk", set: text(func(s *settings) *string { return &s.configDir }),
			meaning: "directory of Asterisk's configuration files"},
		{section: "asterisk", key: "data_dir", value: "/usr/share/asterisk/phoneprov", set: text(func(s *settings) *string { return &s.dataDir }),
			meaning: "directory of the templates and static files"},
		{section: "asterisk", key: "resync", value: "5m", set: duration(func(s *settings) *time.Duration { return &s.resync }),
			meaning: "everything is read again after this time even without an event; 0 is never"},
		{section: "asterisk", key: "name", value: "main", set: setPBXName,
			meaning: "name of this Asterisk: `PP_PBX` in templates, and what people see where there are several ([SEVERAL.md](SEVERAL.md))"},
		{section: "ami", key: "address", value: "127.0.0.1:5038", mayBeEmpty: true, set: address(func(s *settings) *string { return &s.amiAddress }),
			meaning: "host and port of the manager interface. Empty: no AMI, and with `config = files` the files are watched for changes"},
		{section: "ami", key: "username", value: "phoneprov", set: text(func(s *settings) *string { return &s.amiUsername }),
			meaning: "account of manager.conf"},
		{section: "ami", key: "secret", secret: true, mayBeEmpty: true, set: setSecret,
			meaning: "its secret; `secret_file` names a file that holds it"},
		{section: "ami", key: "function_connections", value: "4", set: setFunctionConnections,
			meaning: "at most so many connections ask Asterisk for functions in templates, 1 to 64"},
		{section: "ami", key: "function_ttl", value: "1s", set: duration(func(s *settings) *time.Duration { return &s.functionTTL }),
			meaning: "an answer to a function is reused for this time, or until the next reload; 0 is never"},
		{section: "ami", key: "tls", value: "no", set: yesNo(func(s *settings) *bool { return &s.amiTLS }),
			meaning: "`yes`: over TLS, to the port of `tlsbindaddr` in manager.conf"},
		{section: "ami", key: "ca", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.amiCA }),
			meaning: "PEM file of the CA of Asterisk's certificate, or that certificate itself; empty: the system's CAs"},
		{section: "ami", key: "server_name", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.amiName }),
			meaning: "name in Asterisk's certificate; empty: the host of `address`"},
		{section: "ami", key: "astdb", value: "no", set: yesNo(func(s *settings) *bool { return &s.amiAstDB }),
			meaning: "`yes`: a summary and the first 1,000 phones that are not up to date are kept in Asterisk's database, family `phoneprov`, so that the Asterisk CLI shows them: `phoneprov show phones`, or `database show phoneprov`"},
		{section: "http", key: "listen", value: ":8080", mayBeEmpty: true, set: address(func(s *settings) *string { return &s.httpListen }),
			meaning: "address for the phones; empty: none, with HTTPS only"},
		{section: "http", key: "prefix", value: "/phoneprov", set: setPrefix,
			meaning: "path before the file names, as Asterisk's own; `/` is none"},
		{section: "http", key: "url", mayBeEmpty: true, set: setHTTPURL,
			meaning: "scheme and host of the phones' URLs, say `https://phones.example.com`, for phones that did not come by HTTP: those of TFTP, SIP PnP and `phoneprov export`. Empty: the address that the phone reaches, with the port of `listen`"},
		{section: "http", key: "move_to", mayBeEmpty: true, set: setMoveTo,
			meaning: "scheme and host, say `http://new.example.com:8080`, that `PP_URL`, `PP_HOST` and `PP_SCHEME` tell phones in place of those that they asked for, to move them there ([MOVE.md](MOVE.md)). Empty: those that they asked for"},
		{section: "http", key: "hosts", mayBeEmpty: true, set: hosts(func(s *settings) *httpapi.Hosts { return &s.hosts }),
			meaning: "names of this host as phones have them in their URLs, against web pages that make a name of theirs lead here; addresses are always answered. Empty: any"},
		{section: "http", key: "browsers", value: "no", set: yesNo(func(s *settings) *bool { return &s.browsers }),
			meaning: "`yes`: web browsers get files too, and a web page of any site may ask and upload through the browsers of the LAN"},
		{section: "http", key: "uploads", value: "discard", set: setUploads,
			meaning: "what phones send with PUT and POST: `discard` (accepted and discarded), `store` it, or `off`"},
		{section: "http", key: "upload_dir", value: "/var/lib/phoneprov/uploads", set: text(func(s *settings) *string { return &s.uploadDir }),
			meaning: "directory for uploads; a phone gets back what it sent, unless a file of its profile has that name"},
		{section: "http", key: "upload_phone_mb", value: "8", set: megabytes(func(s *settings) *int64 { return &s.uploadPhone }),
			meaning: "quota of each phone in MB; the oldest logs go first"},
		{section: "http", key: "upload_all_mb", value: "1024", set: megabytes(func(s *settings) *int64 { return &s.uploadAll }),
			meaning: "quota of all phones together in MB"},
		{section: "https", key: "listen", mayBeEmpty: true, set: address(func(s *settings) *string { return &s.httpsListen }),
			meaning: "address for the phones over TLS 1.2 and up, say `:8443`; empty: none"},
		{section: "https", key: "cert", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.httpsCert }),
			meaning: "PEM file of the certificate and its chain; read again when it changes"},
		{section: "https", key: "key", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.httpsKey }),
			meaning: "PEM file of its key"},
		{section: "https", key: "legacy", value: "no", set: yesNo(func(s *settings) *bool { return &s.httpsLegacy }),
			meaning: "`yes`: TLS 1.0 and 1.1, RSA key exchange and 3DES too, for old phones"},
		{section: "tftp", key: "listen", mayBeEmpty: true, set: udpAddress(func(s *settings) *string { return &s.tftpListen }),
			meaning: "address for phones that come by TFTP, say `:69`; empty: none. Only `access.allow` counts there ([SECURITY.md](../SECURITY.md))"},
		{section: "pnp", key: "listen", mayBeEmpty: true, set: udpAddress(func(s *settings) *string { return &s.pnpListen }),
			meaning: "address for phones that ask for their server by SIP PnP: `224.0.1.75:5060`; empty: none. Asterisk's UDP transport on the same machine must then have one address, not `0.0.0.0`"},
		{section: "access", key: "allow", value: "lan", mayBeEmpty: true, set: networks(func(s *settings) *[]netip.Prefix { return &s.allow }),
			meaning: "networks whose phones need nothing else; `lan` is loopback, private and link-local ones; empty: none"},
		{section: "access", key: "deny", mayBeEmpty: true, set: setDeny,
			meaning: "MACs that get nothing, wherever they come from"},
		{section: "access", key: "trusted_proxies", mayBeEmpty: true, set: networks(func(s *settings) *[]netip.Prefix { return &s.proxies }),
			meaning: "networks of proxies whose `Forwarded`, or `X-Forwarded-For`, `-Proto` and `-Host`, are believed"},
		{section: "access", key: "unknown_macs", value: "20", set: number(func(s *settings) *int { return &s.unknownMACs }, 0, maxBudget),
			meaning: "unknown MACs that a source may request in ten minutes; beyond, it gets 429 for everything that is refused. A source is an IPv4 address or an IPv6 /64; a /56 may request four times, a /48 sixteen times as many. 0: no bound"},
		{section: "access", key: "failed_logins", value: "20", set: number(func(s *settings) *int { return &s.failedLogins }, 0, maxBudget),
			meaning: "wrong passwords of one user that a source may send in ten minutes; beyond, it gets 429. 0: no bound"},
		{section: "access", key: "client_ca", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.clientCA }),
			meaning: "PEM bundle of the CAs of phones' certificates, read again when it changes; empty: none are asked for"},
		{section: "access", key: "certificate_header", mayBeEmpty: true, set: setCertificateHeader,
			meaning: "header in which `trusted_proxies` pass on the certificate that the phone has shown them, say `X-Client-Cert`; the proxy must replace what the phone sends of that name. Empty: none is believed"},
		{section: "access", key: "accept_expired", value: "no", set: yesNo(func(s *settings) *bool { return &s.acceptExpired }),
			meaning: "`yes`: a phone's certificate counts when it has expired, as old factory certificates have"},
		{section: "access", key: "credentials", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.credentials }),
			meaning: "file of the passwords that phones may have, which `phoneprov passwd` writes and which is read again when it changes; empty: none"},
		{section: "access", key: "realm", value: "phoneprov", set: setRealm,
			meaning: "realm of Basic and Digest. With another one the Digest passwords must be written anew"},
		{section: "access", key: "digest_without_qop", mayBeEmpty: true, set: setNoQOP,
			meaning: "makes, as `PP_VENDOR` has them, whose old phones do the Digest of RFC 2069 only, say `Cisco`: each of their files then takes two requests. Empty: none may"},
		{section: "log", key: "level", value: "info", set: setLevel,
			meaning: "`debug`, `info`, `warn` or `error`"},
		{section: "log", key: "format", value: "json", set: oneOf(func(s *settings) *string { return &s.logFormat }, "json", "console"),
			meaning: "`json` or `console`, on stderr"},
		{section: "state", key: "dir", value: "/var/lib/phoneprov", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.stateDir }),
			meaning: "directory in which what is known of each phone is kept over restarts ([LEDGER.md](LEDGER.md)): up to 500 MB for 100,000 phones. Where it cannot be written that is said once, and all is kept in memory. Empty: in memory only"},
		{section: "guard", key: "max_loss", value: "50%", set: percent(func(s *settings) *int { return &s.maxLoss }),
			meaning: "a change of Asterisk's configuration that would take away more than so many of the phones, and at least 5, is held until `phoneprov confirm`, or until the configuration does not lose so many any more; what was read before is served on. 0: no bound"},
	}, append(adminTable(), resyncTable()...)...)
}

// assign sets a value. An empty value must be allowed.
func (d *setting) assign(s *settings, value string) error {
	if value == "" && !d.mayBeEmpty {
		return errors.New("is empty")
	}
	return d.set(s, value)
}

// check finds combinations of settings with which no service can run.
func (s *settings) check() error {
	switch {
	case s.source == "ami" && s.amiAddress == "":
		return errors.New("asterisk.config is ami, but ami.address is empty")
	case s.amiAddress != "" && s.amiSecret == "":
		return errors.New("ami.secret is empty; without a manager interface ami.address must be empty too")
	case s.amiAstDB && s.amiAddress == "":
		return errors.New("ami.astdb = yes needs ami.address")
	case !s.amiTLS && (s.amiCA != "" || s.amiName != ""):
		return errors.New("ami.ca and ami.server_name are for ami.tls = yes only")
	case s.httpListen == "" && s.httpsListen == "":
		return errors.New("http.listen and https.listen are both empty")
	case s.httpsListen != "" && (s.httpsCert == "" || s.httpsKey == ""):
		return errors.New("https.listen needs https.cert and https.key")
	case s.uploadAll < s.uploadPhone:
		return errors.New("http.upload_all_mb is less than http.upload_phone_mb")
	case s.httpsListen == "" && s.clientCA != "" && s.certHeader == "":
		return errors.New("access.client_ca needs https.listen, or access.certificate_header where a proxy does the TLS")
	case s.adminListen != "" && !onLoopback(s.adminListen) && s.adminTokens == "" && s.adminPasswords == "":
		return fmt.Errorf("admin.listen = %s is not on loopback alone: set admin.token_file or admin.password_file, or listen on 127.0.0.1", s.adminListen)
	case !s.adminTLS && (s.adminCert != "" || s.adminKey != ""):
		return errors.New("admin.cert and admin.key are for admin.tls = yes only")
	case (s.adminCert == "") != (s.adminKey == ""):
		return errors.New("admin.cert and admin.key belong together: set both, or none")
	case s.adminTLS && s.adminListen != "" && (cmp.Or(s.adminCert, s.httpsCert) == "" || cmp.Or(s.adminKey, s.httpsKey) == ""):
		return errors.New("admin.tls = yes needs admin.cert and admin.key, or https.cert and https.key")
	case s.certHeader != "" && (s.clientCA == "" || len(s.proxies) == 0):
		return errors.New("access.certificate_header needs access.client_ca and access.trusted_proxies")
	}
	return nil
}

// onLoopback reports whether only this machine reaches an address.
func onLoopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

type field func(*settings) *string

func text(f field) func(*settings, string) error {
	return func(s *settings, v string) error {
		*f(s) = v
		return nil
	}
}

func oneOf(f field, allowed ...string) func(*settings, string) error {
	return func(s *settings, v string) error {
		for _, a := range allowed {
			if v == a {
				*f(s) = v
				return nil
			}
		}
		return fmt.Errorf("%q is not one of: %s", v, strings.Join(allowed, ", "))
	}
}

func yesNo(f func(*settings) *bool) func(*settings, string) error {
	return func(s *settings, v string) error {
		if v != "yes" && v != "no" {
			return fmt.Errorf("%q is not one of: yes, no", v)
		}
		*f(s) = v == "yes"
		return nil
	}
}

// address parses host:port.
func address(f field) func(*settings, string) error {
	return func(s *settings, v string) error {
		if v != "" {
			_, port, err := net.SplitHostPort(v)
			if err != nil {
				return fmt.Errorf("%q is not an address: want host:port", v)
			}
			if _, err := net.LookupPort("tcp", port); err != nil {
				return fmt.Errorf("%q has no valid port", v)
			}
		}
		*f(s) = v
		return nil
	}
}

// duration parses a duration of at least zero.
func duration(field func(*settings) *time.Duration) func(*settings, string) error {
	return func(s *settings, v string) error {
		d, err := time.ParseDuration(v)
		if err != nil || d < 0 {
			return fmt.Errorf("%q is not a duration: want 30s, 5m or 0", v)
		}
		*field(s) = d
		return nil
	}
}

// percent sets a percentage: "50", "50%" or "50 %".
func percent(f func(*settings) *int) func(*settings, string) error {
	return func(s *settings, v string) error {
		digits, _ := strings.CutSuffix(v, "%")
		n, err := strconv.Atoi(strings.TrimSpace(digits))
		if err != nil || n < 0 || n > 100 {
			return fmt.Errorf("%q is not a part of a hundred: want 0%% to 100%%", v)
		}
		*f(s) = n
		return nil
	}
}

// maxFunctionConnections is far more than helps. Each is a thread of Asterisk.
const maxFunctionConnections = 64

func setFunctionConnections(s *settings, v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 1 || n > maxFunctionConnections {
		return fmt.Errorf("%q is not a number from 1 to %d", v, maxFunctionConnections)
	}
	s.functionConnections = n
	return nil
}

func setSecret(s *settings, v string) error {
	if strings.ContainsAny(v, "\r\n\x00") {
		return fmt.Errorf("has a line break or NUL in it") // it would end the header of the login
	}
	s.amiSecret = provision.Secret(v)
	return nil
}

func setRealm(s *settings, v string) error {
	s.realm = v
	return httpauth.CheckRealm(v)
}

func setNoQOP(s *settings, v string) error {
	s.noQOP = nil
	for _, make := range words(v) {
		s.noQOP = append(s.noQOP, make)
		if !device.KnownVendor(make) {
			return fmt.Errorf("%q is no make that a User-Agent tells: want %s", make, strings.Join(device.Vendors(), ", "))
		}
	}
	return nil
}

// setCertificateHeader parses the name of a header that has no other meaning.
func setCertificateHeader(s *settings, v string) error {
	name := http.CanonicalHeaderKey(v)
	if strings.Trim(v, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-") != "" ||
		v != "" && (!strings.Contains(name, "Cert") && !strings.HasPrefix(name, "X-") || strings.HasPrefix(name, "X-Forwarded-For")) {
		return fmt.Errorf("%q is not a header for certificates: want X-Client-Cert or Client-Cert", v)
	}
	s.certHeader = name
	return nil
}

func setPrefix(s *settings, v string) error {
	s.httpPrefix = strings.TrimRight(v, "/")
	u, err := url.ParseRequestURI(v)
	if err != nil || u.Path != v || u.EscapedPath() != v || strings.Contains(v, "//") || strings.ContainsAny(v, "{}*?#") {
		return fmt.Errorf("%q is not a path: want /name", v)
	}
	return nil
}

func setLevel(s *settings, v string) error {
	level, err := zerolog.ParseLevel(v)
	if err != nil || level.String() != v || level < zerolog.DebugLevel || level > zerolog.ErrorLevel {
		return fmt.Errorf("%q is not one of: debug, info, warn, error", v)
	}
	s.logLevel = level
	return nil
}
