package httpapi

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestConnectionsWithin(t *testing.T) {
	for _, row := range []struct{ limit, others, want int }{
		{20000, 128, maxConnections}, {1 << 30, 128, maxConnections}, {4096, 128, 1984}, {1024, 128, 448}, {1024, 259, 382},
		{64, 128, 16}, {32, 128, 8}, {10, 128, minConnections}, {0, 128, minConnections},
	} {
		if got := connectionsWithin(row.limit, row.others); got != row.want {
			t.Errorf("of %d open files, %d for others: got %d, want %d", row.limit, row.others, got, row.want)
		}
	}
}

// fewFilesEnv makes TestFewOpenFiles serve within the limits of open files that it says: "soft hard".
const fewFilesEnv = "PHONEPROV_TEST_FEW_FILES"

// A process with few descriptors serves a known phone in milliseconds beside 5,000 idle connections.
func TestFewOpenFiles(t *testing.T) {
	if limits := os.Getenv(fewFilesEnv); limits != "" {
		serveWithin(t, limits)
		return
	}
	const (
		idle     = 5000
		mostTime = 2 * time.Second // measured: 1 ms. Where descriptors run out net/http pauses again and again: 6.6 s
	)
	for _, row := range []struct {
		limits string
		most   int
	}{{"4096 4096", 1984}, {"64 64", 16}, {"64 1024", 448}} {
		t.Run(row.limits, func(t *testing.T) {
			cmd := exec.Command(os.Args[0], "-test.run=^TestFewOpenFiles$")
			cmd.Env, cmd.Stderr = append(os.Environ(), fewFilesEnv+"="+row.limits), os.Stderr
			in, err := cmd.StdinPipe()
			if err != nil {
				t.Fatal(err)
			}
			out, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() {
				in.Close()
				io.Copy(io.Discard, out)
				if err := cmd.Wait(); err != nil {
					t.Errorf("the service: %v", err)
				}
			}()
			line, err := bufio.NewReader(out).ReadString('\n')
			addr, most, _ := strings.Cut(strings.TrimSpace(line), " ")
			if want := fmt.Sprint(row.most); err != nil || most != want {
				t.Fatalf("the service said %q, %v; want a bound of %s", line, err, want)
			}
			hold(t, held{addr, idle, "GET /phoneprov/fw.bin HTTP/1.1\r\nHost: pbx.test\r\n\r\n", true})
			times := fetchTimes(t, addr, 50)
			if slowest := times[len(times)-1]; slowest > mostTime {
				t.Errorf("the known phone waited %v", slowest)
			}
		})
	}
}

// serveWithin serves until its standard input ends.
func serveWithin(t *testing.T, limits string) {
	var soft, hard uint64
	if _, err := fmt.Sscan(limits, &soft, &hard); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: soft, Max: hard}); err != nil {
		t.Fatal(err)
	}
	_, addr := floodSite(t)
	fmt.Println(addr, NewConnections(otherFiles).Most())
	io.Copy(io.Discard, os.Stdin)
}

// Where descriptors run out in spite of the reserve, waiting connections give theirs.
func TestNoDescriptorsLeft(t *testing.T) {
	cs := newConnections(100)
	addr := listenBounded(t, Phones(newSite(t, "", nil).Options), cs, false, nil)
	for range 10 {
		c := dialFrom(t, addr, "127.0.0.1")
		io.WriteString(c, "GET /phoneprov/fw.bin HTTP/1.1\r\nHost: pbx.test\r\n\r\n")
		c.Read(make([]byte, 1))
	}
	l := &fullListener{left: 3}
	if _, err := (joining{Listener: l, bounds: cs}).Accept(); err != nil || l.left != 0 {
		t.Errorf("got %v, %d failures are left", err, l.left)
	}
	l.left = 100
	if _, err := (joining{Listener: l, bounds: cs}).Accept(); err == nil || l.left == 0 {
		t.Error("it tries on where no connection is left")
	}
}

// fullListener has no descriptors for as many calls as are left.
type fullListener struct {
	net.Listener
	left int
}

func (l *fullListener) Accept() (net.Conn, error) {
	if l.left == 0 {
		return &net.TCPConn{}, nil
	}
	l.left--
	return nil, &net.OpError{Op: "accept", Err: os.NewSyscallError("accept4", syscall.EMFILE)}
}
