package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/testkit"
	"github.com/phoneprov/phoneprov/provision/ledger"
)

// machineOf is the environment of a phoneprov on a machine of its own: a directory with all that it has.
func machineOf(dir string) map[string]string {
	return map[string]string{
		"PHONEPROV_ASTERISK_CONFIG": "files", "PHONEPROV_AMI_ADDRESS": "", "PHONEPROV_ASTERISK_CONFIG_DIR": filepath.Join(dir, "asterisk"),
		"PHONEPROV_ASTERISK_DATA_DIR": filepath.Join(dir, "data"), "PHONEPROV_STATE_DIR": filepath.Join(dir, "state"),
		"PHONEPROV_HTTP_LISTEN": "127.0.0.1:0", "PHONEPROV_ADMIN_LISTEN": "127.0.0.1:0",
	}
}

// A move as deploy/doc/MOVE.md tells it: the state and the configuration are all; both machines answer meanwhile; the old one
// tells phones the new one's URL, and knows which of them wait for it.
func TestMove(t *testing.T) {
	t.Parallel()
	const mac, file = "0004f2000001", "0004f2000001.cfg"
	dir := t.TempDir()
	old, new := filepath.Join(dir, "old"), filepath.Join(dir, "new")
	testkit.WriteTree(t, old, map[string]string{
		"asterisk/phoneprov.conf": "[general]\ndefault_profile=p\n[p]\n${MAC}.cfg => t.cfg\n",
		"asterisk/users.conf":     "[general]\n[6001]\nusername=6001\nautoprov=yes\nmacaddress=" + mac + "\nsecret=secret-60-x\n",
		"data/t.cfg":              "server = ${PP_URL}\nuser = ${USERNAME}\n",
	})
	command := func(machine, stdin string, args ...string) (stdout string) {
		t.Helper()
		env := machineOf(machine)
		var out, errs bytes.Buffer
		if code := run(t.Context(), args, func(name string) (string, bool) { v, ok := env[name]; return v, ok }, strings.NewReader(stdin), &out, &errs); code != 0 {
			t.Fatalf("%q: exit status %d: %s", args, code, errs.String())
		}
		return out.String()
	}
	stateOf := func(v *service) ledger.State {
		p, _ := v.ledger.Phone(mac)
		return p.State
	}
	fileOf := func(v *service) string {
		t.Helper()
		status, body := getFrom(t, "127.0.0.1", "http://"+addrOf(v.phones)+"/phoneprov/"+file)
		if status != 200 {
			t.Fatalf("got status %d", status)
		}
		return body
	}

	v, _, stop := runUntil(t, machineOf(old))
	serving(t, v)
	if got, want := fileOf(v), "server = http://"+addrOf(v.phones)+"/phoneprov\nuser = 6001\n"; got != want {
		t.Fatalf("got %q, want %q", got, want)
	}
	testkit.Eventually(t, "the ledger knows that the phone has its file", func() bool { return stateOf(v) == ledger.UpToDate })
	stop()

	exported := command(old, "", "state", "export")
	for _, part := range []string{"asterisk", "data"} {
		if err := os.CopyFS(filepath.Join(new, part), os.DirFS(filepath.Join(old, part))); err != nil {
			t.Fatal(err)
		}
	}
	command(new, exported, "state", "import")
	if again := command(new, "", "state", "export"); again != exported {
		t.Errorf("the new machine has\n%s\nwant\n%s", again, exported)
	}
	moved, _, _ := runUntil(t, machineOf(new))
	serving(t, moved)
	testkit.Eventually(t, "the new machine has the phone as the old one had it", func() bool { return stateOf(moved) == ledger.UpToDate })

	env := machineOf(old)
	env["PHONEPROV_HTTP_MOVE_TO"] = "http://" + addrOf(moved.phones)
	v, _, _ = runUntil(t, env)
	serving(t, v)
	testkit.Eventually(t, "the old machine knows that the phone has the old URL", func() bool { return stateOf(v) == ledger.ChangeWaiting })
	want := "server = http://" + addrOf(moved.phones) + "/phoneprov\nuser = 6001\n"
	if got := fileOf(v); got != want {
		t.Errorf("the old machine says %q, want %q", got, want)
	}
	testkit.Eventually(t, "the phone knows the new URL", func() bool { return stateOf(v) == ledger.UpToDate })
	if got := fileOf(moved); got != want {
		t.Errorf("the new machine says %q, want %q", got, want)
	}
	code, stdout, stderr := runCompare(t, machineOf(new), "http://"+addrOf(v.phones)+"/phoneprov", "-server", addrOf(moved.phones))
	if code != 0 {
		t.Errorf("the old and the new machine differ: %s%s", stdout, stderr)
	}
}

// serving waits until phones get files.
func serving(t *testing.T, v *service) {
	t.Helper()
	testkit.Eventually(t, "phones get files", func() bool { return v.options.Store.Load() != nil })
}
