package main

import "github.com/phoneprov/phoneprov/httpapi"

// adminTable are the rows of settingsTable for [admin].
func adminTable() []setting {
	return []setting{
		{section: "admin", key: "listen", value: "127.0.0.1:8081", mayBeEmpty: true, set: address(func(s *settings) *string { return &s.adminListen }),
			meaning: "address of the page, the API, the metrics, `/readyz` and `/healthz`; empty: none. One that other machines reach needs `token_file` or `password_file`"},
		{section: "admin", key: "hosts", mayBeEmpty: true, set: hosts(func(s *settings) *httpapi.Hosts { return &s.adminHosts }),
			meaning: "names and addresses that it answers to besides `localhost`, loopback's addresses, and the address that the connection came to"},
		{section: "admin", key: "token_file", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.adminTokens }),
			meaning: "file of the tokens that programs sign in with (`Authorization: Bearer`), one a line, which `openssl rand -hex 32` makes; read again when it changes. `phoneprov status` and `healthcheck` use the first. Empty: none"},
		{section: "admin", key: "password_file", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.adminPasswords }),
			meaning: "file of the names and passwords that people sign in with, at the page or with Basic, `user:hash` with bcrypt as `htpasswd -B` writes it; read again when it changes. Empty: none"},
		{section: "admin", key: "tls", value: "no", set: yesNo(func(s *settings) *bool { return &s.adminTLS }),
			meaning: "`yes`: over TLS 1.2 and up, and not over plain HTTP. `phoneprov status`, `healthcheck` and the other commands then speak https to it"},
		{section: "admin", key: "cert", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.adminCert }),
			meaning: "PEM file of its certificate and chain; read again when it changes. Empty: `cert` of `[https]`"},
		{section: "admin", key: "key", mayBeEmpty: true, set: text(func(s *settings) *string { return &s.adminKey }),
			meaning: "PEM file of its key. Empty: `key` of `[https]`"},
	}
}
