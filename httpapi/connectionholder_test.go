package httpapi

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// holdEnv turns the test binary into a client that holds connections. The client of many connections is another
// process, so that it uses neither descriptors nor memory of the server.
const holdEnv = "PHONEPROV_TEST_HOLD"

// held describes a client that sends Text on each of N connections, waits for the start of an answer if Answered is
// set, and then leaves the connections open.
type held struct {
	Addr     string
	N        int
	Text     string
	Answered bool
}

// holdConnections is the client's main; it ends when its standard input does.
func holdConnections(task string, in io.Reader, out io.Writer) error {
	var h held
	if err := json.Unmarshal([]byte(task), &h); err != nil {
		return err
	}
	conns := make([]net.Conn, h.N)
	for i := range conns {
		c, err := net.DialTimeout("tcp", h.Addr, 10*time.Second)
		if err == nil {
			_, err = io.WriteString(c, h.Text)
		}
		if err == nil && h.Answered {
			_, err = c.Read(make([]byte, 1))
		}
		if err != nil {
			return fmt.Errorf("connection %d: %w", i+1, err)
		}
		conns[i] = c
	}
	fmt.Fprintln(out, "ready")
	_, err := io.Copy(io.Discard, in)
	for _, c := range conns {
		c.Close()
	}
	return err
}

// fewHeld is the most connections that this process holds itself: their 2 kB each do not matter to a test of memory.
const fewHeld = 200

// hold holds connections until the test ends, in another process if they are many.
func hold(t testing.TB, h held) {
	t.Helper()
	task, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if h.N <= fewHeld {
		holdHere(t, string(task))
		return
	}
	if line := testkit.Self(t, nil, holdEnv+"="+string(task)); line != "ready" {
		t.Fatalf("the client said %q", line)
	}
}

// holdHere is hold without another process.
func holdHere(t testing.TB, task string) {
	t.Helper()
	in, stop := io.Pipe()
	ready, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := holdConnections(task, in, out)
		out.CloseWithError(err)
		ended <- err
	}()
	t.Cleanup(func() {
		stop.Close()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	if _, err := bufio.NewReader(ready).ReadString('\n'); err != nil {
		t.Fatalf("the client ended: %v", err)
	}
}
