package httpapi

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"testing"
	"time"

	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// holdEnv makes the test binary a client that holds connections: of a process of its own, so that it costs neither
// descriptors nor memory of the server's.
const holdEnv = "PHONEPROV_TEST_HOLD"

// held is what such a client does: it sends Text on each of N connections, waits for the begin of an answer where one is
// wanted, and leaves them as they are.
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

// hold has another process hold connections until the test ends.
func hold(t testing.TB, h held) {
	t.Helper()
	task, err := json.Marshal(h)
	if err != nil {
		t.Fatal(err)
	}
	if line := testkit.Self(t, nil, holdEnv+"="+string(task)); line != "ready" {
		t.Fatalf("the client said %q", line)
	}
}
