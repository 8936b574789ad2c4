package main

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/rs/zerolog"

	"github.com/phoneprov/phoneprov/provision"
)

// defaultConfig is read if it is there.
const defaultConfig = "/etc/phoneprov/phoneprov.ini"

// settings is what phoneprov.ini and the environment say. Its zero value is not valid: loadSettings fills it.
type settings struct {
	source    string // "ami" or "files"
	configDir string
	dataDir   string
	resync    time.Duration // 0: never

	amiAddress  string // empty: no AMI
	amiUsername string
	amiSecret   provision.Secret

	functionConnections int
	functionTTL         time.Duration // 0: no answer is reused

	httpListen string
	httpPrefix string // "" or "/phoneprov"

	logLevel  zerolog.Level
	logFormat string // "json" or "console"

	adminListen string // empty: none
}

// setting is one key of phoneprov.ini.
type setting struct {
	section, key string
	value        string // the default, as it would be written
	meaning      string // for the README
	secret       bool   // may also be given as <key>_file; never printed
	mayBeEmpty   bool   // the empty value means something, in the environment too
	set          func(s *settings, value string) error
}

func (d *setting) name() string { return d.section + "." + d.key }

// env is the environment variable that overrides the key.
func (d *setting) env() string {
	return "PHONEPROV_" + strings.ToUpper(d.section+"_"+d.key)
}

// settingsTable is the one list of settings: the parser, the environment, the README.
func settingsTable() []setting {
	return []setting{
		{section: "asterisk", key: "config", value: "ami", set: oneOf(func(s *settings) *string { return &s.source }, "ami", "files"),
			meaning: "`ami`: Asterisk's configuration is asked for over the manager interface. `files`: it is read from `config_dir`"},
		{section: "asterisk", key: "config_dir", value: "/etc/asterisk", set: text(func(s *settings) *string { return &s.configDir }),
			meaning: "directory of Asterisk's configuration files"},
		{section: "asterisk", key: "data_dir", value: "/usr/share/asterisk/phoneprov", set: text(func(s *settings) *string { return &s.dataDir }),
			meaning: "directory of the templates and static files"},
		{section: "asterisk", key: "resync", value: "5m", set: duration(func(s *settings) *time.Duration { return &s.resync }),
			meaning: "everything is read again after this time even without an event; 0 is never"},
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
		{section: "http", key: "listen", value: ":8080", set: address(func(s *settings) *string { return &s.httpListen }),
			meaning: "address for the phones"},
		{section: "http", key: "prefix", value: "/phoneprov", set: setPrefix,
			meaning: "path before the file names, as Asterisk's own; `/` is none"},
		{section: "log", key: "level", value: "info", set: setLevel,
			meaning: "`debug`, `info`, `warn` or `error`"},
		{section: "log", key: "format", value: "json", set: oneOf(func(s *settings) *string { return &s.logFormat }, "json", "console"),
			meaning: "`json` or `console`, on stderr"},
		{section: "admin", key: "listen", value: "127.0.0.1:8081", mayBeEmpty: true, set: address(func(s *settings) *string { return &s.adminListen }),
			meaning: "address for `/healthz` and `/readyz`; empty: none"},
	}
}

// assign sets the value, if there may be none or there is one.
func (d *setting) assign(s *settings, value string) error {
	if value == "" && !d.mayBeEmpty {
		return errors.New("is empty")
	}
	return d.set(s, value)
}

// check finds what a service needs and single settings do not tell.
func (s *settings) check() error {
	switch {
	case s.source == "ami" && s.amiAddress == "":
		return errors.New("asterisk.config is ami, but ami.address is empty")
	case s.amiAddress != "" && s.amiSecret == "":
		return errors.New("ami.secret is empty; without a manager interface ami.address must be empty too")
	}
	return nil
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

// address takes host:port, and nothing where the table allows it.
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

// duration takes one that is not below zero.
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

// maxFunctionConnections is far more than help: each is a thread of Asterisk's.
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
		return fmt.Errorf("has a line break or NUL in it") // would end the login's header
	}
	s.amiSecret = provision.Secret(v)
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
