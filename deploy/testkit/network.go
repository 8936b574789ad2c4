package testkit

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/skips"
)

// Addresses and interfaces of InOwnNetwork.
const (
	ServerAddress, ServerInterface = "192.0.2.1", "eth0"
	PhoneAddress, PhoneInterface   = "192.0.2.2", "phone"
)

// networkEnv names the test that a process runs in a network of its own.
const networkEnv = "PHONEPROV_TEST_NETWORK"

// Phone returns a command that runs on the phone's side of InOwnNetwork.
type Phone func(name string, args ...string) *exec.Cmd

// InOwnNetwork runs body in another process of the test, in a network namespace of its own. There the interface eth0
// has ServerAddress, and a wire to the interface phone, which is in one more namespace. If addressed, phone has
// PhoneAddress, and multicast goes through it. The test is skipped where there are no namespaces.
func InOwnNetwork(t *testing.T, addressed bool, body func(t *testing.T, phone Phone)) {
	t.Helper()
	if os.Getenv(networkEnv) == t.Name() {
		body(t, layNetwork(t, addressed))
		return
	}
	for _, program := range []string{"unshare", "nsenter", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			skips.Skip(t, "no "+program+" on this machine", "install util-linux and iproute2")
		}
	}
	unshare := func(args ...string) *exec.Cmd {
		if os.Getuid() != 0 {
			args = append([]string{"-r"}, args...)
		}
		return exec.Command("unshare", append([]string{"-n"}, args...)...)
	}
	if out, err := unshare("ip", "link", "add", "name", "left", "type", "veth", "peer", "name", "right").CombinedOutput(); err != nil {
		skips.Skip(t, "no network namespaces on this machine", fmt.Sprintf("let the tests make some (%v: %s)", err, out))
	}
	cmd := unshare(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), networkEnv+"="+t.Name())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("in a network of its own: %v\n%s", err, out)
	}
}

// layNetwork makes the interfaces, and returns the phone's side.
func layNetwork(t *testing.T, addressed bool) Phone {
	t.Helper()
	ip := func(cmd *exec.Cmd, commands ...string) {
		t.Helper()
		cmd.Stdin = strings.NewReader(strings.Join(commands, "\n"))
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v %q: %v: %s", cmd.Args, commands, err, out)
		}
	}
	holder := exec.Command("unshare", "-n", "cat") // it has the phone's namespace until its stdin ends
	stdin, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(holder, t.Cleanup); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stdin.Close() })
	ours, err := os.Readlink("/proc/self/ns/net")
	if err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(holder.Process.Pid)
	Eventually(t, "the namespace of the phone", func() bool {
		theirs, err := os.Readlink(filepath.Join("/proc", pid, "ns", "net"))
		return err == nil && theirs != ours
	})
	phone := func(name string, args ...string) *exec.Cmd {
		return exec.Command("nsenter", append([]string{"-t", pid, "-n", "--", name}, args...)...)
	}
	ip(exec.Command("ip", "-batch", "-"),
		"link set lo up",
		"link add name "+ServerInterface+" type veth peer name "+PhoneInterface,
		"link set "+PhoneInterface+" netns "+pid,
		"addr add "+ServerAddress+"/24 dev "+ServerInterface,
		"link set "+ServerInterface+" up")
	commands := []string{"link set " + PhoneInterface + " up"}
	if addressed {
		commands = append(commands, "addr add "+PhoneAddress+"/24 dev "+PhoneInterface, "route add 224.0.0.0/4 dev "+PhoneInterface)
	}
	ip(phone("ip", "-batch", "-"), commands...)
	return phone
}
