package main

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// The profile of a phone is guessed by what it said of itself to the running service, if its MAC tells nothing.
func TestPhoneAddAsksTheService(t *testing.T) {
	t.Parallel()
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/api/v1/strangers" {
			http.NotFound(w, r)
			return
		}
		fmt.Fprint(w, `{"items":[{"mac":"020000000001","vendor":"Linphone","model":"Linphonec"},{"mac":"001565000001","vendor":"Snom","model":"D785"},
			{"mac":"000b82000001","vendor":"Grandstream","model":"GRP2614"}],"next":"","total":3}`)
	}))
	defer service.Close()
	dir := testkit.WriteTree(t, t.TempDir(), map[string]string{
		"etc/phoneprov.conf": "[general]\n[linphone]\n${MAC}.xml => x\n[yealink]\n${MAC}.cfg => x\n[grandstream]\n${MAC}.xml => x\n[grandstream-grp]\n${MAC}.xml => x\n",
	})
	testkit.Write(t, dir+"/my.ini", "[ami]\naddress =\n[asterisk]\nconfig = files\nconfig_dir = "+dir+"/etc\n[admin]\nlisten = "+strings.TrimPrefix(service.URL, "http://")+"\n")
	for _, row := range []struct{ mac, want string }{
		{"020000000001", "phoneprov/PROFILE = linphone\n"},
		{"000b82000001", "phoneprov/PROFILE = grandstream-grp\n"},
		{"001565000001", "the MAC is of Yealink, and the phone says that it is of Snom: -profile says which profile it has\n"},
		{"001565000002", "phoneprov/PROFILE = yealink\n"},
		{"020000000009", "tell no make"},
	} {
		var out strings.Builder
		run(context.Background(), []string{"phone", "add", "-config", dir + "/my.ini", "-mac", row.mac, "-name", "A", "-extension", "6001", "-dry-run"}, os.LookupEnv, strings.NewReader(""), &out, &out)
		if !strings.Contains(out.String(), row.want) {
			t.Errorf("%s: got %q, want %q", row.mac, out.String(), row.want)
		}
	}
}

// Whoever may not write is told so at once, and nothing has changed.
func TestInitAndAddWithoutRights(t *testing.T) {
	t.Parallel()
	dir := testkit.WriteTree(t, t.TempDir(), map[string]string{
		"etc/asterisk.conf": "[directories]\nastdatadir => " + os.DevNull + "\n", "etc/manager.conf": "[general]\nenabled=no\n", "etc/phoneprov.conf": "[p]\n${MAC}.cfg => x\n",
		"my.ini": "[ami]\naddress =\n[asterisk]\nconfig = files\n[admin]\nlisten =\n",
	})
	for _, path := range [...]string{dir, filepath.Dir(dir)} { // t.TempDir's, which another user may not enter
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range [...]string{"etc/asterisk.conf", "etc/manager.conf", "etc/phoneprov.conf", "my.ini"} {
		if err := os.Chmod(filepath.Join(dir, name), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	self, err := os.ReadFile(os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "phoneprov") // TestMain goes by this name
	if err := os.WriteFile(program, self, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir+"/etc", 0o555); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		args []string
		want string
	}{
		{[]string{"init", "-yes", "-config-dir", dir + "/etc", "-config", dir + "/new.ini"}, "phoneprov init: " + dir + "/etc: no right to write there: be root, for example with sudo\n"},
		{[]string{"phone", "add", "-config", dir + "/my.ini", "-config-dir", dir + "/etc", "-mac", "020000000001", "-name", "A", "-extension", "6001", "-profile", "p"},
			"phoneprov phone: " + dir + "/etc/pjsip_wizard.conf: no right to replace it and keep its owner: be root, or its owner, for example with sudo\n"},
	} {
		cmd := exec.Command(program, row.args...)
		cmd.Env = []string{toldFile + "=" + os.DevNull}
		cmd.Dir = "/"
		if os.Getuid() == 0 { // root may write everywhere
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := cmd.CombinedOutput()
		if err == nil || string(out) != row.want {
			t.Errorf("%q: got %q (%v), want %q", row.args[0], out, err, row.want)
		}
	}
	entries, err := os.ReadDir(dir + "/etc")
	if err != nil || len(entries) != 3 {
		t.Errorf("the directory has %d files (%v)", len(entries), err)
	}
}
