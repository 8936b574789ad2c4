package ami

import (
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
)

// No goroutine may be left. amigo leaks none if it is closed in the right order.
func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testUser   = amitest.User
	testSecret = amitest.Secret
)

func fake(t testing.TB, files map[string]string, o amiserver.Options) (*amiserver.Server, string) {
	t.Helper()
	return amitest.Start(t, files, o)
}

// testTarget returns the account of the tests. The test waits until its lost connections have ended.
func testTarget(t testing.TB, address string) Target {
	t.Helper()
	ending := new(sync.WaitGroup)
	t.Cleanup(ending.Wait)
	return Target{
		Address: address, Username: testUser, Secret: testSecret, Dial: new(net.Dialer).DialContext, Events: "system,call",
		Ending: ending, ToldBooted: new(atomic.Bool),
	}
}

func mustConnect(t testing.TB, address string, onEvent func(Message)) *Conn {
	t.Helper()
	c, err := Connect(within(t, 5*time.Second), testTarget(t, address), onEvent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func within(t testing.TB, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), d)
	t.Cleanup(cancel)
	return ctx
}
