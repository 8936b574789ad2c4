package oracle

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// The Debian suites that the image is built from.
const (
	Forky    = "forky"    // Asterisk 22
	Bullseye = "bullseye" // Asterisk 16, with chan_sip
)

// Suites are both suites.
var Suites = [...]string{Forky, Bullseye}

// The account in the default manager.conf.
const (
	User   = "phoneprov"
	Secret = "oracle-ami-secret"
)

// Bounds of the oracle itself.
const (
	Lifetime    = 20 * time.Minute // of a container
	bootTimeout = 60 * time.Second // until Asterisk is fully booted, on a busy machine
)

// Paths inside the container.
const (
	ConfigPath = "/etc/asterisk"
	DataPath   = "/usr/share/asterisk/phoneprov"
)

// Options say what Asterisk runs with. The zero value is Debian's own configuration of Asterisk 22, with HTTP and AMI
// enabled.
type Options struct {
	Suite  string            // empty: Forky
	Config string            // a directory whose files replace those of /etc/asterisk; empty: none
	Data   string            // a directory that is copied to the phoneprov data directory; empty: none
	Files  map[string]string // configuration files by name; they replace those of Config
	// Shipped copies the templates of Debian's package into the data directory too. Bullseye has none.
	Shipped bool
	// Prepare is a shell command that runs in the container as root before Asterisk starts, for example to create a
	// database.
	Prepare string
}

// Asterisk is a running Asterisk.
type Asterisk struct {
	AMI       string // host:port of the manager interface
	HTTP      string // http://host:port of its own web server
	IP        string // address of the container
	ConfigDir string // on the host, mounted as ConfigPath
	DataDir   string // on the host, mounted as DataPath
	container string
}

// Start starts an Asterisk. It returns when Asterisk is fully booted and res_phoneprov has been reloaded once, because
// the function modules may be missing when it is first loaded. Without Docker the test is skipped, or fails with
// REQUIRE_ASTERISK=1.
func Start(tb testing.TB, o Options) *Asterisk {
	tb.Helper()
	if o.Suite == "" {
		o.Suite = Forky
	}
	image := needImage(tb, o.Suite)
	a := &Asterisk{ConfigDir: tempDir(tb), DataDir: tempDir(tb)}
	a.run(tb, image)
	a.layConfig(tb, image, o)
	if o.Prepare != "" {
		a.Exec(tb, "sh", "-c", o.Prepare)
	}
	a.Boot(tb)
	return a
}

// tempDir is a directory that the container's users may read.
func tempDir(tb testing.TB) string {
	dir := tb.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		tb.Fatal(err)
	}
	return dir
}

func (a *Asterisk) layConfig(tb testing.TB, image string, o Options) {
	tb.Helper()
	a.Exec(tb, "cp", "-r", "/etc/asterisk.package/.", ConfigPath)
	for name, text := range defaultFiles {
		a.Write(tb, name, text)
	}
	if o.Shipped {
		docker(tb, "run", "--rm", "-v", a.DataDir+":/out", image, "cp", "-r", DataPath+"/.", "/out/")
	}
	for dst, src := range map[string]string{a.ConfigDir: o.Config, a.DataDir: o.Data} {
		if src != "" {
			overlay(tb, dst, src)
		}
	}
	for name, text := range o.Files {
		a.Write(tb, name, text)
	}
}

// defaultFiles enable what the tests talk to.
var defaultFiles = map[string]string{
	"http.conf": "[general]\nenabled=yes\nbindaddr=0.0.0.0\nbindport=8088\nsessionlimit=500\n",
	"manager.conf": "[general]\nenabled=yes\nbindaddr=0.0.0.0\nport=5038\n" +
		"[" + User + "]\nsecret=" + Secret + "\ndeny=0.0.0.0/0.0.0.0\npermit=0.0.0.0/0.0.0.0\nread=all\nwrite=all\n",
}

