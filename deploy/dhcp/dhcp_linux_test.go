package dhcp

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

func TestMain(m *testing.M) {
	if question := os.Getenv(askEnv); question != "" {
		if err := clientMain(os.Stdout, question); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(skips.Reporting{M: m}.Run())
}

const directory = "http://192.0.2.1:8080/phoneprov/"

// phones are what the makes say in option 60, what they want, and what they must get.
var phones = []struct {
	name, class string
	wanted      []byte
	gets        map[int]string
}{
	{"Yealink", "yealink", []byte{1, 3, 6, 12, 15, 28, 42, 43, 66, 67}, map[int]string{66: directory, 43: directory}},
	{"Grandstream", "Grandstream GRP2612W", []byte{1, 2, 3, 6, 12, 15, 42, 43, 66, 120, 160}, map[int]string{66: directory}},
	{"Fanvil", "Fanvil X4", []byte{1, 3, 6, 15, 42, 43, 66}, map[int]string{66: directory}},
	{"Snom", "snom-D785", []byte{1, 2, 3, 6, 15, 42, 43, 66, 67}, map[int]string{66: directory + "{mac}.xml"}},
	{"Poly", "Polycom-VVX500", []byte{1, 2, 3, 6, 12, 15, 42, 43, 66, 160}, map[int]string{66: directory, 160: directory}},
	{"Cisco with CUCM's firmware", "Cisco Systems, Inc. IP Phone CP-7960", []byte{1, 66, 6, 3, 15, 150, 35}, map[int]string{150: "\xc0\x00\x02\x01", 66: "192.0.2.1"}},
	{"Mitel", "AastraIPPhone6867i", []byte{1, 3, 6, 15, 42, 43, 66}, map[int]string{66: directory, 43: "\x02\x20" + directory}},
	{"any other", "", []byte{1, 3, 66}, map[int]string{66: directory}},
}

// ask asks as the phones do, one after the other.
func ask(t *testing.T, phone testkit.Phone) {
	t.Helper()
	var questions []asked
	for i, p := range phones {
		questions = append(questions, asked{p.name, fmt.Sprintf("0004f200000%x", i), p.class, p.wanted, testkit.Patience})
	}
	env, err := json.Marshal(questions)
	if err != nil {
		t.Fatal(err)
	}
	cmd := phone(os.Args[0])
	cmd.Env = append(os.Environ(), askEnv+"="+string(env))
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var got []map[int][]byte
	if err == nil {
		err = json.Unmarshal(out, &got)
	}
	if err != nil || len(got) != len(phones) {
		t.Fatalf("%d answers, %v: %s", len(got), err, &errs)
	}
	for i, p := range phones {
		for _, code := range []int{43, 66, 150, 160} {
			if got := string(bytes.TrimRight(bytes.TrimSuffix(got[i][code], []byte{optionEnd}), "\x00")); got != p.gets[code] {
				t.Errorf("%s: option %d is %q, want %q", p.name, code, got, p.gets[code])
			}
		}
	}
}

// start starts a server, whose output is in the log of a test that fails.
func start(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	var log testkit.Log
	cmd.Stdout, cmd.Stderr = &log, &log
	if _, err := testkit.Start(cmd, t.Cleanup); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("%s: %s", cmd.Args[0], &log)
		}
	})
}

func TestDnsmasq(t *testing.T) {
	oracle.NeedProgram(t, "dnsmasq")
	testkit.InOwnNetwork(t, false, func(t *testing.T, phone testkit.Phone) {
		start(t, exec.Command("dnsmasq", "--keep-in-foreground", "--log-facility=-", "--user=root", "--port=0", "--no-ping", "--pid-file=",
			"--dhcp-leasefile="+filepath.Join(t.TempDir(), "leases"), "--conf-file=dnsmasq.conf"))
		ask(t, phone)
	})
}

func TestKea(t *testing.T) {
	oracle.NeedProgram(t, "kea-dhcp4")
	testkit.InOwnNetwork(t, false, func(t *testing.T, phone testkit.Phone) {
		text, err := os.ReadFile("kea-dhcp4.conf")
		if err != nil {
			t.Fatal(err)
		}
		dir := t.TempDir()
		// leases of a test stay in memory
		config := strings.Replace(string(text), `"type": "memfile"`, `"type": "memfile", "persist": false`, 1)
		cmd := exec.Command("kea-dhcp4", "-c", testkit.Write(t, filepath.Join(dir, "kea.conf"), config))
		cmd.Env = append(os.Environ(), "KEA_PIDFILE_DIR="+dir, "KEA_LOCKFILE_DIR=none")
		start(t, cmd)
		ask(t, phone)
	})
}
