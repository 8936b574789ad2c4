package ami

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"github.com/phoneprov/phoneprov/amisync/amiserver"
	"github.com/phoneprov/phoneprov/amisync/amitest"
	"github.com/phoneprov/phoneprov/deploy/skips"
	"github.com/phoneprov/phoneprov/deploy/testkit"
)

// No goroutine may be left. amigo leaks none if it is closed in the right order.
func TestMain(m *testing.M) {
	testkit.SideBySide(8)
	goleak.VerifyTestMain(skips.Reporting{M: m})
}

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
	c, err := Connect(testkit.Within(t, testkit.Patience), testTarget(t, address), onEvent)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}