func overlay(tb testing.TB, dst, src string) {
	tb.Helper()
	err := filepath.WalkDir(src, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(src, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(dst, rel), 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(dst, rel), data, 0o644)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

// run starts the container without Asterisk, so that Asterisk can be killed and started again at the same address.
func (a *Asterisk) run(tb testing.TB, image string) {
	tb.Helper()
	a.container = docker(tb, "run", "-d", "--rm", "--label", "phoneprov-oracle",
		"-v", a.ConfigDir+":"+ConfigPath, "-v", a.DataDir+":"+DataPath,
		image, "sleep", fmt.Sprint(int(Lifetime.Seconds())))
	tb.Cleanup(func() { docker(tb, "rm", "-f", a.container) })
	a.IP = docker(tb, "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", a.container)
	a.AMI, a.HTTP = a.IP+":5038", "http://"+a.IP+":8088"
}

// waitBooted waits in the container, because each docker exec costs as much as a tenth of a second of Asterisk's start.
var waitBooted = fmt.Sprintf(`for i in $(seq %d); do
  if asterisk -rx "core waitfullybooted" | grep -q "fully booted"; then exec asterisk -rx "module reload res_phoneprov.so"; fi
  sleep 0.1
done
echo "asterisk did not boot"
exit 1`, bootTimeout/(100*time.Millisecond))

// Boot starts Asterisk again after Kill, and waits until it is fully booted.
func (a *Asterisk) Boot(tb testing.TB) {
	tb.Helper()
	docker(tb, "exec", "-d", a.container, "asterisk", "-f", "-p")
	a.Exec(tb, "sh", "-c", waitBooted)
}

// Kill kills Asterisk, like a power cut.
func (a *Asterisk) Kill(tb testing.TB) {
	tb.Helper()
	a.Exec(tb, "bash", "-c", "kill -9 $(cat /run/asterisk/asterisk.pid /var/run/asterisk/asterisk.pid 2>/dev/null | head -n 1); "+
		"rm -f /run/asterisk/asterisk.ctl /run/asterisk/asterisk.pid")
}

// Exec runs a command in the container, and returns its output.
func (a *Asterisk) Exec(tb testing.TB, args ...string) string {
	tb.Helper()
	return docker(tb, append([]string{"exec", a.container}, args...)...)
}

// CLI runs a command of the Asterisk CLI, and returns its output.
func (a *Asterisk) CLI(tb testing.TB, command string) string {
	tb.Helper()
	return a.Exec(tb, "asterisk", "-rx", command)
}

// Write writes a file of the configuration directory, atomically.
func (a *Asterisk) Write(tb testing.TB, name, text string) {
	tb.Helper()
	WriteFile(tb, filepath.Join(a.ConfigDir, name), text)
}

// WriteData writes a file of the phoneprov data directory, atomically.
func (a *Asterisk) WriteData(tb testing.TB, name, text string) {
	tb.Helper()
	WriteFile(tb, filepath.Join(a.DataDir, name), text)
}

// WriteFile writes a new file and renames it, so that a reader sees the old file or the new one.
func WriteFile(tb testing.TB, path, text string) {
	tb.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		tb.Fatal(err)
	}
	beside := path + ".new"
	if err := os.WriteFile(beside, []byte(text), 0o644); err != nil {
		tb.Fatal(err)
	}
	if err := os.Rename(beside, path); err != nil {
		tb.Fatal(err)
	}
}

// Response is an answer of Asterisk's own web server.
type Response struct {
	Status int
	Header http.Header
	Body   string
}

// Get fetches a path from Asterisk's own web server. The path is sent as it is: "/phoneprov/x.cfg".
func (a *Asterisk) Get(tb testing.TB, path string) Response {
	tb.Helper()
	client := http.Client{Timeout: 30 * time.Second}
	resp, err := client.Get(a.HTTP + path)
	if err != nil {
		tb.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		tb.Fatal(err)
	}
	return Response{resp.StatusCode, resp.Header, string(body)}
}
