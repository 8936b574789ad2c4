package main

import (
	"os"
	"strings"
	"testing"
)

// traefikArguments returns how traefik-compose.yml runs Traefik, with other places for the file and the address.
func traefikArguments(t *testing.T) func(config, front string) []string {
	t.Helper()
	text := readDoc(t, "traefik-compose.yml")
	var args []string
	for line := range strings.Lines(text) {
		if arg, ok := strings.CutPrefix(strings.TrimSpace(line), "- --"); ok {
			args = append(args, "--"+arg)
		}
	}
	return func(config, front string) (all []string) {
		replace := strings.NewReplacer("/etc/traefik/traefik.yml", config, "=:443", "="+front)
		for _, arg := range args {
			all = append(all, replace.Replace(arg))
		}
		return all
	}
}

func readDoc(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile("../../deploy/doc/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// Without Traefik itself (see TestDocumentedProxies), the example has what phones' safety depends on, in both files.
func TestTraefikExample(t *testing.T) {
	t.Parallel()
	file, compose := readDoc(t, "traefik.yml"), readDoc(t, "traefik-compose.yml")
	for name, row := range map[string]struct{ text, want string }{
		"it asks for a certificate":         {file, "clientAuthType: RequestClientCert"},
		"it passes the certificate on":      {file, "passTLSClientCert:\n        pem: true"},
		"it removes Forwarded":              {file, `Forwarded: ""`},
		"both are used":                     {file, "middlewares: [phone-certificate, not-from-phones]"},
		"it asks with the options":          {file, "options: phones"},
		"phoneprov reads its header":        {compose, "PHONEPROV_ACCESS_CERTIFICATE_HEADER: X-Forwarded-Tls-Client-Cert"},
		"phoneprov trusts its address":      {compose, "PHONEPROV_ACCESS_TRUSTED_PROXIES: 172.31.255.2\n"},
		"that is its address":               {compose, "ipv4_address: 172.31.255.2\n"},
		"phoneprov has the CAs":             {compose, "PHONEPROV_ACCESS_CLIENT_CA: /etc/phoneprov/tls/phones-ca.pem"},
		"the file is that of the container": {compose, "./deploy/doc/traefik.yml:/etc/traefik/traefik.yml:ro"},
	} {
		if !strings.Contains(row.text, row.want) {
			t.Errorf("%s: there is no %q", name, row.want)
		}
	}
	if strings.Contains(compose, "forwardedHeaders") {
		t.Error("Traefik would believe what phones write into X-Forwarded-For")
	}
	args := traefikArguments(t)("/x/traefik.yml", "127.0.0.1:4443")
	if strings.Join(args, " ") != "--entrypoints.phones.address=127.0.0.1:4443 --providers.file.filename=/x/traefik.yml --log.level=WARN" {
		t.Errorf("the arguments are %q", args)
	}
	for _, name := range []string{"PHONEPROV_ACCESS_TRUSTED_PROXIES", "PHONEPROV_ACCESS_CERTIFICATE_HEADER", "PHONEPROV_ACCESS_CLIENT_CA"} {
		_, value, _ := strings.Cut(compose, name+": ")
		value, _, _ = strings.Cut(value, "\n")
		if _, err := loadSettings("", func(key string) (string, bool) { return value, key == name }); err != nil && strings.Contains(err.Error(), name) {
			t.Errorf("phoneprov refuses the setting: %v", err)
		}
	}
}
