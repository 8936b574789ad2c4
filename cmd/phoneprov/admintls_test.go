package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/bcrypt"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// adminTLSEnv is the settings of a service whose admin address has TLS, a token and a user.
func adminTLSEnv(t *testing.T, dir string) map[string]string {
	t.Helper()
	const token, password = "token-of-the-tls-admin-0123", "password-of-the-tls-admin"
	secrets.Add(token, password)
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	testkit.Write(t, filepath.Join(dir, "tokens"), []byte(token+"\n"))
	testkit.Write(t, filepath.Join(dir, "people"), []byte("root:"+string(hash)+"\n"))
	selfSigned(t, dir, "server")
	env := httpsEnv(dir)
	env["PHONEPROV_HTTP_LISTEN"], env["PHONEPROV_HTTPS_LISTEN"], env["PHONEPROV_ADMIN_LISTEN"] = "127.0.0.1:0", "", "127.0.0.1:0"
	env["PHONEPROV_HTTPS_CERT"], env["PHONEPROV_HTTPS_KEY"] = "", ""
	env["PHONEPROV_ADMIN_TLS"], env["PHONEPROV_ADMIN_CERT"], env["PHONEPROV_ADMIN_KEY"] = "yes", filepath.Join(dir, "server.pem"), filepath.Join(dir, "server.key")
	env["PHONEPROV_ADMIN_TOKEN_FILE"], env["PHONEPROV_ADMIN_PASSWORD_FILE"] = filepath.Join(dir, "tokens"), filepath.Join(dir, "people")
	return env
}

// runCommand runs a command with the settings, and returns its exit code and what it printed.
func runCommand(t *testing.T, env map[string]string, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	code := run(t.Context(), args, lookup, strings.NewReader(""), &out, &errs)
	noSecrets(t, strings.Join(args, " "), out.String()+errs.String())
	return code, out.String() + errs.String()
}

// The commands speak TLS to the admin address, and to no service that shows another certificate. A renewed certificate
// is used without a restart.
func TestAdminTLS(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	env := adminTLSEnv(t, dir)
	v, log := runService(t, env, "")
	env["PHONEPROV_ADMIN_LISTEN"] = v.admin.Addr().String()
	for _, row := range []struct {
		args []string
		want string
	}{{[]string{"healthcheck"}, "ready: "}, {[]string{"status"}, "phones"}} {
		if code, out := runCommand(t, env, row.args...); code != 0 || !strings.Contains(out, row.want) {
			t.Errorf("%v: exit code %d: %s", row.args, code, out)
		}
	}
	if resp, err := http.Get("http://" + v.admin.Addr().String() + "/healthz"); err == nil {
		resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			t.Error("plain HTTP is answered")
		}
	}

	// The files of another service.
	other := t.TempDir()
	selfSigned(t, other, "server")
	impostor := map[string]string{}
	for name, value := range env {
		impostor[name] = strings.Replace(value, filepath.Join(dir, "server."), filepath.Join(other, "server."), 1)
	}
	if code, out := runCommand(t, impostor, "status"); code == 0 || !strings.Contains(out, "another certificate than "+filepath.Join(other, "server.pem")) {
		t.Errorf("another certificate: exit code %d: %s", code, out)
	}

	// A renewal.
	for _, name := range []string{"server.key", "server.pem"} {
		if err := os.Rename(filepath.Join(other, name), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	testkit.WaitFor(t, func() error {
		if code, out := runCommand(t, env, "healthcheck"); code != 0 {
			return fmt.Errorf("after the renewal: %s", out)
		}
		return nil
	})
	testkit.Eventually(t, "the log tells of the renewal", func() bool { return strings.Contains(log.String(), "admin certificate reloaded") })
}

// A person signs in and out over TLS, at the page itself.
func TestSignInOverTLS(t *testing.T) {
	env := adminTLSEnv(t, t.TempDir())
	v, _ := runService(t, env, "")
	client := http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	base := "https://" + v.admin.Addr().String()
	var cookies []*http.Cookie
	ask := func(method, path string, form url.Values) (*http.Response, string) {
		t.Helper()
		r, err := http.NewRequest(method, base+path, strings.NewReader(form.Encode()))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/html")
		if form != nil {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", base)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		for _, c := range cookies {
			r.AddCookie(c)
		}
		resp, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if got := resp.Cookies(); len(got) > 0 {
			cookies = got
		}
		noSecrets(t, method+" "+path, fmt.Sprint(resp.Header)+string(body))
		policy := resp.Header.Get("Content-Security-Policy")
		if !strings.Contains(policy, "frame-ancestors 'none'") || resp.Header.Get("X-Frame-Options") != "DENY" || !strings.Contains(resp.Header.Get("Cache-Control"), "no-store") {
			t.Errorf("%s %s: got %v", method, path, resp.Header)
		}
		return resp, string(body)
	}
	if resp, _ := ask("GET", "/phones", nil); resp.StatusCode != 303 || resp.Header.Get("Location") != "/signin?to=%2Fphones" {
		t.Fatalf("got %d %v", resp.StatusCode, resp.Header)
	}
	resp, page := ask("GET", "/signin?to=%2Fphones", nil)
	if resp.StatusCode != 200 || !strings.Contains(page, `<input type="hidden" name="to" value="/phones">`) || !strings.Contains(page, `autocomplete="current-password"`) || strings.Contains(page, `href="/strangers"`) {
		t.Errorf("the page: got %d %s", resp.StatusCode, page)
	}
	if resp, page := ask("POST", "/signin", url.Values{"name": {"root"}, "password": {"not-the-password"}}); resp.StatusCode != 401 || !strings.Contains(page, `role="alert"`) || !strings.Contains(page, `value="root"`) {
		t.Errorf("a wrong password: got %d %s", resp.StatusCode, page)
	}
	resp, _ = ask("POST", "/signin", url.Values{"name": {"root"}, "password": {"password-of-the-tls-admin"}, "to": {"/phones"}})
	if resp.StatusCode != 303 || resp.Header.Get("Location") != "/phones" || len(cookies) != 1 || !cookies[0].Secure || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("got %d %v", resp.StatusCode, resp.Header)
	}
	secrets.Add(cookies[0].Value)
	if resp, page := ask("GET", "/phones", nil); resp.StatusCode != 200 || !strings.Contains(page, "<b><bdi>root</bdi></b>") || !strings.Contains(page, `action="/signout"`) {
		t.Errorf("signed in: got %d %s", resp.StatusCode, page)
	}
	if resp, _ := ask("POST", "/signout", url.Values{}); resp.StatusCode != 303 || resp.Header.Get("Location") != "/signin" {
		t.Errorf("signing out: got %d %v", resp.StatusCode, resp.Header)
	}
	if resp, _ := ask("GET", "/phones", nil); resp.StatusCode != 303 {
		t.Errorf("signed out: got %d", resp.StatusCode)
	}
}

// check says of the certificate what serve would.
func TestAdminTLSCheck(t *testing.T) {
	env := adminTLSEnv(t, t.TempDir())
	env["PHONEPROV_ADMIN_KEY"] = env["PHONEPROV_ADMIN_CERT"]
	if code, out := runCommand(t, env, "check"); code == 0 || !strings.Contains(out, "error: admin.tls: "+env["PHONEPROV_ADMIN_CERT"]) {
		t.Errorf("exit code %d: %s", code, out)
	}
}
