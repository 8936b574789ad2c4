package httpapi

import (
	"crypto/tls"
	"net/http"
	"net/netip"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/phoneprov/phoneprov/deploy/asterisk/oracle"
	"github.com/phoneprov/phoneprov/deploy/skips"
)

// listenTLS serves h over TLS on loopback until the test ends.
func listenTLS(t *testing.T, h http.Handler, config *tls.Config) (addr string) {
	t.Helper()
	l, err := tls.Listen("tcp", "127.0.0.1:0", config)
	if err != nil {
		t.Fatal(err)
	}
	serveUntilEnd(t, l, h)
	return l.Addr().String()
}

// TestRealClients has curl and wget fetch as phones do. What curl prints last is the status.
func TestRealClients(t *testing.T) {
	t.Parallel()
	oracle.NeedProgram(t, "curl")
	oracle.NeedProgram(t, "wget")
	ca := newAuthority(t)
	ca.issue(t, "0011223344aa")
	ca.issue(t, "0011223344ab")
	open, login, certified := newSite(t, "", nil), newSite(t, "", nil), newSite(t, "", nil)
	withShared(t, login)
	server := ca.server(t)
	certified.Access.Certificates = server
	certified.Access.Rules.Allow = []netip.Prefix{}
	plain := "http://" + listen(t, Phones(open.Options)) + "/phoneprov/"
	asked := "http://" + listen(t, Phones(login.Options)) + "/phoneprov/"
	secure := "https://" + listenTLS(t, Phones(certified.Options), server.Config()) + "/phoneprov/"
	upload := filepath.Join(certified.dir, "outside.txt")

	const file, fw = "0011223344aa.cfg", "fw.bin"
	own := strings.ReplaceAll(attackFile, "pbx.test", "127.0.0.1")
	tag := strings.TrimSpace(runProgram(t, "curl", "-s", "-o", "/dev/null", "-w", "%header{etag}", plain+file))
	curl := func(args ...string) []string {
		return append([]string{"curl", "-s", "--max-time", "20", "-w", "%{http_code}"}, args...)
	}
	wget := func(args ...string) []string {
		return append([]string{"wget", "-q", "-O", "-", "--timeout=20", "--tries=1", "--no-config"}, args...)
	}
	user := digestUser + ":" + digestPassword
	cert := func(name string) []string {
		return []string{"--cacert", ca.path("ca.pem"), "--cert", ca.path(name + ".pem"), "--key", ca.path(name + ".key")}
	}
	var curls []clientRow // that run in one process
	full := skips.Full(t)
	for _, tt := range []clientRow{
		{"curl", curl(plain + file), own + "200"},
		{"curl, HEAD", curl("-I", "-o", "/dev/null", plain+file), "200"},
		{"curl, range", curl("-r", "2-4", plain+fw), "234206"},
		{"curl, range of a rendered file", curl("-r", "2-4", plain+file), own + "200"},
		{"curl, resumed", curl("-C", "7", plain+fw), "789206"},
		{"curl, entity tag", curl("-H", "If-None-Match: "+tag, plain+file), "304"},
		{"curl, another tag", curl("-H", `If-None-Match: "x"`, plain+file), own + "200"},
		{"curl, path as it is", curl("--path-as-is", plain+"../outside.txt"), "Not Found\n404"},
		{"curl, upload", curl("-T", upload, plain+"0011223344aa-app.log"), "201"},
		{"curl, upload twice", curl("-X", "POST", "--data-binary", "@"+upload, plain+"0011223344aa-app.log"), "200"},
		{"curl, basic", curl("--basic", "-u", user, asked+file), own + "200"},
		{"curl, digest", curl("--digest", "-u", user, asked+file), own + "200"},
		{"curl, the best", curl("--anyauth", "-u", user, asked+file), own + "200"},
		{"curl, digest, two files", curl("--digest", "-u", user, asked+file, "-o", "/dev/null", "-s", asked+fw), "200" + "0123456789200"},
		{"curl, digest, upload", curl("--digest", "-u", user, "-T", upload, asked+"0011223344aa-app.log"), "201"},
		{"curl, no password", curl(asked + file), "Unauthorized\n401"},
		{"curl, wrong password", curl("--digest", "-u", digestUser+":guess", asked+file), "Unauthorized\n401"},
		{"curl, certificate", curl(append(cert("0011223344aa"), secure+file)...), own + "200"},
		{"curl, certificate, static", curl(append(cert("0011223344aa"), secure+fw)...), "0123456789200"},
		{"curl, certificate of another", curl(append(cert("0011223344ab"), secure+file)...), "Not Found\n404"},
		{"curl, no certificate", curl("--cacert", ca.path("ca.pem"), secure+file), "Not Found\n404"},
		{"curl, plain to the TLS port", curl(strings.Replace(secure, "https:", "http:", 1) + file), "Client sent an HTTP request to an HTTPS server.\n400"},
		{"wget", wget(plain + file), own},
		{"wget, basic", wget("--user="+digestUser, "--password="+digestPassword, asked+file), own},
		{"wget, basic at once", wget("--auth-no-challenge", "--user="+digestUser, "--password="+digestPassword, asked+file), own},
		{"wget, wrong password", wget("--user="+digestUser, "--password=guess", asked+file), ""},
		{"wget, certificate", wget("--ca-certificate="+ca.path("ca.pem"), "--certificate="+ca.path("0011223344aa.pem"),
			"--private-key="+ca.path("0011223344aa.key"), secure+file), own},
		{"wget, unknown", wget(plain + "0011223344bb.cfg"), ""},
	} {
		switch {
		case full:
		case tt.args[0] == "curl":
			curls = append(curls, tt)
			continue
		case !slices.Contains([]string{"wget", "wget, basic", "wget, certificate"}, tt.name):
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			if got := runProgram(t, tt.args[0], tt.args[1:]...); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	outputs := runCurls(t, curls)
	for i, tt := range curls {
		if outputs[i] != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, outputs[i], tt.want)
		}
	}
}

// clientRow is a command of TestRealClients, and what it prints.
type clientRow struct {
	name string
	args []string
	want string
}

// runCurls runs the rows one after the other in one process of curl, and returns what each prints. To start a curl for
// each takes ten times as long as the requests.
func runCurls(t *testing.T, rows []clientRow) (outputs []string) {
	t.Helper()
	if len(rows) == 0 {
		return nil
	}
	const mark = "\n--next--\n" // what is printed behind each row
	var args []string
	for _, row := range rows {
		args = append(append(args, row.args[1:]...), "--next", "-s", "-w", mark, "file:///dev/null", "--next")
	}
	outputs = strings.Split(runProgram(t, "curl", args[:len(args)-1]...), mark)
	if len(outputs) != len(rows)+1 || outputs[len(rows)] != "" {
		t.Fatalf("curl printed %q for %d rows", outputs, len(rows))
	}
	return outputs
}

// runProgram is what a program prints, however it ends.
func runProgram(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), name, args...).Output()
	if _, ended := err.(*exec.ExitError); err != nil && !ended {
		t.Fatal(err)
	}
	return string(out)
}
