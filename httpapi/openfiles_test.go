package httpapi

import (
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
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

// A process with few descriptors serves a known phone in milliseconds beside more idle connections than may be open.
func TestFewOpenFiles(t *testing.T) {
	t.Parallel()
	if limits := os.Getenv(fewFilesEnv); limits != "" {
		serveWithin(t, limits)
		return
	}
	const mostTime = 2 * time.Second // measured: 1 ms. Without free descriptors net/http pauses again and again: 6.6 s
	rows := []struct {
		limits string
		most   int
	}{{"64 64", 16}, {"64 256", 64}, {"64 1024", 448}, {"4096 4096", 1984}}
	for _, row := range rows[:skips.Size(t, len(rows), 2)] {
		t.Run(row.limits, func(t *testing.T) {
			t.Parallel()
			line := testkit.Self(t, []string{"-test.run=^TestFewOpenFiles$"}, fewFilesEnv+"="+row.limits)
			addr, most, _ := strings.Cut(line, " ")
			if want := fmt.Sprint(row.most); most != want {
				t.Fatalf("the service said %q; want a bound of %s", line, want)
			}
			hold(t, held{addr, row.most + row.most/4, "GET /phoneprov/fw.bin HTTP/1.1\r\nHost: pbx.test\r\n\r\n", true})
			times := fetchTimes(t, addr, 50)
			if median := times[len(times)/2]; median > mostTime {
				t.Errorf("half of the times the known phone waited more than %v", median)
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
	_, addr := floodSite(t, NewConnections(otherFiles), "")
	fmt.Println(addr, NewConnections(otherFiles).Most())
	io.Copy(io.Discard, os.Stdin)
}

// If the descriptors run out in spite of the reserve, waiting connections are closed.
func TestNoDescriptorsLeft(t *testing.T) {
	t.Parallel()
	cs := newConnections(100)
	addr := listenBounded(t, Phones(newSite(t, "", nil).Options), cs, false, nil)
	for range 10 {
		c := dialFrom(t, addr, "127.0.0.1")
		io.WriteString(c, "GET /phoneprov/fw.bin HTTP/1.1\r\nHost: pbx.test\r\n\r\n")
		c.Read(make([]byte, 1))
	}
	l := &fullListener{left: 3}
	if _, err := (phoneListener{Listener: l, bounds: cs}).Accept(); err != nil || l.left != 0 {
		t.Errorf("got %v, %d failures are left", err, l.left)
	}
	l.left = 100
	if _, err := (phoneListener{Listener: l, bounds: cs}).Accept(); err == nil || l.left == 0 {
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
